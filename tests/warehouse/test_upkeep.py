"""Few files, old snapshots gone, and never a row or a reader the worse for it."""

import contextlib
import time
from pathlib import Path

import msgspec
import pytest

from tests.warehouse.lakes import DAY, NOON, Site, event, ids
from warehouse.catalogs import catalog_of
from warehouse.dedup import DedupIndex
from warehouse.lake import Lake
from warehouse.upkeep import (
    DAY_BYTES,
    TARGET_BYTES,
    Chore,
    FileShape,
    Upkeep,
    due_merges,
    due_rewrites,
    due_settling,
    expire,
    file_shapes,
    flush,
    inlined_rows,
    merge,
    prune,
    remove_dropped,
    rewrite,
)

KEEP_US = 3_600_000_000


def now() -> int:
    """The catalog's own times are the machine's."""
    return time.time_ns() // 1000


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def files(site: Site, table: str = "events") -> int:
    return len(list((site.settings.folders.lake_data / "main" / table).rglob("*.parquet")))


def load_many(site: Site, lake: Lake, loads: int) -> None:
    dedup = site.dedup(lake)
    for number in range(loads):
        site.land([event(f"m{number}"), event(f"d{number}", timestamp=NOON - DAY)])
        site.load(lake, dedup)


def test_a_step_merges_what_loads_left_and_nothing_changes(site: Site) -> None:
    with site.writer() as lake:
        load_many(site, lake, 16)
        before = lake.query("FROM events ORDER BY load_seq")
        dedup = site.dedup(lake)
        upkeep = Upkeep(lake, site.settings.folders.lake_data, now=now, snapshot_keep=3600)
        done = [(chore.name, chore.table) for _ in range(2) for chore in upkeep.step(dedup, 1000)]
        assert ("merge", "events") in done
        assert len([shape for shape in file_shapes(lake) if shape.table == "events"]) == 2
        assert lake.query("FROM events ORDER BY load_seq") == before
        assert upkeep.step(dedup, 1000) == []


def test_files_are_merged_after_a_restart_too(site: Site) -> None:
    with site.writer() as lake:
        load_many(site, lake, 2)
    with site.writer() as lake:
        load_many(site, lake, 2)
        assert merge(lake, "events", 0, 1 << 20) > 0


def test_a_reader_keeps_its_snapshot_while_files_are_merged_and_expired(site: Site) -> None:
    with site.writer() as lake:
        load_many(site, lake, 3)
        with site.reader() as reader:
            reader.execute("BEGIN")
            before = reader.query("SELECT count(length(message_id)) FROM events")
            merge(lake, "events", 0, 1 << 20)
            assert expire(lake, now()) > 0
            assert remove_dropped(lake, site.settings.folders.lake_data, now() - KEEP_US) == 0
            assert reader.query("SELECT max(length(properties::VARCHAR)) FROM events") == [(15,)]
            assert before == [(6,)]


def test_files_leave_the_disk_when_they_have_been_dropped_for_long_enough(site: Site) -> None:
    with site.writer() as lake:
        load_many(site, lake, 3)
        merge(lake, "events", 0, 1 << 20)
        merge(lake, "events", 0, 1 << 20)
        count = files(site)
        dropped = now() + 1
        assert remove_dropped(lake, site.settings.folders.lake_data, dropped - KEEP_US) == 0
        assert files(site) == count
        assert remove_dropped(lake, site.settings.folders.lake_data, dropped) >= 6
        assert files(site) == 2
        assert lake.query("SELECT count(length(message_id)) FROM events") == [(6,)]
        assert remove_dropped(lake, site.settings.folders.lake_data, dropped) == 0


def test_only_snapshots_before_the_moment_expire_and_never_the_newest(site: Site) -> None:
    """DuckLake itself compares these times as text and would take a whole day."""
    with site.writer() as lake:
        load_many(site, lake, 2)
        assert expire(lake, now() - KEEP_US) == 0
        between = now()
        load_many(site, lake, 3)
        newest = lake.snapshot()
        kept = lake.query(
            "SELECT count(*) FROM lake.snapshots() WHERE epoch_us(snapshot_time) >= ?", [between]
        )
        assert kept[0][0] > 1
        assert expire(lake, between) > 0
        assert lake.query("SELECT count(*) FROM lake.snapshots()") == kept
        expire(lake, now() + KEEP_US)
        assert lake.query("SELECT snapshot_id FROM lake.snapshots()") == [(newest,)]


