"""The Amplitude protocol: events at `/2/httpapi` and `/batch`, people and groups also at their own addresses.

`$identify` is an identify, with `groups` a group; `$groupidentify` is a group; `[Amplitude] Page Viewed` is a
page; all else is a track of its own name. `user_id` is the user, `device_id` the device. `$set` of an
identify is its traits, of another event `context.traits`; the first of `groups` is the group. `$price`,
`$quantity`, `$revenue`, `$currency`, `$productId` and their like are properties without the `$`, and price
times quantity is the revenue where none is given. What else Amplitude defines is in `context.amplitude`.
"""

from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw

from sdk_contract.dialects import Headers, Route, Sent, Translated
from sdk_contract.dialects.amplitude_answers import ANSWERS, reply
from sdk_contract.dialects.moving import (
    NULL,
    UNREADABLE,
    first_in,
    members_if,
    members_of,
    number_in,
    object_in,
    quoted,
    text_in,
    text_of_body,
    time_in,
    turned,
)
from sdk_contract.dialects.places import Places, settle
from sdk_contract.dialects.translated import Members, Native, batch, encode, foreign, hashed, present, split
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason

_PLACES: Final = {
    "ip": ("", "ip"),
    "language": ("", "locale"),
    "user_agent": ("", "userAgent"),
    "platform": ("device", "type"),
    "device_model": ("device", "model"),
    "device_manufacturer": ("device", "manufacturer"),
    "os_name": ("os", "name"),
    "os_version": ("os", "version"),
    "app_version": ("app", "version"),
    "version_name": ("app", "version"),
}
_PROPERTY_PLACES: Final = {
    "[Amplitude] Page URL": ("page", "url"),
    "[Amplitude] Page Location": ("page", "url"),
    "[Amplitude] Page Path": ("page", "path"),
    "[Amplitude] Page Title": ("page", "title"),
    "utm_source": ("campaign", "source"),
    "utm_medium": ("campaign", "medium"),
    "utm_campaign": ("campaign", "name"),
    "utm_term": ("campaign", "term"),
    "utm_content": ("campaign", "content"),
}
_MONEY: Final = ("price", "quantity", "revenue", "currency", "productId", "revenueType", "receipt")
REVENUE: Final = {written: name for name in _MONEY for written in (f"${name}", name)}
TYPES: Final = {
    "$identify": "identify",
    "$groupidentify": "group",
    "[Amplitude] Page Viewed": "page",
}
_OF_PEER: Final = Raw(b'"$remote"')
_OWN: Final = ("$", "[Amplitude] ")
_ONE: Final = Raw(b"1")
_MOVED: Final = frozenset(
    (
        *("event_type", "user_id", "device_id", "time", "insert_id", "event_properties", "user_properties"),
        *("group_properties", "library", "api_key"),
    )
)


def _is_own(name: str) -> bool:
    return name.startswith(_OWN)


PLACES: Final = Places(_PLACES, gone=_MOVED)
PROPERTY_PLACES: Final = Places(_PROPERTY_PLACES, _is_own)
PAGE_PLACES: Final = Places({**_PROPERTY_PLACES, "referrer": ("page", "referrer")}, _is_own)


class _Envelope(msgspec.Struct):
    events: Raw = Raw()
    batch: Raw = Raw()


_look: Final = msgspec.json.Decoder(_Envelope).decode


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """The `api_key` of the body."""
    return body_key or None


def claims(headers: Headers, body: bytes) -> bool:
    """Tells a request from PostHog's to an address of both: it has `events`, not a `batch`."""
    try:
        envelope = _look(body)
    except UNREADABLE:
        return b'"events"' in body and b'"batch"' not in body
    return bool(bytes(envelope.events)) and not bytes(envelope.batch)


def translate(sent: Sent) -> Translated:
    """A batch, or a form or object with one or several identifications."""
    if sent.kind != "batch":
        return _identifications(sent)
    outer = object_in(text_of_body(sent))
    if "events" not in outer:
        raise Refused(Reason.BAD_ENVELOPE, '{"api_key": key, "events": [events]} would do')
    given = bytes(outer["events"])
    events = split(given)
    sent_at = present(outer.get("client_upload_time"))
    return batch(turned(events, event_of), key=text_in(outer.get("api_key")), sent_at=sent_at)


