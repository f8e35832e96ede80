"""Wide signs (１３８, ＠), as Chinese keyboards write them, read as the narrow ones for which they stand."""

import re
from bisect import bisect_right
from string import ascii_letters, digits
from typing import Any, Final, NamedTuple

from sdk_contract.privacy.emails import linear

_APART: Final = 0xFEE0
# Two digits together, or an @; what wide commas and full stops are beside says nothing.
_TOLD: Final[Any] = linear("\xef\xbc(?:[\x90-\x99]\xef\xbc[\x90-\x99]|\xa0)")
_TOLD_ESCAPED: Final[Any] = linear(r"\\u[fF][fF](?:1[0-9]|20)")
# ( ) + - . digits @ letters. Pairs of backslashes are stepped over.
_WIDE: Final = re.compile(
    rb"(?:\\\\)+|(\xef\xbc[\x88\x89\x8b\x8d\x8e\x90-\x99\xa0-\xba]|\xef\xbd[\x81-\x9a])"
    rb"|\\u([fF][fF](?:0[89bBdDeE]|1[0-9]|[24][0-9a-fA-F]|[35][0-9aA]))"
)
# Not the wide quote and backslash: narrow ones would end a JSON string.
_NARROW: Final = {ord(sign) + _APART: sign for sign in "()+-.@" + digits + ascii_letters}


class Narrow(NamedTuple):
    """A text with narrow signs. `ends`: where each of them ends, `shifts`: bytes lost by there."""

    body: bytes
    ends: list[int]
    shifts: list[int]

    def place(self, at: int) -> int:
        """Where a place of this text is in the text as it came."""
        return at + self.shifts[bisect_right(self.ends, at)]


def narrowed(body: bytes) -> Narrow | None:
    """None where no wide sign stands that could belong to a person's data."""
    if not (b"\xef\xbc" in body and _TOLD.search(body)) and not (
        b"\\u" in body and _TOLD_ESCAPED.search(body)
    ):
        return None
    pieces, ends, shifts = list[bytes](), list[int](), [0]
    done = 0
    for found in _WIDE.finditer(body):
        if found.lastindex is None:
            continue
        sign = int(found[2], 16) if found[2] else ord(found[1].decode())
        pieces += (body[done : found.start()], bytes([sign - _APART]))
        done = found.end()
        shifts.append(shifts[-1] + done - found.start() - 1)
        ends.append(done - shifts[-1])
    return Narrow(b"".join([*pieces, body[done:]]), ends, shifts)


def narrow_text(text: str) -> str:
    """The text with narrow signs, so that one value in both spellings gives one token."""
    return text.translate(_NARROW)
