"""What came of a run."""

from __future__ import annotations

import msgspec


class Put(msgspec.Struct, frozen=True):
    """A table: its rows now, and how many of them were put or taken away."""

    table: str
    rows: int
    changed: int


class Done(msgspec.Struct, frozen=True):
    """A run: the lake's snapshot that the destination shows, complete until a moment (µs UTC), by table."""

    snapshot: int
    complete_until: int | None
    tables: tuple[Put, ...]

    @property
    def rows(self) -> int:
        return sum(put.rows for put in self.tables)

    @property
    def changed(self) -> int:
        return sum(put.changed for put in self.tables)
