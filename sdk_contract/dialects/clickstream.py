"""The protocol of Clickstream Analytics on AWS: a bare list of events at /collect.

The write key is the app id. `_page_view` is a page, `_screen_view` a screen, `_profile_set` an identify whose
traits are the attributes of its user. What else begins with `_` is in `context.clickstream`.
"""

from typing import Any, Final

from msgspec import Raw

from sdk_contract.dialects import Answer, Headers, Outcome, Route, Sent, Translated
from sdk_contract.dialects.ecommerce import tell_sale
from sdk_contract.dialects.forms import named
from sdk_contract.dialects.moving import (
    UNREADABLE,
    members_if,
    members_of,
    read_members,
    text_in,
    text_of_body,
    time_in,
)
from sdk_contract.dialects.places import Places, always, settle
from sdk_contract.dialects.translated import (
    Members,
    Native,
    batch,
    each,
    foreign,
    hashed,
    moment,
    present,
    split,
)

_KEY_NAMES: Final = (b"appId",)
_SENT_NAMES: Final = (b"upload_timestamp",)
# Its SDKs keep what is not answered 200, and send it again with more: what can never be taken must not stay.
_ANSWERS: Final = {
    Outcome.ACCEPTED: Answer(200, b'{"message":"success"}'),
    Outcome.BAD_ENVELOPE: Answer(200, b'{"message":"unreadable, kept aside"}'),
    Outcome.UNKNOWN_KEY: Answer(403, b'{"message":"the app id is no write key"}'),
    Outcome.SLOW_BODY: Answer(408, b'{"message":"slow"}'),
    Outcome.TOO_LARGE: Answer(200, b'{"message":"too large, not kept"}'),
    Outcome.OVER_QUOTA: Answer(503, b'{"message":"over quota"}'),
    Outcome.OVERLOADED: Answer(503, b'{"message":"overloaded"}'),
    Outcome.BUSY: Answer(503, b'{"message":"busy"}'),
    Outcome.DRAINING: Answer(503, b'{"message":"draining"}'),
}


def _is_own(name: str) -> bool:
    return name[:1] == "_"


_OF_EVENT: Final = (
    "event_type",
    "event_id",
    "device_id",
    "timestamp",
    "app_id",
    "attributes",
    "user",
    "items",
)
_PLACES: Final = Places(
    {
        "_page_url": ("page", "url"),
        "_page_title": ("page", "title"),
        "_page_referrer": ("page", "referrer"),
        "_traffic_source_source": ("campaign", "source"),
        "_traffic_source_medium": ("campaign", "medium"),
        "_traffic_source_campaign": ("campaign", "name"),
        "_traffic_source_term": ("campaign", "term"),
        "_traffic_source_content": ("campaign", "content"),
    },
    _is_own,
)
_OUTER_PLACES: Final = Places(
    {
        "locale": ("", "locale"),
        "make": ("device", "manufacturer"),
        "model": ("device", "model"),
        "operating_system": ("os", "name"),
        "os_version": ("os", "version"),
        "screen_width": ("screen", "width"),
        "screen_height": ("screen", "height"),
        "sdk_name": ("library", "name"),
        "sdk_version": ("library", "version"),
        "app_title": ("app", "name"),
        "app_version": ("app", "version"),
        "app_package_name": ("app", "namespace"),
    },
    always,
    gone=_OF_EVENT,
)
_SHOWN: Final = ("_page_view", "_screen_view")
_SALE: Final = {"_value": "value", "_currency": "currency"}
_ITEM: Final = {"id": "product_id"}


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """Finds the write key: the app id of the address, else of the first event."""
    return named(_without(query, b"appId="), _KEY_NAMES) or body_key


def translate(sent: Sent) -> Translated:
    """Gives the events as native ones; raises Refused(BAD_ENVELOPE)."""
    events = split(text_of_body(sent))
    at = named(_without(sent.query, b"upload_timestamp="), _SENT_NAMES) or ""
    return batch(
        each(events, _native),
        key=_app_of(events),
        sent_at=moment(int(at)) if at.isdecimal() and len(at) < 18 else None,
    )


def _without(query: bytes, field: bytes) -> bytes:
    """The one field of a query whose others are never the same."""
    return b"&".join(part for part in query.split(b"&") if part.startswith(field))


def _app_of(events: list[Raw]) -> str | None:
    try:
        return text_in(read_members(events[0]).get("app_id")) or None if events else None
    except UNREADABLE:
        return None


def _native(raw: Raw) -> Native:
    parts = read_members(raw)
    name, user = text_in(parts.get("event_type")), members_if(parts.get("user"))
    if not name:
        raise ValueError
    event = Native(
        "track",
        message_id=present(parts.get("event_id")) or hashed(bytes(raw)),
        user_id=_value_of(user.get("_user_id")),
        anonymous_id=present(parts.get("device_id")) or present(parts.get("unique_id")),
        timestamp=time_in(parts.get("timestamp")),
    )
    own: Members = {}
    given, context = settle(members_of(parts.get("attributes")), _PLACES, own)
    _, around = settle(parts, _OUTER_PLACES, own)
    properties: dict[str, Any] = {**given}
    if "items" in parts:
        properties["items"] = parts["items"]
    properties |= {_SALE[name]: own.pop(name) for name in _SALE if name in own}
    tell_sale(name, properties, _ITEM)
    event.properties = properties or None
    _name(event, name, {**context.get("page", {}), **own} if name in _SHOWN else own, user)
    event.context = {**context, **around, "clickstream": own}
    return event


def _name(event: Native, name: str, told: Members, user: Members) -> None:
    """What it is in native words, with what the user is known by."""
    if name == "_page_view":
        event.type, event.name = "page", present(told.get("title"))
    elif name == "_screen_view":
        event.type, event.name = "screen", present(told.get("_screen_name"))
    elif name == "_profile_set":
        event.type = "identify"
        event.traits = {key: _value_of(value) for key, value in user.items() if not _is_own(key)}
    else:
        event.event = name


def _value_of(attribute: Raw | None) -> Raw | None:
    return present(members_if(attribute).get("value"))


CLICKSTREAM: Final = foreign(
    "clickstream",
    (Route("POST", "/collect", "events"),),
    answers=_ANSWERS,
    resends=True,
    find_key=find_key,
    translate=translate,
)
