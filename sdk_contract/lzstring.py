"""Unpacks what lz-string of JavaScript packed: its `compressToBase64`, in which older PostHog SDKs send."""

from base64 import b64decode
from binascii import Error as NotBase64
from typing import Final

from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason

# Codes that stand for no phrase: a new character of 8 bits, one of 16, the end.
_BYTE, _WIDE, _END = range(3)
_WIDTHS: Final = {_BYTE: 8, _WIDE: 16}
# Read a bit at a time, it holds up the door; a page never sends as much at once.
_LONGEST: Final = 512 * 1024


def decompress(letters: bytes, limit: int) -> bytes:
    """The text in UTF-8. Raises Refused: BAD_COMPRESSION, or BODY_TOO_LARGE over `limit` bytes.

    Phrases are made of what was read, so that memory stays within a few times `limit`.
    """
    if len(letters) > _LONGEST:
        raise Refused(Reason.BODY_TOO_LARGE, f"{len(letters)} bytes of lz64; at most {_LONGEST} would do")
    units = _Phrases(_Bits(letters), limit).read()
    # They are halves of UTF-16; one that has lost its other half is no text.
    text = units.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    if len(text) > limit:
        raise _too_large(limit)
    return text


class _Bits:
    """The bits of base64, the highest of each letter first; a number's lowest comes first."""

    def __init__(self, letters: bytes) -> None:
        letters = b"".join(letters.split()).rstrip(b"=")
        try:
            packed = b64decode(letters + b"A" * (-len(letters) % 4), validate=True)
        except NotBase64:
            raise _unsound("no base64") from None
        self._bits = bin(int.from_bytes(b"\x01" + packed))[3:]
        self._at = 0

    def take(self, count: int) -> int:
        """The next number of so many bits."""
        bits = self._bits[self._at : self._at + count]
        if len(bits) < count:
            raise _unsound("it ends too early")
        self._at += count
        return int(bits[::-1], 2)


class _Phrases:
    """The phrases read so far; the numbers that name them get longer as they become more."""

    def __init__(self, bits: _Bits, limit: int) -> None:
        self._bits, self._limit = bits, limit
        self._phrases = ["", "", ""]
        self._width, self._room = 2, 1

    def read(self) -> str:
        """All of the text, as characters of 16 bits."""
        found: list[str] = []
        size, last = 0, ""
        while (phrase := self._next(last)) is not None:
            found.append(phrase)
            size += len(phrase)
            if size > self._limit:
                raise _too_large(self._limit)
            if last:
                self._add(last + phrase[0])
            last = phrase
        return "".join(found)

    def _next(self, last: str) -> str | None:
        code = self._bits.take(self._width)
        if code == _END:
            return None
        if code in _WIDTHS:
            code = self._add(chr(self._bits.take(_WIDTHS[code])))
        if code < len(self._phrases):
            return self._phrases[code]
        if code > len(self._phrases) or not last:
            raise _unsound("a phrase that was not there yet")
        return last + last[0]

    def _add(self, phrase: str) -> int:
        self._phrases.append(phrase)
        self._room -= 1
        if not self._room:
            self._room = 1 << self._width
            self._width += 1
        return len(self._phrases) - 1


def _too_large(limit: int) -> Refused:
    return Refused(Reason.BODY_TOO_LARGE, f"unpacks to more than {limit} bytes")


def _unsound(why: str) -> Refused:
    return Refused(Reason.BAD_COMPRESSION, f"no lz64: {why}")
