"""What is asked for by customer lies together in the lake's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.warehouse.lakes import DAY, NOON, SECOND, Site, event
from warehouse.lake import ROW_GROUP, Lake
from warehouse.upkeep import merge


def order_of(lake: Lake, table: str, column: str) -> list[list[Any]]:
    """Each file's values of a column, in the order in which they stand there."""
    files = [name for (name,) in lake.query(f"SELECT DISTINCT filename FROM {table}")]
    return [
        [value for (value,) in lake.query(f'SELECT "{column}" FROM read_parquet(?)', [name])]
        for name in files
    ]


def test_events_are_sorted_by_subject_as_loaded_and_as_merged(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.writer() as lake:
        dedup = site.dedup(lake)
        for batch in range(3):
            devices = [f"d{number * 7 % 40}" for number in range(40)]
            site.land(
                [
                    event(f"m{batch}-{number}", anonymous_id=device, timestamp=NOON - DAY + number * SECOND)
                    for number, device in enumerate(devices)
                ]
            )
            site.load(lake, dedup)
        loaded = order_of(lake, "events", "subject_key")
        assert len(loaded) == 3
        assert all(file == sorted(file) and len(set(file)) == 40 for file in loaded)
        assert merge(lake, "events", 0, 1 << 20) == 3
        (merged,) = order_of(lake, "events", "subject_key")
        assert len(merged) == 120
        assert merged == sorted(merged)


def test_a_customers_rows_are_found_among_few(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.writer() as lake:
        lake.execute(
            "INSERT INTO sessions BY NAME"
            " SELECT i::VARCHAR AS session_id, (hash(i) >> 1)::BIGINT AS identity_key,"
            f" now() AS started_at, DATE '2026-01-01' AS session_day FROM range({2 * ROW_GROUP + 1}) AS t (i)"
        )
        lake.execute(
            "INSERT INTO identities BY NAME SELECT 'c_' || hash(i) AS customer_id FROM range(99) AS t (i)"
        )
        (keys,) = order_of(lake, "sessions", "identity_key")
        (customers,) = order_of(lake, "identities", "customer_id")
        ((name,),) = lake.query("SELECT DISTINCT filename FROM sessions")
        groups = lake.query(
            "SELECT DISTINCT row_group_num_rows FROM parquet_metadata(?) ORDER BY ALL", [name]
        )
    assert keys == sorted(keys)
    assert customers == sorted(customers)
    assert groups == [(1,), (ROW_GROUP,)]
