"""Turns one event into what its row holds of the event itself: name, ids, times, and the texts as sent."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Raw, Struct

from sdk_contract.context import read_context
from sdk_contract.events import ID_LIMIT, Id, text_of
from sdk_contract.structure import Broken, members
from sdk_contract.times import micros, parse_time

ABSENT: Final = Raw()
NULL: Final = b"null"


class Event(Struct, gc=False):
    """One event as its row holds it. Times are µs since 1970 UTC, `timestamp` not yet corrected.

    `type` is None where neither the event nor its route names one. `event` is the event of a track, the name
    of a page or screen. `properties`, `traits` and `integrations` are the JSON texts as sent, `context`
    likewise as bytes (b"": none), to be read by `context_columns`; `extra` is the text of an object of all
    other top-level fields but the write key.
    """

    type: str | None
    message_id: str | None
    event: str | None
    category: str | None
    user_id: str | None
    anonymous_id: str | None
    group_id: str | None
    previous_id: str | None
    timestamp: int | None
    sent_at: int | None
    properties: str | None
    traits: str | None
    context: bytes
    integrations: str | None
    extra: str | None


class Whole(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """The fields that real SDKs send; an event with only these is read in one go."""

    type: str | None = None
    message_id: Id = None
    user_id: Id = None
    anonymous_id: Id = None
    group_id: Id = None
    previous_id: Id = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    timestamp: datetime | int | float | None = None
    sent_at: datetime | int | float | None = None
    properties: Raw = ABSENT
    traits: Raw = ABSENT
    context: Raw = ABSENT
    integrations: Raw = ABSENT
    write_key: Raw = ABSENT
    original_timestamp: Raw = ABSENT
    channel: Raw = ABSENT
    metadata: Raw = msgspec.field(default=ABSENT, name="_metadata")


class _Loose(Whole, rename="camel", gc=False, forbid_unknown_fields=False):
    """The same for an event with other fields, or with a time that is no RFC 3339."""

    timestamp: str | int | float | None = None  # type: ignore[assignment]
    sent_at: str | int | float | None = None  # type: ignore[assignment]


_decode_whole = msgspec.json.Decoder(Whole).decode
_decode_loose = msgspec.json.Decoder(_Loose).decode
_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_time = msgspec.json.Decoder(str | int | float | None).decode
_decode_scalar = msgspec.json.Decoder(Annotated[str, Meta(max_length=ID_LIMIT)] | int | None).decode
_encode = msgspec.json.Encoder().encode
_COLUMNS: Final = frozenset(
    (
        *("type", "messageId", "userId", "anonymousId", "groupId", "previousId", "category"),
        *("timestamp", "sentAt", "properties", "traits", "context", "integrations", "writeKey"),
    )
)
_HAVE_A_NAME: Final = ("page", "screen")
_TIMES: Final = ("timestamp", "sent_at")
_GLIMPSED: Final = {
    "type": b'"type"',
    "message_id": b'"messageId"',
    "user_id": b'"userId"',
    "anonymous_id": b'"anonymousId"',
    "group_id": b'"groupId"',
    "previous_id": b'"previousId"',
    "event": b'"event"',
    "name": b'"name"',
    "category": b'"category"',
    "timestamp": b'"timestamp"',
    "sent_at": b'"sentAt"',
}


def canonical(raw: Raw | bytes, kind: str = "batch", context: Raw | bytes | None = None) -> Event:
    """Reads one event that the door has accepted; msgspec.ValidationError or ValueError where it is none.

    `kind` is the route's type for an event that names none, `context` the envelope's for an event without.
    """
    try:
        whole = _decode_whole(raw)
    except msgspec.ValidationError:
        whole = _decode_loose(raw)
    event = event_of(whole, kind, context, raw)
    assert event is not None
    return event


def event_of(
    whole: Whole, kind: str = "batch", context: Raw | bytes | None = None, raw: Raw | bytes | None = None
) -> Event | None:
    """The event that was read in one go, as `canonical` gives it.

    None where its text `raw` is needed: it has a field, an `event` or a `name` for which there is no column.
    """
    of_type, extra = whole.type or kind, None
    name, odd_name = named(of_type, whole.event, whole.name)
    if odd_name is not None or type(whole) is not Whole:
        if raw is None:
            return None
        extra = _extra_of(raw, of_type)
    elif not (whole.metadata is whole.channel is whole.original_timestamp is ABSENT):
        extra = _known_extra(whole)
    return _event(whole, None if of_type == "batch" else of_type, name, context, extra)


def named(of_type: str | None, event: str | None, name: str | None) -> tuple[str | None, str | None]:
    """What an event of this type is called, and the other of the two fields, for which there is no column."""
    if of_type == "track":
        return event, name
    if of_type in _HAVE_A_NAME:
        return name, event
    return None, name if event is None else event


def glimpse(raw: Raw | bytes, kind: str = "batch", context: Raw | bytes | None = None) -> Event:
    """Reads what can be read of a refused event; never raises, and leaves out what it cannot read.

    `context` is the envelope's for an event without.
    """
    try:
        parts = members(bytes(raw))
    except Broken:
        parts = {}
    found = {name: _scalar(parts.get(key), name) for name, key in _GLIMPSED.items()}
    whole = _Loose(**{name: value for name, value in found.items() if value is not None})
    given = parts.get(b'"context"', b"") if b'"context"' in parts else bytes(context or b"")
    event = event_of(whole, kind, given if _is_readable(given) else None, b"{}")
    assert event is not None
    return event


def _event(
    whole: Whole, of_type: str | None, name: str | None, outer: Raw | bytes | None, extra: str | None
) -> Event:
    """The usual cases are decided here: a call that changes nothing costs as much as another."""
    message_id, user_id, anonymous_id = whole.message_id, whole.user_id, whole.anonymous_id
    group_id, previous_id, time, sent_at = whole.group_id, whole.previous_id, whole.timestamp, whole.sent_at
    traits, context, integrations = whole.traits, bytes(whole.context), whole.integrations
    return Event(
        of_type,
        message_id if type(message_id) is str and message_id else text_of(message_id),
        name or None,
        whole.category or None,
        None if user_id is None else text_of(user_id),
        anonymous_id if type(anonymous_id) is str and anonymous_id else text_of(anonymous_id),
        None if group_id is None else text_of(group_id),
        None if previous_id is None else text_of(previous_id),
        micros(time) if type(time) is datetime else _time_of(whole),
        None if sent_at is None else _micros(sent_at),
        text(whole.properties),
        None if traits is ABSENT else text(traits),
        context if context and context != NULL else bytes(outer or b""),
        None if integrations is ABSENT else text(integrations),
        extra,
    )


def _time_of(whole: Whole) -> int | None:
    time = _micros(whole.timestamp)
    if time is None and whole.original_timestamp is not ABSENT:
        return _micros(_decode_time(whole.original_timestamp))
    return time


def _micros(value: datetime | str | int | float | None) -> int | None:
    if isinstance(value, datetime):
        return micros(value)
    return None if value is None or value == "" else parse_time(value)


def text(raw: Raw | bytes) -> str | None:
    """The JSON text of a field; None where it is absent or null."""
    found = "" if raw is ABSENT else str(raw, "utf-8")
    return None if found == "null" else found or None


def _known_extra(whole: Whole) -> str:
    """The fields without a column that `Whole` knows, as the text of an object."""
    known = ("_metadata", whole.metadata), ("channel", whole.channel)
    found = {name: value for name, value in known if value is not ABSENT}
    if whole.original_timestamp is not ABSENT:
        found["originalTimestamp"] = whole.original_timestamp
    return _encode(found).decode()


def _extra_of(raw: Raw | bytes, of_type: str) -> str | None:
    found = {name: value for name, value in _decode_members(raw).items() if name not in _COLUMNS}
    found.pop("event" if of_type == "track" else "name" if of_type in _HAVE_A_NAME else "", None)
    return _encode(found).decode() if found else None


def _scalar(text: bytes | None, field: str) -> Any:
    try:
        value = _decode_scalar(text or NULL)
        if field in _TIMES:
            parse_time(value or 0)
    except (msgspec.DecodeError, ValueError):
        return None
    return None if isinstance(value, str) and "\0" in value else value


def _is_readable(context: bytes) -> bool:
    try:
        return bool(context) and read_context(context) is not None and context.decode() != ""
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
