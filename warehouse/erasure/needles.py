"""Ids in every spelling under which they can stand in a file: what is looked for, and taken out of texts.

An id counts as a whole word. A short one, such as 42, also stands where nobody is meant: it is compared with
whole ids only.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import re2

from warehouse.erasure.words import is_word, unpacked

ERASED: Final = "[erased]"
SHORTEST: Final = 8
_PATTERN_MEMORY: Final = 1 << 30
_BASE64_URL: Final = bytes.maketrans(b"+/", b"-_")

Mask = npt.NDArray[np.bool_]


class Needles:
    """`strong` texts are looked for everywhere, `weak` ones (under 8 bytes) only as whole ids."""

    def __init__(self, texts: Iterable[str]) -> None:
        given = sorted(set(texts))
        self.strong = [text for text in given if len(_utf8(text)) >= SHORTEST]
        self.weak = [text for text in given if len(_utf8(text)) < SHORTEST]
        cased = (form for text in self.strong for form in _cased(text))
        self._pattern = _compiled({form for text in cased for form in spellings(text)})

    def stand_in(self, data: bytes) -> bool:
        """Whether one of the strong texts stands in these bytes, in any spelling."""
        return next(self._spans(data), None) is not None

    def cleared(self, text: str) -> str:
        """The text without the strong ones; a number becomes 0, so that JSON stays JSON."""
        data, parts, at = _utf8(text), list[bytes](), 0
        for start, end in self._spans(data):
            parts += [data[at:start], b"0" if data[start:end].isdigit() else ERASED.encode()]
            at = end
        return b"".join([*parts, data[at:]]).decode("utf-8", "surrogatepass")

    def rows(self, column: pa.Array) -> Mask:
        """Which values of a column of texts hold a strong one."""
        if pa.types.is_dictionary(column.type):
            return _spread(self.rows(column.dictionary), column.indices)
        found = np.zeros(len(column), bool)
        if self._pattern is None or not len(column):
            return found
        offsets, data = _buffers(column)
        at = 0
        while (match := self._pattern.search(data, at)) is not None:
            # Value by value: where one ends, a word ends too.
            row = int(np.searchsorted(offsets, match.start(), "right")) - 1
            at = int(offsets[row + 1])
            found[row] = self.stand_in(data[int(offsets[row]) : at])
        return found

    def _spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where they stand, from the first on."""
        at = 0
        while self._pattern is not None and (match := self._pattern.search(data, at)) is not None:
            start, end = match.span()
            at = start + 1
            if is_word(data, start, end) or self._is_packed(data, start, end):
                yield start, end
                at = end

    def _is_packed(self, data: bytes, start: int, end: int) -> bool:
        return any(
            is_word(text, *found.span())
            for text in unpacked(data, start, end)
            for found in self._pattern.finditer(text)
        )


def whole(column: pa.Array, texts: Iterable[str]) -> Mask:
    """Which values of a column of texts are one of these."""
    if pa.types.is_dictionary(column.type):
        return _spread(whole(column.dictionary, texts), column.indices)
    wanted = pa.array(sorted(texts), column.type)
    return np.asarray(pc.is_in(column, value_set=wanted).to_numpy(zero_copy_only=False), bool)


def spellings(text: str) -> Iterator[bytes]:
    """Plain, escaped in JSON, percent-encoded once and twice, base64 and UTF-16. Case does not count."""
    plain = _utf8(text)
    quoted = quote(plain, safe="")
    yield from (plain, quoted.encode(), quote(quoted, safe="").encode())
    escaped = json.dumps(text)[1:-1]
    yield from (plain.replace(b" ", b"+"), escaped.encode(), json.dumps(escaped)[1:-1].encode())
    yield json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")
    units = text.encode("utf-16-be", "surrogatepass")
    yield b"".join(b"\\u%02x%02x" % (units[at], units[at + 1]) for at in range(0, len(units), 2))
    yield from (units, text.encode("utf-16-le", "surrogatepass"))
    for letters in _base64(plain):
        yield from (letters, letters.translate(_BASE64_URL))


def _cased(text: str) -> set[str]:
    """The pattern knows the case of ASCII alone."""
    return {text} if text.isascii() else {text, text.lower(), text.upper()}


def _base64(data: bytes) -> Iterator[bytes]:
    """The letters that stand for the data wherever it begins within a longer text."""
    for before in range(3):
        letters = b64encode(b"\0" * before + data)
        yield letters[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]


def _compiled(forms: Iterable[bytes]) -> Any:
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    if not ordered:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.max_mem = _PATTERN_MEMORY
    return re2.compile(b"|".join(map(re2.escape, ordered)), options=options)


def _buffers(column: pa.Array) -> tuple[npt.NDArray[np.int64], bytes]:
    """Where each value begins in the bytes of all, and these bytes."""
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    starts = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    held = column.buffers()[2]
    data = held.slice(int(starts[0]), int(starts[-1] - starts[0])).to_pybytes() if held is not None else b""
    return starts.astype(np.int64) - int(starts[0]), data


def _spread(of_values: Mask, indices: pa.Array) -> Mask:
    numbers = np.asarray(indices.fill_null(-1))
    found: Mask = np.append(of_values, False)[numbers]
    return found


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
