"""Where an id within other bytes is a word of its own: user-100 is none within user-1001, packed or not."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

# What goes on with an id: another letter, digit or sign of ids. Before one also a dot or sign of addresses.
_GOES_ON: Final = re.compile(rb"[A-Za-z0-9_-]|[.@+][A-Za-z0-9]")
_WENT_ON: Final = re.compile(rb"[A-Za-z0-9_.@+-]\Z")
# An escape before an id is no part of it: of JSON, or of URLs.
_ESCAPE: Final = re.compile(rb"(?:\\u[0-9A-Fa-f]{4}|\\[bfnrt]|%(?:25)?[0-9A-Fa-f]{2})\Z")
_LETTERS_BEFORE: Final = re.compile(rb"[A-Za-z0-9+/_-]*\Z")
_LETTERS_AFTER: Final = re.compile(rb"[A-Za-z0-9+/_-]*")
_PLAIN: Final = bytes.maketrans(b"-_", b"+/")
_REACH: Final = 256


def is_word(data: bytes, start: int, end: int) -> bool:
    """Whether data[start:end] neither begins nor ends within a longer word."""
    if _GOES_ON.match(data, end):
        return False
    before = data[max(0, start - 6) : start]
    return _WENT_ON.search(before) is None or _ESCAPE.search(before) is not None


def unpacked(data: bytes, start: int, end: int) -> Iterator[bytes]:
    """What the letters around data[start:end] are as base64, however they are grouped."""
    if not _LETTERS_AFTER.fullmatch(data, start, end):
        return
    before = _LETTERS_BEFORE.search(data[max(0, start - _REACH) : start])
    after = _LETTERS_AFTER.match(data[end : end + _REACH])
    run = (before[0] if before else b"") + data[start:end] + (after[0] if after else b"")
    letters = run.translate(_PLAIN)
    for shift in range(4):
        group = letters[shift:]
        group = group[: len(group) - (len(group) % 4 == 1)]
        yield b64decode(group + b"=" * (-len(group) % 4))
