"""What a look found, written down (lake/erasing.json) before anything is changed: a kill loses nothing.

Of a row there is its number alone: whoever is meant cannot be read from it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from warehouse.durable import replace_durably
from warehouse.erasure.looking import Rows


class Work(msgspec.Struct, frozen=True):
    """Rows to be treated by landing object, and other files in which somebody was found. `anew`: what others
    are in the stitched tables may depend on them. `snapshot`: the first one that does not hold them.
    """

    landing: dict[str, Rows] = {}
    files: list[str] = []
    anew: bool = False
    snapshot: int = 0


def write_work(path: Path, work: Work) -> None:
    """Write it down, durably."""
    replace_durably(path, msgspec.json.encode(work))


def read_work(path: Path) -> Work | None:
    """What was written down; None where nothing was, or it went aside with an old lake."""
    with suppress(FileNotFoundError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=Work)
    return None
