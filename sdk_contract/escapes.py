"""Escapes in JSON text and in URLs within it, as far as they can hide where an address begins."""

import re
from typing import Final

# Printable ASCII but for the quote and the backslash, which must stay escaped. Pairs of backslashes are
# stepped over, so that what follows them is not taken for an escape.
_HIDING = re.compile(rb"((?:\\\\)+)|\\u00(2[013-9a-fA-F]|[346][0-9a-fA-F]|5[0-9abABd-fD-F]|7[0-9a-eA-E])")
_UNICODE = re.compile(rb"\\u[0-9a-fA-F]{4}")
_PERCENT = re.compile(rb"%(?:25)*[0-9a-fA-F]{2}")
_BACKSLASH: Final = ord("\\")
_PERCENT_SIGN: Final = ord("%")
# Three layers of encoding, and one more than the loop's end.
_LONGEST_PERCENT: Final = 10


def plain(text: bytes) -> bytes:
    """Writes escaped ASCII (`\\u0040`) as itself, but for quotes, backslashes and controls: the same JSON."""
    if b"\\" not in text or b"\\u00" not in text:
        return text
    return _HIDING.sub(_unescape, text)


def end_of_escape(text: bytes, at: int) -> int:
    """Returns where an escape that covers the byte before `at` ends (`at` or later); 0 where there is none.

    JSON escapes (`\\n`, `\\u00e9`) and percent escapes (`%2C`, and within an encoded URL `%252C`).
    """
    for begin in range(at - 1, max(at - 7, -1), -1):
        if text[begin] == _BACKSLASH and _is_active(text, begin):
            end = begin + 6 if _UNICODE.match(text, begin) else begin + 2
            if end >= at:
                return end
            break
    for begin in range(at - 1, max(at - _LONGEST_PERCENT, -1), -1):
        if text[begin] == _PERCENT_SIGN and (found := _PERCENT.match(text, begin)) and found.end() >= at:
            return found.end()
    return 0


def _is_active(text: bytes, at: int) -> bool:
    before = at
    while before and text[before - 1] == _BACKSLASH:
        before -= 1
    return (at - before) % 2 == 0


def _unescape(found: re.Match[bytes]) -> bytes:
    return found[1] or bytes([int(found[2], 16)])
