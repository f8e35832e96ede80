"""The Measurement Protocol of Google Analytics 4: /mp/collect, and /debug/mp/collect, which keeps nothing.

The write key is `api_secret`, else `measurement_id` or `firebase_app_id`. `page_view` is a page,
`screen_view` a screen; the user properties of a request are an identify of its own, after its events. Events
have no id, and nobody sends them again: each gets a new one.
"""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Raw

from sdk_contract.dialects import Answer, Headers, Outcome, Route, Sent, Translated
from sdk_contract.dialects.ecommerce import tell_sale
from sdk_contract.dialects.forms import named
from sdk_contract.dialects.moving import (
    members_if,
    members_of,
    object_in,
    read_members,
    text_in,
    text_of_body,
    time_in,
)
from sdk_contract.dialects.places import Places, always, settle
from sdk_contract.dialects.translated import Members, Native, batch, each, encode, foreign, present, split
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Judgement, Reason, Verdict

_COLLECT, _VALIDATE = "events", "validate"
_KEY_NAMES: Final = (b"api_secret", b"measurement_id", b"firebase_app_id")
# Who sends by this protocol looks at no answer; 503 is what programs between understand as "later".
_ANSWERS: Final = {
    Outcome.ACCEPTED: Answer(200, b""),
    Outcome.BAD_ENVELOPE: Answer(400, b'{"error":"not a payload of the Measurement Protocol"}'),
    Outcome.UNKNOWN_KEY: Answer(401, b'{"error":"neither api_secret nor measurement_id is a write key"}'),
    Outcome.SLOW_BODY: Answer(408, b'{"error":"slow"}'),
    Outcome.TOO_LARGE: Answer(413, b'{"error":"too large"}'),
    Outcome.OVER_QUOTA: Answer(503, b'{"error":"over quota"}'),
    Outcome.OVERLOADED: Answer(503, b'{"error":"overloaded"}'),
    Outcome.BUSY: Answer(503, b'{"error":"busy"}'),
    Outcome.DRAINING: Answer(503, b'{"error":"draining"}'),
}
_OWN: Final = frozenset(("session_id", "session_number", "engagement_time_msec", "debug_mode", "campaign_id"))
_PLACES: Final = Places(
    {
        "page_location": ("page", "url"),
        "page_path": ("page", "path"),
        "page_title": ("page", "title"),
        "page_referrer": ("page", "referrer"),
        "source": ("campaign", "source"),
        "medium": ("campaign", "medium"),
        "campaign": ("campaign", "name"),
        "term": ("campaign", "term"),
        "content": ("campaign", "content"),
        "app_name": ("app", "name"),
        "app_version": ("app", "version"),
        "language": ("", "locale"),
        "ip_override": ("", "ip"),
    },
    _OWN.__contains__,
)
_DEVICE_PLACES: Final = Places(
    {
        "category": ("device", "type"),
        "model": ("device", "model"),
        "brand": ("device", "manufacturer"),
        "operating_system": ("os", "name"),
        "operating_system_version": ("os", "version"),
        "language": ("", "locale"),
    }
)
_OF_REQUEST: Final = (
    *("client_id", "app_instance_id", "user_id", "timestamp_micros", "user_properties", "events"),
    *("device", "validation_behavior"),
)
_OUTER_PLACES: Final = Places(
    {"user_agent": ("", "userAgent"), "ip_override": ("", "ip")}, always, gone=_OF_REQUEST
)
_ITEM: Final = {
    "item_id": "product_id",
    "item_name": "name",
    "item_brand": "brand",
    "item_category": "category",
    "item_variant": "variant",
}
_CODES: Final = {Reason.MISSING_FIELD: "VALUE_REQUIRED", Reason.EVENT_TOO_LARGE: "EXCEEDED_MAX_ENTITIES"}


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """Finds the write key: the API secret, else the id of what is measured."""
    return named(query, _KEY_NAMES)


def translate(sent: Sent) -> Translated:
    """Gives the events as native ones; raises Refused(BAD_ENVELOPE)."""
    outer = object_in(text_of_body(sent))
    if "events" not in outer:
        raise Refused(Reason.BAD_ENVELOPE, 'no events; {"client_id": …, "events": [events]} would do')
    payload = _Payload(outer)
    events = each(split(bytes(outer["events"])), payload.event)
    if traits := members_if(outer.get("user_properties")):
        events.append(payload.person(traits))
    return batch(events)


def reply(kind: str, query: bytes, ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """Who asks for validation is told what is wrong, in the protocol's own words."""
    if kind != _VALIDATE:
        return _ANSWERS[Outcome.ACCEPTED]
    found = [_complaint(one) for one in judgements if one.verdict in (Verdict.REJECTED, Verdict.WARNING)]
    return Answer(200, encode({"validationMessages": found}))


def _complaint(judged: Judgement) -> dict[str, str]:
    reason = judged.reason or Reason.BAD_VALUE
    wanted = f" Expected: {judged.expected}." if judged.expected else ""
    return {
        "fieldPath": f"events[{judged.index}]{(judged.pointer or '').replace('/', '.')}",
        "description": reason.text + wanted,
        "validationCode": _CODES.get(reason, "VALUE_INVALID"),
    }


class _Payload:
    """What the events of one request share: whose they are, when they were, and their surroundings."""

    def __init__(self, outer: Members) -> None:
        self.user = present(outer.get("user_id"))
        self.device = present(outer.get("client_id")) or present(outer.get("app_instance_id"))
        self.time = time_in(outer.get("timestamp_micros"))
        self.own: Members = {}
        self.around = settle(outer, _OUTER_PLACES, self.own)[1]
        device = members_if(outer.get("device"))
        left, told = settle(device, _DEVICE_PLACES, {})
        self.around |= told
        if left:
            self.around.setdefault("device", {}).update(left)

    def event(self, raw: Raw) -> Native:
        """One event; ValueError where it has no name."""
        parts = read_members(raw)
        name = text_in(parts.get("name"))
        if not name:
            raise ValueError
        own = dict(self.own)
        given, context = settle(members_of(parts.get("params")), _PLACES, own)
        event = self._native("track", own, context)
        event.timestamp = time_in(parts.get("timestamp_micros")) or self.time
        properties: dict[str, Any] = dict(given)
        if name == "page_view":
            event.type, event.name = "page", context.get("page", {}).get("title")
        elif name == "screen_view":
            event.type, event.name = "screen", present(given.get("screen_name"))
        else:
            event.event = name
            tell_sale(name, properties, _ITEM)
        event.properties = properties or None
        return event

    def person(self, traits: Members) -> Native:
        """What is known of the user."""
        event = self._native("identify", dict(self.own), {})
        event.timestamp = self.time
        event.traits = {name: present(members_if(value).get("value")) for name, value in traits.items()}
        return event

    def _native(self, of_type: str, own: Members, context: dict[str, Any]) -> Native:
        context = {**self.around, **context}
        if own:
            context["ga4"] = own
        return Native(of_type, user_id=self.user, anonymous_id=self.device, context=context or None)


GA4: Final = foreign(
    "ga4",
    (Route("POST", "/mp/collect", _COLLECT), Route("POST", "/debug/mp/collect", _VALIDATE)),
    answers=_ANSWERS,
    resends=False,
    find_key=find_key,
    translate=translate,
    reply=reply,
)