def bounds(lake: Lake, table: str) -> set[str]:
    """The columns of a table of which the catalog knows the bounds of a file."""
    rows = lake.query(
        f"""SELECT DISTINCT column_name FROM {lake.metadata}.ducklake_file_column_stats
        JOIN {lake.metadata}.ducklake_column USING (table_id, column_id)
        JOIN {lake.metadata}.ducklake_table AS tables USING (table_id)
        WHERE table_name = ? AND tables.end_snapshot IS NULL""",
        [table],
    )
    return {name for (name,) in rows}


def test_bounds_are_kept_of_columns_that_leave_files_out_and_no_row_is_lost(site: Site) -> None:
    with site.writer() as lake:
        load_many(site, lake, 3)
        before = lake.query("FROM events ORDER BY load_seq")
        known = bounds(lake, "events")
        assert {"message_id", "properties", "is_bot", "event_day", "subject_key", "timestamp"} <= known
        assert prune(lake) > 0
        kept = bounds(lake, "events")
        assert {"event_day", "subject_key", "timestamp", "load_seq"} <= kept
        assert not kept & {"message_id", "properties", "is_bot", "anonymous_id"}
        assert prune(lake) == 0
        load_many(site, lake, 1)
        assert lake.query("FROM events WHERE load_seq <= 6 ORDER BY load_seq") == before
        merge(lake, "events", 0, 1 << 20)
        asked = "SELECT count(*), count(message_id), min(anonymous_id) FROM events WHERE {}"
        assert lake.query(asked.format("message_id = 'm2'")) == [(1, 1, "d1")]
        assert lake.query(asked.format("message_id > 'm1' AND event_day = DATE '2026-11-21'"))[0][0] == 1
        assert lake.query("SELECT count(message_id), max(message_id) FROM events") == [(6, "m2")]


def test_bounds_of_texts_by_which_a_table_is_sorted_are_kept(site: Site) -> None:
    with site.writer() as lake:
        rows = "SELECT 'shop', 'c_' || range FROM range(100)"
        lake.execute(f"INSERT INTO customers (project, customer_id) {rows}")
        assert prune(lake) > 0
        kept = bounds(lake, "customers")
        assert "customer_id" in kept
        assert "project" not in kept


LONG = "x" * 1_000


@pytest.mark.parametrize("scrubbed", [False, True])
@pytest.mark.parametrize("pruned", [False, True])
def test_what_has_no_bounds_is_found_after_an_erasure_and_after_more_rows(
    site: Site, scrubbed: bool, pruned: bool
) -> None:
    """Null as a bound would say that there is no value, and the next rows' be taken for the table's."""
    with site.writer() as lake:
        site.land([event("m1", event=LONG, channel="web"), event("m2", event=LONG + "y")])
        site.load(lake, site.dedup(lake))
        if pruned:
            assert prune(lake) > 0
    if scrubbed:
        with contextlib.closing(catalog_of(site.settings)) as catalog:
            assert catalog.scrub()
    for number in range(2):
        with site.writer() as lake:
            site.land([event(f"zz{number}", event="zz", anonymous_id="zz", properties='{"z": 1}')])
            site.load(lake, site.dedup(lake))
    asked = {
        "message_id = 'm1'": 1,
        "message_id < 'n'": 2,
        f"event = '{LONG}'": 1,
        "event < 'y'": 2,
        "event > 'y'": 2,
        "anonymous_id = 'd1'": 2,
        "properties::VARCHAR = '{\"price\": 1.50}'": 2,
        "channel = 'web'": 1,
        "channel IS NULL": 3,
    }
    with site.writer() as lake:
        found = {one: lake.query(f"SELECT count(*) FROM events WHERE {one}")[0][0] for one in asked}
        assert found == asked
        assert lake.query("SELECT min(event), max(event), min(channel) FROM events") == [(LONG, "zz", "web")]
        assert lake.query("SELECT min(message_id), count(event) FROM events") == [("m1", 4)]


