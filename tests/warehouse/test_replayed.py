"""A replay's landing object: it takes refused rows along, once, in whatever order objects come."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.warehouse.lakes import HOUR, NOON, SECOND, Row, Site, event, parquet
from tests.warehouse.test_mend import truncate
from warehouse import balance as balance_module
from warehouse.balance import Books, balance
from warehouse.files import lake_files
from warehouse.landing import object_key, segment_of
from warehouse.replayed import is_replay, replay_key
from warehouse.writer import Writer, from_landing

LATER = NOON + 5 * SECOND


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def writer(site: Site) -> Writer:
    return site.opened()


def refused(message_id: str, **changes: Any) -> Row:
    return event(message_id, **{"verdict": "rejected", "reason": "plan_violation", "raw": "{}"} | changes)


def land_replay(site: Site, source: str, rows: list[Row], command: int = 1, at: int = LATER) -> str:
    """An object as `sojourn replay` makes it, of rows that came in the object `source`."""
    key = replay_key("n", command, at)
    placed = [row | {"segment_id": segment_of(source), "replayed_at": at} for row in rows]
    assert site.store.put_new(key, parquet(placed))
    return key


def places(site: Site, *keys: str) -> dict[str, Row]:
    """Message id -> where it landed."""
    rows = [row for key in keys for row in pq.read_table(site.store.root / key).to_pylist()]
    return {row["message_id"]: {name: row[name] for name in ("record", "index")} for row in rows}


def books(site: Site) -> Books:
    with site.reader() as lake:
        return balance(lake, site.store, site.registry, site.settings.folders.journal).total


def contents(site: Site) -> dict[str, list[Any]]:
    """What is true now, without the numbers that depend on the order of load."""
    with site.reader() as lake:
        return {
            table: sorted(map(repr, lake.query(f"SELECT * EXCLUDE (load_seq) FROM {table}")))
            for table in ("events", "rejected", "duplicates")
        }


def test_an_event_moves_from_rejected_to_events_under_its_old_place(site: Site) -> None:
    source = site.land([event("a"), refused("b"), refused("c")])
    with writer(site) as one:
        one.load()
        at = places(site, source)
        assert books(site) == Books(3, 1, 0, 2, 0, 0, 0, 0)
        land_replay(site, source, [event("b", **at["b"])])
        assert books(site) == Books(3, 1, 0, 2, 0, 0, 0, 0)
        site.clock += 61 * SECOND
        report = one.load()
        assert (report.objects, report.stored) == (1, 1)
        columns = "message_id, segment_id, record, index, epoch_us(replayed_at)"
        (moved,) = one.lake.query(f"SELECT {columns} FROM events WHERE replayed_at IS NOT NULL")
        assert moved == ("b", segment_of(source), *at["b"].values(), LATER)
        assert one.lake.query("SELECT message_id FROM rejected") == [("c",)]
    assert books(site) == Books(3, 2, 0, 1, 0, 0, 0, 0)


def test_a_replayed_event_that_came_again_meanwhile_is_a_duplicate(site: Site) -> None:
    source = site.land([refused("b")])
    site.land([event("b")])
    land_replay(site, source, [event("b", **places(site, source)["b"])])
    with writer(site) as one:
        while one.load().objects:
            pass
    assert books(site) == Books(2, 1, 1, 0, 0, 0, 0, 0)


def test_a_place_moves_once_even_if_two_replays_name_it(site: Site) -> None:
    source = site.land([refused("b"), refused("c")])
    at = places(site, source)
    land_replay(site, source, [event("b", **at["b"])])
    land_replay(site, source, [event("b", **at["b"]), event("c", **at["c"])], command=2, at=LATER + SECOND)
    with writer(site) as one:
        while one.load().objects:
            pass
    assert books(site) == Books(2, 2, 0, 0, 0, 0, 0, 0)


def test_a_body_that_turns_out_to_hold_more_events_is_received_with_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sealed body: two events of three are valid, the third moves on its own later."""
    source = site.land([refused("s", reason="bad_envelope")])
    place = places(site, source)["s"]
    inside = [
        event("s0", **place),
        event("s1", uncounted=True, **place | {"index": 1}),
        refused("s2", uncounted=True, **place | {"index": 2}),
    ]
    with writer(site) as one:
        one.load()
        land_replay(site, source, inside)
        assert books(site) == Books(1, 0, 0, 1, 0, 0, 0, 0)
        real = balance_module._loaded

        def then_load(*args: Any) -> Any:
            answer = real(*args)
            site.clock += 61 * SECOND
            one.load()
            return answer

        monkeypatch.setattr(balance_module, "_loaded", then_load)
        assert books(site).difference == 0
        monkeypatch.undo()
        assert books(site) == Books(3, 2, 0, 1, 0, 0, 0, 0)
        assert one.lake.query("SELECT message_id, epoch_us(replayed_at) FROM rejected") == [("s2", LATER)]
        land_replay(
            site, source, [event("s2", uncounted=True, **place | {"index": 2})], 2, LATER + 70 * SECOND
        )
        site.clock += 61 * SECOND
        one.load()
    assert books(site) == Books(3, 3, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "order",
    [
        (1, 3, 0, 2),
        pytest.param((3, 2, 1, 0), marks=pytest.mark.slow),
        pytest.param((0, 1, 2, 3), marks=pytest.mark.slow),
        pytest.param((2, 0, 3, 1), marks=pytest.mark.slow),
    ],
)
def test_whatever_order_objects_come_in_the_tables_are_the_same(site: Site, order: tuple[int, ...]) -> None:
    """Two journal segments, a replay of both with a body that opened, and a replay of what that left."""
    first = site.land([event("a"), refused("b"), refused("s", reason="bad_envelope")])
    second = site.land([refused("c"), refused("d")], opened_at=NOON + HOUR)
    at = places(site, first, second)
    one = [event("b", **at["b"]), event("s0", **at["s"])]
    one += [refused("s1", uncounted=True, **at["s"] | {"index": 1})]
    third = land_replay(site, first, one, 1)
    fourth = land_replay(
        site, first, [event("s1", uncounted=True, **at["s"] | {"index": 1})], 2, LATER + SECOND
    )
    keys = [first, second, third, fourth]
    data = {key: site.store.get(key) for key in keys}
    for key in keys:
        site.store.delete(key)
    with writer(site) as lake_writer:
        for turn in order:
            site.store.put_new(keys[turn], data[keys[turn]])
            site.clock += 61 * SECOND
            lake_writer.load()
    assert books(site) == Books(6, 4, 0, 2, 0, 0, 0, 0)
    found = contents(site)
    assert [row for row in found["rejected"] if "'s1'" in row or "'b'" in row] == []
    site.settings.folders.catalog.write_bytes(b"gone" * 1000)
    with from_landing(site.settings, site.registry, now=site.now):
        pass
    assert contents(site) == found


