"""How far the writer was behind when it last said so, for who must not read the lake: the metrics."""

from __future__ import annotations

import msgspec

from warehouse.registry import Registry

BEHIND = "behind"


class Behind(msgspec.Struct, frozen=True):
    """Times are µs UTC. `objects` of landing are not in the lake, the oldest was put at `oldest`; `rows` are
    loaded and not stitched. What was received before `loaded_until` is in SQL, before `stitched_until` in the
    answers of insights; None: nothing yet.
    """

    at: int
    objects: int = 0
    oldest: int | None = None
    rows: int = 0
    loaded_until: int | None = None
    stitched_until: int | None = None


def write_behind(registry: Registry, behind: Behind) -> None:
    """Keep this in the registry in place of what was said before."""
    registry.set_setting(BEHIND, msgspec.json.encode(behind).decode())


def read_behind(registry: Registry) -> Behind | None:
    """What was said last; None where nothing was yet, or by a program that wrote it otherwise."""
    text = registry.setting(BEHIND)
    try:
        return None if text is None else msgspec.json.decode(text, type=Behind)
    except msgspec.DecodeError:
        return None
