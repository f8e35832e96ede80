"""The canonical event, and what the door checks of every event before it is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from sdk_contract.defects import fault_of_decoding, fault_of_text
from sdk_contract.structure import MAX_DEPTH, is_too_deep
from sdk_contract.times import EXPECTED as EXPECTED_TIME
from sdk_contract.times import parse_time
from sdk_contract.verdicts import Fault, Reason

EVENT_LIMIT: Final = 32 * 1024
ID_LIMIT: Final = 1_024

# What each type needs, as fields of DoorEvent; every type also needs a user_id or an anonymous_id.
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "track": ("name",),
    "page": (),
    "screen": (),
    "identify": (),
    "group": ("group_id",),
    "alias": ("previous_id", "user_id"),
}

Id: TypeAlias = Annotated[str, Meta(max_length=ID_LIMIT)] | int | None


class AnyObject(Struct, gc=False):
    """Any JSON object: that it is one is checked, its members are passed over."""


class _Sent(Struct, rename="camel", gc=False):
    type: str | None = None
    message_id: Id = None
    user_id: Id = None
    anonymous_id: Id = None
    group_id: Id = None
    previous_id: Id = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    properties: AnyObject | None = None
    traits: AnyObject | None = None
    context: AnyObject | None = None
    integrations: AnyObject | None = None


class _SentWithTimes(_Sent, rename="camel", gc=False):
    timestamp: datetime | int | float | None = None
    original_timestamp: datetime | int | float | None = None
    sent_at: datetime | int | float | None = None


class _SentWithTexts(_Sent, rename="camel", gc=False):
    """The same where a time is no RFC 3339: empty, a date alone, digits."""

    timestamp: str | int | float | None = None
    original_timestamp: str | int | float | None = None
    sent_at: str | int | float | None = None


class _Ordinary(_Sent, rename="camel", gc=False):
    """What SDKs send: times are RFC 3339."""

    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None


class Consenting(Struct, gc=False):
    """A context of which only `consent` is read, as JSON text; b"" is none."""

    consent: Raw = Raw()


class Opened(_Ordinary, rename="camel", gc=False):
    """An ordinary event whose properties stand as JSON text, for who looks further; b"" is none."""

    properties: Raw = Raw()  # type: ignore[assignment]  # the same field, not decoded
    traits: Raw = Raw()  # type: ignore[assignment]  # the same field, not decoded
    context: Consenting | None = None  # type: ignore[assignment]  # the same field, read a little


class DoorEvent(Struct, gc=False):
    """What the door knows of one good event: absent, null and "" are None, integer ids are text.

    `name` is a track's `event`, and a page's or screen's `name`.
    """

    type: str
    message_id: str | None
    user_id: str | None
    anonymous_id: str | None
    group_id: str | None
    previous_id: str | None
    name: str | None


# Fields whose text becomes a column of its own, and so must not hold a NUL.
_TEXTS = (
    "type",
    "message_id",
    "user_id",
    "anonymous_id",
    "group_id",
    "previous_id",
    "event",
    "name",
    "category",
)

_HAVE_A_NAME: Final = ("page", "screen")

_NEED_NO_MORE: Final = ("page", "screen", "identify")
# So many ordinary events hold fewer objects and lists than one may be deep.
_TOGETHER: Final = 8
_NOT_OPENERS: Final = bytes(set(range(256)) - set(b"{["))

_decode_ordinary = msgspec.json.Decoder(_Ordinary).decode
_decode_opened = msgspec.json.Decoder(Opened).decode
_decode = msgspec.json.Decoder(_SentWithTimes).decode
_decode_texts = msgspec.json.Decoder(_SentWithTexts).decode


def glance_all(events: list[Raw], limit: int = EVENT_LIMIT) -> list[str | None]:
    """Gives what `glance` gives for each; how deep they are is looked at for some events together."""
    if len(events) == 1:
        return [glance(events[0], limit)]
    found: list[str | None] = []
    for begin in range(0, len(events), _TOGETHER):
        some = events[begin : begin + _TOGETHER]
        flat = len(b"".join(some).translate(None, _NOT_OPENERS)) <= MAX_DEPTH
        found += [glance(raw, limit, flat=flat) for raw in some]
    return found


def glance(raw: Raw, limit: int = EVENT_LIMIT, *, flat: bool = False) -> str | None:
    """Gives the message id of an event of a sound body (`Parsed.sound`) to which `inspect` has no objection.

    None leaves that open: it is for what SDKs send, and looks at nothing twice. `flat`: it is known to hold
    few objects and lists.
    """
    if len(raw) > limit or not (flat or len(bytes(raw).translate(None, _NOT_OPENERS)) <= MAX_DEPTH):
        return None
    try:
        sent = _decode_ordinary(raw)
    except msgspec.ValidationError:
        return None
    message_id, of_type = sent.message_id, sent.type
    if type(message_id) is not str or not (sent.anonymous_id or sent.user_id):
        return None
    if of_type == "track":
        return message_id if sent.event else None
    return message_id if of_type in _NEED_NO_MORE else None


def open_event(raw: Raw, limit: int = EVENT_LIMIT) -> Opened | None:
    """Like `glance`, but gives the event: what it is called, whose it is, its properties as they stand."""
    text = bytes(raw)
    if len(text) > limit or len(text.translate(None, _NOT_OPENERS)) > MAX_DEPTH:
        return None
    try:
        sent = _decode_opened(text)
    except msgspec.ValidationError:
        return None
    of_type = sent.type
    if type(sent.message_id) is not str or not sent.message_id or not (sent.anonymous_id or sent.user_id):
        return None
    if not (sent.event if of_type == "track" else of_type in _NEED_NO_MORE):
        return None
    for part in (sent.properties, sent.traits):
        if part and bytes(part)[:1] != b"{":
            return None
    return sent


def inspect(
    raw: Raw, kind: str = "batch", *, sound: bool = False, limit: int = EVENT_LIMIT
) -> DoorEvent | Fault:
    """Checks one event: size in bytes, depth, encoding, the type of each known field, what its type needs.

    `kind` is the route's type for an event that names none ("batch": it must name one), `sound` is
    `Parsed.sound`.
    """
    text = bytes(raw)
    if len(text) > limit:
        return Fault(Reason.EVENT_TOO_LARGE, "", f"at most {limit} bytes")
    if is_too_deep(text):
        return Fault(Reason.TOO_DEEP, "", f"at most {MAX_DEPTH} levels of objects and lists")
    if not sound and (fault := fault_of_text(text)):
        return fault
    try:
        sent = _decode(text)
    except msgspec.ValidationError as error:
        second = _second_try(text, error)
        return second if isinstance(second, Fault) else _judge(second, kind, sound)
    if fault := _fault_of_counts(sent):
        return fault
    return _judge(sent, kind, sound)


def text_of(identifier: str | int | None) -> str | None:
    """Gives an id as text: an integer becomes its digits, "" becomes None."""
    if isinstance(identifier, int):
        return str(identifier)
    return identifier or None


def _judge(sent: _Sent, kind: str, sound: bool) -> DoorEvent | Fault:
    if not sound and (fault := _fault_of_nul(sent)):
        return fault
    of_type = sent.type or kind
    name = sent.event if of_type == "track" else sent.name if of_type in _HAVE_A_NAME else None
    event = DoorEvent(
        of_type,
        text_of(sent.message_id),
        text_of(sent.user_id),
        text_of(sent.anonymous_id),
        text_of(sent.group_id),
        text_of(sent.previous_id),
        name or None,
    )
    return _fault_of_lack(event) or event


def _fault_of_lack(event: DoorEvent) -> Fault | None:
    needs = NEEDS.get(event.type)
    if needs is None:
        return _fault_of_type(event.type)
    for field in needs:
        if getattr(event, field) is None:
            return Fault(
                Reason.MISSING_FIELD, "/event" if field == "name" else f"/{_camel(field)}", "text, not empty"
            )
    if event.user_id is None and event.anonymous_id is None:
        return Fault(Reason.MISSING_FIELD, "/userId", "userId or anonymousId")
    return None


def _fault_of_type(given: str) -> Fault:
    reason = Reason.MISSING_FIELD if given == "batch" else Reason.UNKNOWN_TYPE
    return Fault(reason, "/type", f"one of {', '.join(NEEDS)}")


def _fault_of_nul(sent: _Sent) -> Fault | None:
    for field in _TEXTS:
        value = getattr(sent, field)
        if isinstance(value, str) and "\0" in value:
            return Fault(Reason.BAD_VALUE, f"/{_camel(field)}", "text without NUL characters")
    return None


def _second_try(text: bytes, error: msgspec.ValidationError) -> _Sent | Fault:
    """Reads the times as parse_time does where they are no RFC 3339; any other complaint is the fault."""
    if "datetime" not in str(error):
        return fault_of_decoding(error)
    try:
        sent = _decode_texts(text)
    except msgspec.ValidationError as second:
        return fault_of_decoding(second)
    return _fault_of_times(sent) or sent


def _fault_of_counts(sent: _SentWithTimes) -> Fault | None:
    """Looks at times that are numbers; a datetime is good already."""
    for time in (sent.timestamp, sent.original_timestamp, sent.sent_at):
        if time is not None and type(time) is not datetime:
            return _fault_of_times(sent)
    return None


def _fault_of_times(sent: _SentWithTimes | _SentWithTexts) -> Fault | None:
    for field in ("timestamp", "original_timestamp", "sent_at"):
        time = getattr(sent, field)
        try:
            if not isinstance(time, datetime):
                parse_time(time or 0)
        except ValueError:
            return Fault(Reason.BAD_TIME, f"/{_camel(field)}", EXPECTED_TIME)
    return None


def _camel(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)