def _identifications(sent: Sent) -> Translated:
    """The body is a form of `api_key` and `identification`, or an object of the two."""
    body = sent.body.strip()
    if body[:1] == b"{":
        outer = object_in(body)
        key, given = text_in(outer.get("api_key")), bytes(outer.get("identification", b""))
    else:
        fields = dict(parse_qsl(body.decode("latin-1"), encoding="latin-1"))
        key, given = fields.get("api_key", ""), fields.get("identification", "").encode("latin-1")
    events = split(given)
    if not given:
        raise Refused(Reason.BAD_ENVELOPE, "api_key=key&identification=[identifications] would do")
    name = quoted(f"${sent.kind}")
    return batch(turned(events, lambda parts, raw: event_of({**parts, "event_type": name}, raw)), key=key)


def event_of(parts: Members, raw: Raw) -> Native:
    """One event; DecodeError where one of its objects is none."""
    name = parts.get("event_type")
    of_type = TYPES.get(text_in(name), "track")
    native = Native(of_type, user_id=parts.get("user_id"), anonymous_id=parts.get("device_id"))
    native.event = name if of_type == "track" else None
    native.timestamp = time_in(parts.get("time"))
    native.message_id = present(parts.get("insert_id"))
    if native.message_id is None and native.timestamp is not None:
        native.message_id = hashed(bytes(raw))
    own, context = settle(parts, PLACES, {})
    places = PAGE_PLACES if of_type == "page" else PROPERTY_PLACES
    kept, told_there = settle(members_of(parts.get("event_properties")), places, own)
    context.update(told_there)
    _tell_money(kept, own)
    native.properties = kept if kept or of_type in ("track", "page") else None
    _tell_people(native, parts, own, context)
    _tell_place(parts, context)
    if own:
        context["amplitude"] = own
    native.context = context or None
    return native


def _tell_money(kept: Members, own: Members) -> None:
    """Revenue, as a call of its own or beside an event, is said in properties."""
    if own.keys().isdisjoint(REVENUE):
        return
    said = {name: own.pop(written) for written, name in REVENUE.items() if written in own}
    for name, value in said.items():
        if value != NULL:
            kept.setdefault(name, value)
    price, quantity = number_in(said.get("price")), number_in(said.get("quantity", _ONE))
    if price is not None and quantity is not None:
        kept.setdefault("revenue", Raw(encode(price * quantity)))


def _tell_people(native: Native, parts: Members, own: Members, context: dict[str, Any]) -> None:
    """What is said of the user and of the group: what is set are traits, what is done to them stays."""
    traits = _set_of("user_properties", parts, own)
    if group := first_in(parts.get("groups")):
        native.group_id = group
    if native.type == "identify" and group:
        native.type = "group"
    if native.type == "group":
        native.traits = _set_of("group_properties", parts, own)
    elif native.type == "identify":
        native.traits, traits = traits, None
    if traits is not None:
        context["traits"] = traits


def _set_of(name: str, parts: Members, own: Members) -> Members | Raw | None:
    given = members_if(parts.get(name))
    if not given:
        return None
    done = {name: value for name, value in given.items() if name[:1] == "$"}
    if not done:
        return given
    found = present(done.pop("$set", None))
    if done:
        own[name] = Raw(encode(done))
    return found


def _tell_place(parts: Members, context: dict[str, Any]) -> None:
    """Which library it was; that the address is the peer's need not be said."""
    if context.get("ip") == _OF_PEER:
        del context["ip"]
    if library := text_in(parts.get("library")):
        name, _, version = library.rpartition("/")
        context["library"] = {"name": name or version, "version": version if name else None}


AMPLITUDE: Final = foreign(
    "amplitude",
    (
        *(Route("POST", path, "batch") for path in ("/2/httpapi", "/batch")),
        *(Route("POST", f"/{kind}", kind) for kind in ("identify", "groupidentify")),
    ),
    answers=ANSWERS,
    resends=True,
    find_key=find_key,
    translate=translate,
    reply=reply,
    claims=claims,
)
