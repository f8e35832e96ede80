"""A landing object's own checksum: CRC32C over all its bytes, in its Parquet metadata.

The metadata's text has eight places for it, which count as zeros. An object without it (of an earlier
release, or made by other programs) is taken as it is.
"""

from __future__ import annotations

from typing import Final

import google_crc32c

CHECKSUM: Final = "sojourn.checksum"
UNKNOWN: Final = "00000000"
_BEFORE: Final = CHECKSUM.encode() + b"\x18\x08"  # as Parquet writes a key, then a value of eight bytes


def sealed(parquet: bytes) -> bytes:
    """An object that was written with the checksum UNKNOWN, with its true one."""
    at = parquet.rindex(_BEFORE + UNKNOWN.encode()) + len(_BEFORE)
    return _with(parquet, at, f"{google_crc32c.value(parquet):08x}".encode())


def is_whole(parquet: bytes) -> bool:
    """False where a bit is not as it was written."""
    at = parquet.rfind(_BEFORE) + len(_BEFORE)
    if at < len(_BEFORE):
        return True
    given = parquet[at : at + len(UNKNOWN)]
    return given == f"{google_crc32c.value(_with(parquet, at, UNKNOWN.encode())):08x}".encode()


def _with(parquet: bytes, at: int, text: bytes) -> bytes:
    return parquet[:at] + text + parquet[at + len(text) :]
