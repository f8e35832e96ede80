"""New events for a lake that holds a month: landed and loaded, so that the next stitch finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from loadtest.history import WORKER, Past, in_schema, parquet, rows_of, tally
from warehouse.landing import LocalStore, object_key
from warehouse.registry import Key, Registry
from warehouse.segments import segment_id
from warehouse.settings import WarehouseSettings
from warehouse.writer import open_writer

_CUSTOMER: Final = "format('u-{}', 100000 + 2 * (hash(message_id) % ($devices // 2)))"
# How made-up rows are changed: as they come, of any age, or each joining a device of its own to a customer.
KINDS: Final = {
    "recent": "SELECT * FROM made",
    "any_age": """
        SELECT * REPLACE (make_timestamptz(($first + hash(message_id) % $span)::BIGINT) AS timestamp)
        FROM made
    """,
    "graph": f"""
        SELECT * REPLACE (
            'identify' AS type, NULL AS event, 'ok' AS verdict, NULL AS reason,
            format('n-{{}}', hash(message_id)) AS anonymous_id, {_CUSTOMER} AS user_id
        ) FROM made
    """,
}


def load_news(data: Path, past: Past, kind: str, number: int, rows: int) -> None:
    """Load `rows` events of a kind that go on where the month ended, the `number`th such lot (from 0)."""
    registry = Registry.open(data / "registry.sqlite", now=lambda: past.end)
    key = next(iter(registry.keys()))
    segment = segment_id(WORKER, past.end // 1000 + 1, number)
    table = in_schema(_made(past, key, segment, kind, past.rows + number * rows, rows))
    LocalStore(data / "landing").put_new(object_key(segment, table["received_at"][0].value), parquet(table))
    registry.tally_segment(WORKER, segment, tally(table, key.no))
    settings = WarehouseSettings(data=str(data), load_rows=rows)
    with open_writer(settings, registry, now=lambda: past.end + 1) as writer:
        writer.load()
    registry.close()


def _made(past: Past, key: Key, segment: str, kind: str, first: int, rows: int) -> pa.Table:
    parameters = {"first": past.start, "span": past.end - past.start, "devices": past.devices}
    used = {name: value for name, value in parameters.items() if f"${name}" in KINDS[kind]}
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.register("made", rows_of(con, past, key, segment, range(first, first + rows)))
        return con.execute(KINDS[kind], used).to_arrow_table()
