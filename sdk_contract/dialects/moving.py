"""Takes foreign requests apart without reading what is only moved: an object is its members' JSON texts."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import Raw

from sdk_contract.bodies import unpack
from sdk_contract.dialects import Sent
from sdk_contract.dialects.translated import Members, Native, each, encode, moment, present
from sdk_contract.errors import Refused
from sdk_contract.structure import Broken, members
from sdk_contract.times import parse_time
from sdk_contract.verdicts import Reason

NULL: Final = Raw(b"null")
TRUE: Final = Raw(b"true")
FALSE: Final = Raw(b"false")
# msgspec's ValidationError is a DecodeError; UnicodeDecodeError is what it raises for bad UTF-8.
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Digits of a count that is no seconds and no microseconds (see `times.parse_time`).
_MILLISECONDS: Final = (12, 13, 14)
_FEW: Final = 2
_MICROSECOND: Final = timedelta(microseconds=1)

read_members: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_read_list = msgspec.json.Decoder(list[Raw]).decode
_read_any = msgspec.json.Decoder().decode
_read_text = msgspec.json.Decoder(str | int | None).decode


def text_of_body(sent: Sent) -> bytes:
    """The JSON text of a body in any of the forms that `bodies.unpack` knows; Refused for anything else."""
    return unpack(sent.body, "", sent.limit)


def is_list(text: bytes) -> bool:
    """Whether a JSON text is a list."""
    return text[:1] == b"[" or text.lstrip()[:1] == b"["


def lines_of(text: bytes) -> list[Raw]:
    """The events of a text that has one a line; none where it is a list, or one event.

    A line whose end is lacking is a JSON string of itself, so that the lines after it keep theirs.
    """
    if not text.startswith(b"{"):
        return []
    lines = [line for line in map(bytes.strip, text.split(b"\n")) if line]
    if len(lines) < _FEW or not all(line[:1] == b"{" for line in lines):
        return []
    return [Raw(line) if _ends(line) else quoted(line.decode(errors="replace")) for line in lines]


def _ends(text: bytes) -> bool:
    try:
        members(text)
    except Broken:
        return False
    return True


def object_in(text: bytes) -> Members:
    """The members of a whole body's object, also where one of them is no JSON; Refused where it cannot be."""
    try:
        return read_members(text)
    except UNREADABLE as error:
        try:
            parts = members(text)
        except Broken:
            raise Refused(Reason.BAD_ENVELOPE, f"{error}; an object would do") from None
    return {name.strip(b'"').decode(errors="replace"): Raw(value) for name, value in parts.items()}


def turned(events: Iterable[Raw], turn: Callable[[Members, Raw], Native]) -> list[Native | Raw]:
    """Translates each event for itself, as `each`: `turn` gets its members and its text."""
    return each(events, lambda raw: turn(read_members(raw), raw))


def members_of(raw: Raw | None) -> Members:
    """The members of an object; none where it is absent or null. DecodeError where it is something else."""
    return {} if raw is None or raw == NULL else read_members(raw)


def members_if(raw: Raw | None) -> Members:
    """The same, none where it is something else."""
    try:
        return members_of(raw)
    except UNREADABLE:
        return {}


def list_if(raw: Raw | None) -> list[Raw]:
    """The elements of a list; none where it is something else."""
    try:
        return [] if raw is None else _read_list(raw)
    except UNREADABLE:
        return []


def text_in(raw: Raw | None) -> str:
    """A text, or the digits of an integer; "" for anything else."""
    try:
        return "" if raw is None else str(_read_text(raw) or "")
    except UNREADABLE:
        return ""


def quoted(text: str) -> Raw:
    """A text as JSON."""
    return Raw(encode(text))


def first_in(raw: Raw | None) -> str:
    """The first value of an object of ids, the first of several of one name; "" where there is none."""
    for value in members_if(raw).values():
        try:
            found = _read_any(value)
        except UNREADABLE:
            continue
        found = found[0] if isinstance(found, list) and found else found
        if isinstance(found, str | int) and found != "":
            return str(found)
    return ""


def number_in(raw: Raw | None) -> int | float | None:
    """A number; None for anything else."""
    try:
        found = None if raw is None else _read_any(raw)
    except UNREADABLE:
        return None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def time_in(raw: Raw | None) -> datetime | str | int | Raw | None:
    """A time: a count of seconds or milliseconds as the door reads it fastest, all else as it was sent."""
    text = b"" if raw is None else bytes(raw)
    if text.isdigit() and len(text) in _MILLISECONDS:
        return moment(int(text))
    found = present(raw)
    if text.startswith(b'"'):
        return found
    count = number_in(found)
    if count is None:
        return found
    try:
        return _EPOCH + parse_time(count) * _MICROSECOND
    except ValueError:
        return found
