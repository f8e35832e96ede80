"""Turns one event into what its row holds: ids, times, known parts of the context, and the texts as sent."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Raw, Struct

from sdk_contract.context import Campaign, Context, Device, Named, Page, Screen, read_context, read_page
from sdk_contract.events import ID_LIMIT, Id, text_of
from sdk_contract.structure import Broken, members
from sdk_contract.times import micros, parse_time

_ABSENT: Final = Raw()
_NULL: Final = b"null"


class Event(Struct, gc=False):
    """One event as its row holds it. Times are µs since 1970 UTC, `timestamp` not yet corrected.

    `event` is the event of a track, the name of a page or screen. `properties`, `traits`, `context` and
    `integrations` are the JSON texts as sent; `extra` is the text of an object of all other top-level
    fields but the write key. `webdriver` is what the browser says of itself: that a program drives it.
    """

    type: str
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
    context: str | None
    integrations: str | None
    extra: str | None
    ip: str | None
    user_agent: str | None
    locale: str | None
    timezone: str | None
    page_url: str | None
    page_path: str | None
    page_title: str | None
    page_referrer: str | None
    page_search: str | None
    campaign_source: str | None
    campaign_medium: str | None
    campaign_name: str | None
    campaign_term: str | None
    campaign_content: str | None
    library_name: str | None
    library_version: str | None
    app_name: str | None
    app_version: str | None
    os_name: str | None
    os_version: str | None
    device_type: str | None
    device_model: str | None
    screen_width: int | None
    screen_height: int | None
    webdriver: bool | None


class _Whole(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
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
    properties: Raw = _ABSENT
    traits: Raw = _ABSENT
    context: Raw = _ABSENT
    integrations: Raw = _ABSENT
    write_key: Raw = _ABSENT
    original_timestamp: Raw = _ABSENT
    channel: Raw = _ABSENT
    metadata: Raw = msgspec.field(default=_ABSENT, name="_metadata")


class _Loose(_Whole, rename="camel", gc=False, forbid_unknown_fields=False):
    """The same for an event with other fields, or with a time that is no RFC 3339."""

    timestamp: str | int | float | None = None  # type: ignore[assignment]
    sent_at: str | int | float | None = None  # type: ignore[assignment]


_decode_whole = msgspec.json.Decoder(_Whole).decode
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
_NAME_FIELD: Final = {"track": "event", "page": "name", "screen": "name"}
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
_NO_CONTEXT: Final = Context()
_NO_PAGE: Final = Page()
_NO_CAMPAIGN: Final = Campaign()
_NO_NAME: Final = Named()
_NO_DEVICE: Final = Device()
_NO_SCREEN: Final = Screen()


def canonical(raw: Raw | bytes, kind: str = "batch", context: Raw | bytes | None = None) -> Event:
    """Reads one event that the door has accepted; msgspec.ValidationError or ValueError where it is none.

    `kind` is the route's type for an event that names none, `context` the envelope's for an event without.
    """
    try:
        whole = _decode_whole(raw)
    except msgspec.ValidationError:
        whole = _decode_loose(raw)
    of_type = whole.type or kind
    return _event(whole, of_type, context, _extra_of(raw, whole, of_type))


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
    return _event(whole, whole.type or kind, given if _is_readable(given) else None, None)


def _event(whole: _Whole, of_type: str, outer: Raw | bytes | None, extra: str | None) -> Event:
    raw = whole.context if outer is None or _text(whole.context) else outer
    text = _text(raw)
    context = read_context(raw) if text else _NO_CONTEXT
    page = context.page or (_page_of(whole) if of_type == "page" else _NO_PAGE)
    return Event(
        of_type,
        text_of(whole.message_id),
        _name_of(whole, of_type),
        whole.category or None,
        text_of(whole.user_id),
        text_of(whole.anonymous_id),
        text_of(whole.group_id),
        text_of(whole.previous_id),
        _time_of(whole),
        _micros(whole.sent_at),
        _text(whole.properties),
        _text(whole.traits),
        text,
        _text(whole.integrations),
        extra,
        *_columns_of(context, page),
    )


def _columns_of(context: Context, page: Page) -> tuple[Any, ...]:
    campaign, library = context.campaign or _NO_CAMPAIGN, context.library or _NO_NAME
    app, os = context.app or _NO_NAME, context.os or _NO_NAME
    device, screen = context.device or _NO_DEVICE, context.screen or _NO_SCREEN
    return (
        context.ip,
        context.user_agent,
        context.locale,
        context.timezone,
        page.url,
        page.path,
        page.title,
        page.referrer,
        page.search,
        campaign.source,
        campaign.medium,
        campaign.name,
        campaign.term,
        campaign.content,
        library.name,
        library.version,
        app.name,
        app.version,
        os.name,
        os.version,
        device.type,
        device.model,
        _pixels(screen.width),
        _pixels(screen.height),
        context.webdriver,
    )


def _page_of(whole: _Whole) -> Page:
    """Server SDKs have no context.page; what they know of the page is in the properties of a page event."""
    return read_page(whole.properties) if _text(whole.properties) else _NO_PAGE


def _name_of(whole: _Whole, of_type: str) -> str | None:
    if of_type == "track":
        return whole.event or None
    return whole.name or None if of_type in _NAME_FIELD else None


def _time_of(whole: _Whole) -> int | None:
    time = _micros(whole.timestamp)
    if time is None and whole.original_timestamp is not _ABSENT:
        return _micros(_decode_time(whole.original_timestamp))
    return time


def _micros(value: datetime | str | int | float | None) -> int | None:
    if isinstance(value, datetime):
        return micros(value)
    return None if value is None or value == "" else parse_time(value)


def _pixels(size: int | float | None) -> int | None:
    return round(size) if size is not None and 0 <= size < 2**31 else None


def _text(raw: Raw | bytes) -> str | None:
    text = str(raw, "utf-8") if raw is not _ABSENT else ""
    return None if text == "null" else text or None


def _extra_of(raw: Raw | bytes, whole: _Whole, of_type: str) -> str | None:
    name_field = _NAME_FIELD.get(of_type)
    misplaced = whole.event if name_field != "event" else whole.name
    if misplaced is None and type(whole) is _Whole:
        return _known_extra(whole)
    found = {name: value for name, value in _decode_members(raw).items() if name not in _COLUMNS}
    found.pop(name_field or "", None)
    return _encode(found).decode() if found else None


def _known_extra(whole: _Whole) -> str | None:
    found = []
    if whole.metadata is not _ABSENT:
        found.append('"_metadata":' + str(whole.metadata, "utf-8"))
    if whole.channel is not _ABSENT:
        found.append('"channel":' + str(whole.channel, "utf-8"))
    if whole.original_timestamp is not _ABSENT:
        found.append('"originalTimestamp":' + str(whole.original_timestamp, "utf-8"))
    return "{" + ",".join(found) + "}" if found else None


def _scalar(text: bytes | None, field: str) -> Any:
    try:
        value = _decode_scalar(text or _NULL)
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