@pytest.mark.parametrize("table", ["rejected", "replays", "events"])
def test_what_moved_stays_moved_when_a_damaged_file_is_mended(site: Site, table: str) -> None:
    source = site.land([event("a"), refused("b"), refused("c"), refused("s", reason="bad_envelope")])
    at = places(site, source)
    with writer(site) as one:
        one.load()
        inside = [event("s0", **at["s"]), refused("s1", uncounted=True, **at["s"] | {"index": 1})]
        land_replay(site, source, [event("b", **at["b"]), *inside])
        site.clock += 61 * SECOND
        one.load()
        land_replay(site, source, [event("s1", uncounted=True, **at["s"] | {"index": 1})], 2, LATER + SECOND)
        site.clock += 61 * SECOND
        one.load()
        tables = ("events", "rejected", "duplicates", "replays")
        before = {name: sorted(map(repr, one.lake.query(f"FROM {name}"))) for name in tables}
        files = lake_files(one.lake.con, site.settings.folders.lake_data)
        spoiled = [file.path for file in files if file.table == table]
    for path in spoiled:
        truncate(path)
    with writer(site) as one:
        assert one.mended.files
        assert {name: sorted(map(repr, one.lake.query(f"FROM {name}"))) for name in tables} == before
    assert books(site) == Books(5, 4, 0, 1, 0, 0, 0, 0)


def test_names_of_replays() -> None:
    key = replay_key("shop-1", 7, NOON)
    assert key == "date=2026-11-21/hour=12/shop-1-replay-7-1795262400000-00000000.parquet"
    assert is_replay(key)
    assert is_replay(segment_of(key))
    assert not is_replay(object_key("shop-replay-1-w0-1795262400000-00000001", NOON))
