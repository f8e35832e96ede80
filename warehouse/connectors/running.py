"""A connection from its cursor on: fetched in portions, each imported; the cursor moves when all are in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from warehouse.connectors.definition import Opened
from warehouse.connectors.fetching import Cursor, fetched, newest
from warehouse.imports import running
from warehouse.imports.kinds import KINDS
from warehouse.imports.mapping import Mapping
from warehouse.imports.suggesting import suggest
from warehouse.registry import Key, Registry
from warehouse.settings import WarehouseSettings

_SUMS = ("rows", "new", "changed", "unchanged", "repeated", "filtered")


class Carried(msgspec.Struct):
    """What came of a connection: rows by what became of them over all its imports, and where it goes on."""

    connection: str
    kind: str
    project: str
    dry_run: bool
    cursor: Cursor | None = None
    imports: list[int] = []
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    filtered: int = 0
    rejected: dict[str, int] = {}

    def add(self, told: dict[str, Any]) -> None:
        """Count what came of one portion."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + told[name])
        for code, rows in told["rejected"].items():
            self.rejected[code] = self.rejected.get(code, 0) + rows
        if "import" in told:
            self.imports.append(told["import"])


def connect(
    settings: WarehouseSettings, registry: Registry, opened: Opened, key: Key, by: str, *,
    now: Callable[[], int], dry: bool = False, anew: bool = False, progress: running.Progress,
) -> Carried:  # fmt: skip
    """Bring in what is new. BadConnection, SourceAway, and what an import raises."""
    connection = opened.connection
    place = f"connection:{key.project}:{opened.name}"
    cursor = connection.start if anew else _kept(registry, place, connection.start)
    done = Carried(opened.name, connection.kind, key.project, dry, cursor)
    wanted_columns = sorted(connection.mapping.columns(KINDS[connection.kind])) if connection.mapping else []
    for rows in fetched(opened, cursor, wanted_columns):
        mapping = _mapping(opened, rows.columns, rows.sample())
        wanted = running.Wanted(connection.kind, Path(opened.name), key, by, mapping)
        ready = running.look_at(registry, wanted, rows, mapping)
        act = running.preview if dry else running.carry_out
        done.add(act(settings, registry, ready, now=now, processes=1, progress=lambda *_: None))
        if connection.cursor is not None:
            done.cursor = newest(rows, connection.cursor, done.cursor)
        progress(done.rows, 0)
    if not dry and connection.cursor is not None and done.cursor is not None:
        registry.set_setting(place, msgspec.json.encode(done.cursor).decode())
    return done


def _kept(registry: Registry, place: str, start: Cursor | None) -> Cursor | None:
    text = registry.setting(place)
    found: Cursor | None = start if text is None else msgspec.json.decode(text)
    return found


def _mapping(opened: Opened, columns: list[str], sample: dict[str, list[Any]]) -> Mapping:
    """The connection's own mapping, or what its columns suggest."""
    connection = opened.connection
    if connection.mapping is not None:
        return connection.mapping
    found = suggest(KINDS[connection.kind], columns, sample)
    return msgspec.structs.replace(found, source=opened.name, time_zone="UTC")