def test_living_rows_of_changed_tables_move_together(site: Site) -> None:
    with site.writer() as lake:
        for number in range(5):
            lake.execute(
                "INSERT INTO sessions (session_id, events, session_day) VALUES "
                f"('a{number}', {number}, DATE '2026-11-20'), ('b{number}', {number}, DATE '2026-11-21')"
            )
        lake.execute("DELETE FROM sessions WHERE events = 2")
        before = lake.query("FROM sessions ORDER BY session_id")
        paths = [shape.path for shape in file_shapes(lake) if shape.table == "sessions"]
        assert rewrite(lake, "sessions", site.settings.folders.lake_data.absolute(), paths) == len(paths)
        assert len([shape for shape in file_shapes(lake) if shape.table == "sessions"]) == 2
        assert lake.query("FROM sessions ORDER BY session_id") == before


def test_rows_in_the_catalog_move_to_a_file(site: Site) -> None:
    with site.writer() as lake:
        load_many(site, lake, 3)
        before = lake.query("FROM objects ORDER BY key")
        assert inlined_rows(lake, "objects") == 3
        assert flush(lake, "objects") == 3
        assert inlined_rows(lake, "objects") == 0
        assert lake.query("FROM objects ORDER BY key") == before
        load_many(site, lake, 1)
        assert len(lake.query("FROM objects")) == 4


def shape(
    table: str, size: int, *, partition: str | None = None, rows: int = 10, deleted: int = 0
) -> FileShape:
    return FileShape(table, f"{table}-{size}", partition, rows, size, deleted)


@pytest.mark.parametrize(
    ("shapes", "due"),
    [
        ([shape("events", 100)] * 15, []),
        ([shape("events", 100)] * 16, [("events", 0, 64 << 10)]),
        ([shape("events", 100, partition=str(day)) for day in range(40)], []),
        ([shape("events", 100)] * 8 + [shape("events", 100 << 10)] * 8, []),
        ([shape("events", TARGET_BYTES)] * 40, []),
        ([shape("events", TARGET_BYTES - 1)] * 2, [("events", 4 << 20, TARGET_BYTES)]),
        ([shape("events", TARGET_BYTES - 1)], []),
        ([shape("sessions", 100)] * 40, []),
    ],
)
def test_files_of_like_size_are_merged_when_they_are_many_or_make_a_full_one(
    shapes: list[FileShape], due: list[tuple[str, int, int]]
) -> None:
    assert list(due_merges(shapes)) == due


def test_a_rewrite_takes_many_small_files_or_a_worn_one_of_one_partition() -> None:
    good = [shape("sessions", 5 << 20, rows=50_000)]
    small = [shape("sessions", 100 + number, rows=10) for number in range(15)]
    worn = [shape("sessions", 6 << 20, rows=100_000, deleted=40_000)]
    assert list(due_rewrites(good + small)) == []
    assert list(due_rewrites(good + small + worn)) == [("sessions", [worn[0].path])]
    assert list(due_rewrites(good + worn * 2)) == [("sessions", [worn[0].path])]
    ((table, paths),) = due_rewrites([*good, *small, shape("sessions", 200, rows=10, deleted=9)])
    assert (table, len(paths)) == ("sessions", 16)


def test_small_files_of_many_days_are_left_alone_and_a_rewrite_leaves_nothing_due() -> None:
    days = [shape("sessions", 100 + day, partition=str(day), rows=10, deleted=9) for day in range(40)]
    assert list(due_rewrites(days)) == []
    one_day = [shape("sessions", 100 + number, partition="1", rows=10) for number in range(16)]
    ((_, paths),) = due_rewrites(days + one_day)
    assert sorted(paths) == sorted([days[1].path, *(file.path for file in one_day)])
    assert list(due_rewrites([*days, shape("sessions", 900, partition="1", rows=160)])) == []


