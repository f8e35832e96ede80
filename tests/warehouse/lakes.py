"""Landing objects and lakes for tests, all real, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.dedup import DedupIndex
from warehouse.lake import Lake, connect
from warehouse.landing import SCHEMA, LocalStore, object_key
from warehouse.load import LoadReport, load_new
from warehouse.registry import Registry
from warehouse.segments import Tally, segment_id
from warehouse.settings import WarehouseSettings
from warehouse.writer import Writer, open_writer

NOON = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000
SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000

Row = dict[str, Any]


def event(message_id: str, **changes: Any) -> Row:
    """One landed event: a track of device d1, received at noon."""
    received = changes.pop("received_at", NOON)
    row: Row = dict.fromkeys(SCHEMA.names) | {
        "project": "shop",
        "key_id": "k_1",
        "key_no": 1,
        "dialect": "segment",
        "record": 0,
        "index": 0,
        "verdict": "ok",
        "message_id": message_id,
        "type": "track",
        "event": "Viewed",
        "anonymous_id": "d1",
        "timestamp": received,
        "received_at": received,
        "properties": '{"price": 1.50}',
    }
    return row | changes


class Site:
    """A data folder with a landing store and a registry; `clock` is the time of everything, µs UTC."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.settings = WarehouseSettings(data=str(root), **settings)
        self.clock = NOON + 10 * SECOND
        self.store = LocalStore(self.settings.landing_url)
        self.registry = Registry.open(self.settings.folders.registry, now=self.now)
        self._number = 0

    def now(self) -> int:
        return self.clock

    def land(self, rows: Sequence[Row], *, worker: str = "n-w0", opened_at: int = NOON) -> str:
        """Put one object into landing and count it in the registry, as the sink does; returns its key."""
        self._number += 1
        name = segment_id(worker, NOON // 1000, self._number)
        placed = [
            row | {"segment_id": name, "record": row["record"] or number} for number, row in enumerate(rows)
        ]
        key = object_key(name, opened_at)
        assert self.store.put_new(key, parquet(placed))
        tally = [Tally(row["key_no"] or 0, row["received_at"] // HOUR, 1) for row in placed]
        self.registry.tally_segment(worker, name, tally)
        return key

    def writer(self) -> Lake:
        return lake_of_writer(self.settings)

    def opened(self) -> Writer:
        """The whole writer, which begins with all threads and goes on with one, as in the sessionizer."""
        writer = open_writer(self.settings, self.registry, now=self.now, store=self.store)
        writer.lake.execute("SET threads = 1")
        return writer

    def reader(self) -> Lake:
        return connect(self.settings, read_only=True)

    def dedup(self, lake: Lake, **sizes: int) -> DedupIndex:
        return DedupIndex.open(self.settings.folders.dedup, lake, **sizes)

    def load(self, lake: Lake, dedup: DedupIndex | None = None, limit: int = 10**9) -> LoadReport:
        index = self.dedup(lake) if dedup is None else dedup
        return load_new(lake, self.store, index, limit=limit, now=self.now)

    def load_all(self) -> LoadReport:
        """Open the lake, load everything, close it."""
        with self.writer() as lake:
            return self.load(lake)


def lake_of_writer(settings: WarehouseSettings) -> Lake:
    """The lake to write, with one thread, as the sessionizer writes it."""
    lake = connect(settings, read_only=False)
    lake.execute("SET threads = 1")
    return lake


def parquet(rows: Iterable[Row]) -> bytes:
    """A landing object's bytes."""
    buffer = BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), buffer, compression="zstd")
    return buffer.getvalue()


def ids(lake: Lake, table: str = "events") -> list[tuple[int, str]]:
    """(load_seq, message_id) of a table's rows, in load order."""
    return [tuple(row) for row in lake.query(f"SELECT load_seq, message_id FROM {table} ORDER BY load_seq")]


Maker = Callable[..., Site]
