"""In which encoding a text file is, found by reading it."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from warehouse.imports.errors import BadImport

_BLOCK: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TRIED: Final = ("utf-8", "gb18030")
_WOULD_DO: Final = "utf-8, utf-16, gbk or gb18030 would do"


def encoding_of(path: Path, given: str | None = None) -> str:
    """The encoding of a file: the one that is given, or that in which all of it can be read.

    BadImport where there is none, or the file is not in the one that is given.
    """
    if given is not None:
        try:
            name = codecs.lookup(given).name
        except LookupError:
            raise BadImport(f"encoding {given!r} is not known; {_WOULD_DO}") from None
        if (at := _stumbles(path, name)) is not None:
            raise BadImport(f"{path} is not in {given}: it cannot be read at byte {at}; {_WOULD_DO}")
        return name
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if 0 in head:  # no other text holds such bytes
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    found = next((name for name in _TRIED if _stumbles(path, name) is None), None)
    if found is None:
        raise BadImport(f"{path} is text in no encoding that is known here; --encoding: {_WOULD_DO}")
    return found


def _stumbles(path: Path, name: str) -> int | None:
    """About which byte cannot be read in this encoding; None: all can."""
    decoder, at = codecs.getincrementaldecoder(name)("strict"), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            try:
                decoder.decode(block)
            except UnicodeError as error:
                return at + getattr(error, "start", 0)
            at += len(block)
    try:
        decoder.decode(b"", True)
    except UnicodeError:
        return at
    return None