def test_a_day_that_is_left_alone_is_settled_once() -> None:
    def day(*deleted: int, size: int = 100, rows: int = 1_000, quiet: bool = True) -> list[FileShape]:
        return [
            FileShape("sessions", f"f{n}", "1", rows, size, some, quiet) for n, some in enumerate(deleted)
        ]

    loose = day(0, 0)
    assert list(due_settling(loose)) == [("sessions", ["f0", "f1"])]
    assert list(due_settling(day(5))) == [("sessions", ["f0"])]
    assert list(due_settling(day(0))) == []
    assert list(due_settling(day(0, 0, size=TARGET_BYTES // 2))) == [], "it fills both"
    assert list(due_settling(day(0, 0, quiet=False))) == []
    assert list(due_settling([*loose, *day(0, quiet=False)])) == []
    assert list(due_settling(day(0, 0, rows=200_000))) == [], "too much at once"
    for rows, due in ((600_000, [("daily", ["f0", "f1"])]), (600_001, [])):
        counts = [msgspec.structs.replace(one, table="daily") for one in day(0, 0, rows=rows)]
        assert list(due_settling(counts)) == due, "its rows are small"
    assert list(due_settling([msgspec.structs.replace(one, partition=None) for one in loose])) == []
    assert list(due_settling([msgspec.structs.replace(one, table="events") for one in loose])) == []


def test_the_events_of_a_day_that_is_left_alone_are_merged_further() -> None:
    def day(*sizes: int, name: str = "1", quiet: bool = True, deleted: int = 0) -> list[FileShape]:
        return [FileShape("events", f"{name}-{size}", name, 9, size, deleted, quiet) for size in sizes]

    due = [("events", 0, DAY_BYTES)]
    assert list(due_merges(day(TARGET_BYTES, 2 * TARGET_BYTES))) == due
    assert list(due_merges(day(100, DAY_BYTES - 1) + day(100, name="2", quiet=False))) == due
    assert list(due_merges(day(DAY_BYTES - 1, DAY_BYTES, 2 * DAY_BYTES))) == [], "one is not full"
    assert list(due_merges(day(TARGET_BYTES, 2 * TARGET_BYTES, quiet=False))) == []
    assert list(due_merges(day(TARGET_BYTES) + day(100, quiet=False))) == []
    assert list(due_merges(day(TARGET_BYTES) + day(100, name="2"))) == []
    assert list(due_merges(day(TARGET_BYTES, 2 * TARGET_BYTES, deleted=1))) == [], "these are never merged"


def test_past_days_come_to_lie_in_a_file_each_and_upkeep_rests(site: Site) -> None:
    insert = "INSERT INTO sessions (session_id, session_day, events) VALUES (?, ?, ?)"
    with site.writer() as lake:
        for number in range(4):
            lake.execute(insert, [f"s{number}", f"2026-11-0{number % 2 + 1}", number])
            site.land([event(f"m{number}", timestamp=NOON - number % 2 * DAY)])
            site.load(lake)
        lake.execute("DELETE FROM sessions WHERE session_id = 's0'")
        assert list(due_settling(file_shapes(lake))) == []
        site.clock = now()
        upkeep = Upkeep(lake, site.settings.folders.lake_data, now=lambda: site.clock, snapshot_keep=3_600.0)
        dedup = site.dedup(lake)
        assert [chore.name for chore in upkeep.step(dedup, 100)] == ["prune"]
        site.clock += 2 * KEEP_US
        chores = [chore for _ in range(5) for chore in after_a_while(site, upkeep, dedup)]
        assert [(chore.name, chore.count) for chore in chores if chore.table == "sessions"] == [
            ("rewrite", 2)
        ]
        merged = [one.count for one in chores if (one.name, one.table) == ("merge", "events")]
        assert merged == [2, 2]
        assert sorted(one.rows for one in file_shapes(lake) if one.table == "events") == [2, 2]
        assert len(ids(lake)) == 4
        found = [one for one in file_shapes(lake) if one.table == "sessions"]
        assert sorted((one.rows, one.deleted) for one in found) == [(1, 0), (2, 0)]
        assert lake.query("SELECT session_id, events FROM sessions ORDER BY 1") == [
            ("s1", 1),
            ("s2", 2),
            ("s3", 3),
        ]


def after_a_while(site: Site, upkeep: Upkeep, dedup: DedupIndex) -> list[Chore]:
    site.clock += KEEP_US
    return upkeep.step(dedup, 100)


def test_a_file_that_is_larger_than_a_slice_is_rewritten_alone() -> None:
    huge = shape("sessions", 7 << 20, rows=400_000, deleted=300_000)
    assert list(due_rewrites([huge])) == [("sessions", [huge.path])]
