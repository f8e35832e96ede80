"""Names what is wrong with an event that a decoder refused: one fault, with its place and what would do."""

import re

import msgspec
from msgspec import Raw

from sdk_contract.structure import MAX_DEPTH, Broken, is_too_deep, members
from sdk_contract.verdicts import Fault, Reason

_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_PATH = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_LENGTH = re.compile(r"of length <= (\d+)")
_PHRASES = {"int": "integer", "str": "string", "float": "number", "bool": "true or false"}


def fault_of_text(text: bytes) -> Fault | None:
    """Says why this text is not one that can be kept as JSON; None if it can."""
    if is_too_deep(text):
        return Fault(Reason.TOO_DEEP, "", f"at most {MAX_DEPTH} levels of objects and lists")
    if (offset := _bad_utf8(text)) is not None:
        return Fault(Reason.BAD_ENCODING, _member_of(text), f"UTF-8 (byte {offset} is not)")
    try:
        msgspec.json.decode(text, type=Raw)
    except msgspec.DecodeError as error:
        if has_lone_surrogate(text):
            return Fault(Reason.BAD_ENCODING, _member_of(text), "surrogates only in pairs")
        return Fault(Reason.BAD_VALUE, _member_of(text), _malformed(str(error)))
    return None


def fault_of_decoding(error: msgspec.ValidationError) -> Fault:
    """Turns a decoder's complaint about one field into a fault with a JSON pointer."""
    message = str(error)
    place = _PATH.search(message)
    pointer = pointer_of(place[1]) if place else ""
    wanted = message[: place.start()] if place else message
    if wanted.startswith("Expected `object`") and not pointer:
        return Fault(Reason.NOT_AN_OBJECT, "", "object")
    if wanted.startswith("Expected") and ", got " in wanted:
        return Fault(Reason.WRONG_TYPE, pointer, _phrase(wanted.split("`")[1]))
    return Fault(Reason.BAD_VALUE, pointer, _bound(wanted))


def pointer_of(path: str) -> str:
    """Turns the decoder's path `.context.page[0]` into the JSON pointer `/context/page/0`."""
    return "".join(f"/{step[1] or step[2]}" for step in _STEP.finditer(path))


def has_lone_surrogate(text: bytes) -> bool:
    """Tells whether an escaped surrogate (`\\ud83d`) stands without its other half."""
    waiting = -1
    for escape in _ESCAPE.finditer(text):
        code = int(escape[1], 16) if escape[1] else 0
        low = 0xDC00 <= code <= 0xDFFF
        paired = low and waiting == escape.start()
        if (low or waiting >= 0) and not paired:
            return True
        waiting = escape.end() if 0xD800 <= code <= 0xDBFF else -1
    return waiting >= 0


def _bad_utf8(text: bytes) -> int | None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _member_of(text: bytes) -> str:
    """Gives the pointer of the first top-level field that is faulty by itself; "" where none can be told."""
    try:
        parts = members(text)
    except Broken:
        return ""
    return next((_key_pointer(key) for key, value in parts.items() if not _is_json(value)), "")


def _key_pointer(key: bytes) -> str:
    name = key[1:-1].decode(errors="replace")
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _is_json(text: bytes) -> bool:
    try:
        text.decode()
        msgspec.json.decode(text, type=Raw)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return False
    return True


def _malformed(message: str) -> str:
    return f"JSON ({message.removeprefix('JSON is malformed: ')})"


def _bound(wanted: str) -> str:
    bound = _LENGTH.search(wanted)
    return f"at most {bound[1]} characters" if bound else wanted


def _phrase(types: str) -> str:
    names = [_PHRASES.get(name, name) for name in types.split(" | ") if name != "null"]
    return " or ".join(sorted(names, reverse=True))
