"""A large past without sending it: landing objects written by SQL in the documented schema."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.landing import SCHEMA, LocalStore, object_key
from warehouse.registry import Key, Registry
from warehouse.segments import Tally, segment_id

WORKER: Final = "history-w0"
OBJECT_ROWS: Final = 50_000
_HOUR_US: Final = 3_600_000_000
Report = Callable[[str], None]


class Past(msgspec.Struct, frozen=True):
    """`rows` events evenly over the `days` before `end` (µs UTC), of `devices` of the seeded people.

    `kind` is the file of SQL beside this one that says what events these are.
    """

    rows: int
    end: int
    seed: int = 2026
    devices: int = 200_000
    days: int = 7
    kind: str = "history"

    @property
    def step_us(self) -> int:
        return self.days * 24 * _HOUR_US // self.rows

    @property
    def start(self) -> int:
        return self.end - self.rows * self.step_us


def write_past(data: Path, past: Past, report: Report) -> Key:
    """Fill landing and the registry of a new data folder; the write key that it is of."""
    registry = Registry.open(data / "registry.sqlite", now=lambda: past.start)
    key = registry.create_key("demo", name="history")
    store = LocalStore(data / "landing")
    for number, (segment, table) in enumerate(_objects(past, key)):
        first = table["received_at"][0].value
        store.put_new(object_key(segment, first), parquet(table))
        registry.tally_segment(WORKER, segment, tally(table, key.no))
        if number % 20 == 19:
            report(f"history: {(number + 1) * OBJECT_ROWS:,} of {past.rows:,} events written")
    registry.close()
    return key


def _objects(past: Past, key: Key) -> Iterator[tuple[str, pa.Table]]:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for number, first in enumerate(range(0, past.rows, OBJECT_ROWS)):
        segment = segment_id(WORKER, past.start // 1000, number)
        made = rows_of(con, past, key, segment, range(first, min(first + OBJECT_ROWS, past.rows)))
        yield segment, in_schema(made)
    con.close()


def rows_of(con: duckdb.DuckDBPyConnection, past: Past, key: Key, segment: str, numbers: range) -> pa.Table:
    """The events of these numbers, in order of receipt; numbers go on after the past."""
    sql = Path(__file__).with_name(f"{past.kind}.sql").read_text()
    parameters: dict[str, Any] = {
        "first": numbers.start,
        "after": numbers.stop,
        "start": past.start,
        "step_us": past.step_us,
        "seed": str(past.seed),
        "devices": past.devices,
        "segment_id": segment,
        "project": key.project,
        "key_id": key.id,
        "key_no": key.no,
    }
    return con.execute(sql, parameters).to_arrow_table().sort_by("received_at")


def in_schema(table: pa.Table) -> pa.Table:
    """The same rows with every column of landing; those that the table lacks are null."""
    columns = [
        table[field.name] if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in SCHEMA
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def parquet(table: pa.Table) -> bytes:
    """A landing object."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def tally(table: pa.Table, key_no: int) -> list[Tally]:
    """What the door has counted of it, by hour."""
    hours = pc.divide(table["received_at"].cast(pa.int64()), _HOUR_US)
    return [Tally(key_no, entry["values"], entry["counts"]) for entry in pc.value_counts(hours).to_pylist()]


def copy_data(source: Path, target: Path) -> None:
    """A data folder of its own: Parquet, which never changes, is linked; everything else is copied."""

    def link_or_copy(old: str, new: str) -> None:
        (os.link if old.endswith(".parquet") else shutil.copy2)(old, new)

    shutil.copytree(source, target, copy_function=link_or_copy)
