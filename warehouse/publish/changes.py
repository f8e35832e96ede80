"""What is new in the lake since a snapshot: rows that changed, and keys that are gone."""

from __future__ import annotations

from typing import Any

import msgspec

from warehouse.lake import Lake
from warehouse.publish.tables import Table
from warehouse.statements import statement


class Stand(msgspec.Struct, frozen=True):
    """A snapshot by its number and its time, µs UTC: a lake that was restored gives numbers away anew."""

    version: int
    at: int


def stand(lake: Lake) -> Stand:
    """The snapshot that this transaction reads."""
    version = lake.snapshot()
    return Stand(version, _time_of(lake, version) or 0)


def is_there(lake: Lake, before: Stand) -> bool:
    """Whether a snapshot can be read still, and is the one that was meant."""
    return _time_of(lake, before.version) == before.at


def is_touched(lake: Lake, table: Table, before: Stand) -> bool:
    """Whether anything that a table is made of changed since then; a rewriting of files counts, too."""
    ids = "SELECT table_id::VARCHAR FROM ducklake_table_info('lake') WHERE list_contains(?, table_name)"
    places = [id for (id,) in lake.query(ids, [list(table.reads)])]
    values = {"version": before.version, "tables": [*places, *(f"main.{name}" for name in table.reads)]}
    return bool(lake.query(statement("publish/touched"), values)[0][0])


def changed(table: Table, now: str, before: str) -> str:
    """SELECT of the rows to put; `now` and `before` are the SELECTs of the whole table."""
    return statement(
        "publish/changed", now=now, before=before, keys=", ".join(table.key), same=_same(table, "was")
    )


def gone(table: Table, now: str, before: str) -> str:
    """SELECT of the keys to take away."""
    keys = ", ".join(f"before.{name}" for name in table.key)
    return statement("publish/gone", now=now, before=before, keys=keys, same=_same(table, "before"))


def columns(lake: Lake, sql: str) -> dict[str, str]:
    """The columns of a SELECT with DuckDB's types."""
    return {name: str(kind) for name, kind, *_ in lake.query(f"DESCRIBE {sql}")}


def _same(table: Table, other: str) -> str:
    return " AND ".join(f"now.{name} = {other}.{name}" for name in table.key)


def _time_of(lake: Lake, version: int) -> int | None:
    sql = "SELECT epoch_us(snapshot_time) FROM lake.snapshots() WHERE snapshot_id = ?"
    rows: list[tuple[Any, ...]] = lake.query(sql, [version])
    return int(rows[0][0]) if rows else None
