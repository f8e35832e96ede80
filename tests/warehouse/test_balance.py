"""The books, counted by reading, while segments move on."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.warehouse.lakes import HOUR, NOON, Row, Site, event, parquet
from tests.warehouse.test_load import put_segment
from warehouse import balance as balance_module
from warehouse.balance import Books, balance
from warehouse.check import as_json, check
from warehouse.lake import Lake
from warehouse.landing import object_key
from warehouse.segments import Tally


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def books(site: Site) -> Books:
    with site.reader() as lake:
        return balance(lake, site.store, site.registry, site.settings.folders.journal).total


def test_every_fate_and_every_stage_is_counted(site: Site) -> None:
    verdicts = ("ok", "ok", "rejected", "filtered", "damaged")
    site.land([event(f"m{at}", verdict=verdict) for at, verdict in enumerate(verdicts)])
    site.land([event("m0")])
    site.load_all()
    site.land([event("later"), event("m0")])
    put_segment(site.settings.folders.journal, "n-w0", 99, NOON)
    assert books(site) == Books(9, 2, 1, 1, 1, 1, 3, 0)


def test_before_there_is_a_lake_everything_is_pending(site: Site) -> None:
    site.land([event("a")])
    put_segment(site.settings.folders.journal, "n-w0", 99, NOON)
    checked = check(site.settings, site.registry)
    assert checked.holds
    assert checked.balance is not None
    assert checked.balance.total == Books(2, 0, 0, 0, 0, 0, 2, 0)


def test_a_segment_counts_once_at_each_step_of_its_way(site: Site) -> None:
    """Open, landed but not tallied, tallied but not unlinked, loaded."""
    journal = site.settings.folders.journal
    site.load_all()
    name = put_segment(journal, "n-w0", 1, NOON)
    seen = [books(site)]
    row = event("x") | {"segment_id": name}
    site.store.put_new(object_key(name, NOON), landed(row))
    seen.append(books(site))
    site.registry.tally_segment("n-w0", name, [Tally(1, NOON // HOUR, 1)])
    seen.append(books(site))
    next(journal.glob("*/*")).unlink()
    seen.append(books(site))
    assert seen == [Books(1, 0, 0, 0, 0, 0, 1, 0)] * 4
    site.load_all()
    assert books(site) == Books(1, 1, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("step", ["_loaded", "_live", "_keys"])
def test_a_segment_that_moves_between_two_reads_counts_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """After one read of the balance a segment lands, is tallied and unlinked, and another one opens."""
    journal = site.settings.folders.journal
    site.load_all()
    name = put_segment(journal, "n-w0", 1, NOON)
    real = getattr(balance_module, step)

    def then_move(*args: Any) -> Any:
        answer = real(*args)
        if site.store.put_new(object_key(name, NOON), landed(event("x") | {"segment_id": name})):
            site.registry.tally_segment("n-w0", name, [Tally(1, NOON // HOUR, 1)])
            next(journal.glob("*/*")).unlink()
            put_segment(journal, "n-w0", 2, NOON)
        return answer

    monkeypatch.setattr(balance_module, step, then_move)
    assert books(site).difference == 0
    monkeypatch.undo()
    assert books(site) == Books(2, 0, 0, 0, 0, 0, 2, 0)


def test_a_lost_row_and_an_invented_one_show(site: Site) -> None:
    site.land([event("a"), event("b")])
    site.load_all()
    with site.writer() as lake:
        lake.execute("DELETE FROM events WHERE message_id = 'a'")
    assert books(site).difference == 1
    with site.writer() as lake:
        lake.execute("INSERT INTO events BY NAME SELECT * REPLACE (9 AS load_seq) FROM events")
        lake.execute("INSERT INTO events FROM events")
    assert books(site).difference == -2
    assert not check(site.settings, site.registry).holds


def test_rows_are_counted_and_not_believed(site: Site) -> None:
    """The catalog says two rows; the file holds one (and the catalog knows its size)."""
    site.land([event("a"), event("b")])
    with site.writer() as lake:
        site.load(lake)
        swap_for_one_row(lake)
    with site.reader() as lake:
        assert lake.query("SELECT count(*) FROM events") == [(2,)]
    assert books(site).difference == 1
    assert any("has 1 rows instead of 2" in line for line in check(site.settings, site.registry).damage)


def test_the_split_adds_up_by_key_and_hour(site: Site) -> None:
    second = site.registry.create_key("shop")
    third = site.registry.create_key("shop")
    site.land([event("a", key_no=second.no), event("b", key_no=third.no)])
    site.land([event("c", key_no=third.no, received_at=NOON + HOUR), event("a", key_no=third.no)])
    site.load_all()
    checked = check(site.settings, site.registry)
    split = as_json(checked, site.registry, ("key", "hour"))["by"]
    assert [(part["key"], part["hour"], part["stored"], part["duplicate"]) for part in split] == [
        (second.id, "2026-11-21T12:00:00Z", 1, 0),
        (third.id, "2026-11-21T12:00:00Z", 1, 1),
        (third.id, "2026-11-21T13:00:00Z", 1, 0),
    ]
    assert {part["difference"] for part in split} == {0}
    by_key = as_json(checked, site.registry, ("key",))["by"]
    assert [(part["key"], part["received"]) for part in by_key] == [(second.id, 1), (third.id, 3)]


def test_an_unreadable_object_is_damage(site: Site) -> None:
    key = site.land([event("a")])
    path = site.store.local_path(key)
    assert path is not None
    path.write_bytes(b"PAR1")
    checked = check(site.settings, site.registry)
    assert not checked.holds
    assert key in checked.damage[0]


def landed(row: Row) -> bytes:
    return parquet([row])


def swap_for_one_row(lake: Lake) -> None:
    """Put a shorter file in the place of the one of events; the catalog is told its size, not its rows."""
    ((path,),) = lake.query("SELECT DISTINCT filename FROM events")
    pq.write_table(pq.ParquetFile(path).read().slice(0, 1), path)
    lake.execute(
        "UPDATE __ducklake_metadata_lake.ducklake_data_file SET file_size_bytes = ?, footer_size = NULL "
        "WHERE record_count = 2",
        [Path(path).stat().st_size],
    )


def test_two_hours_that_make_up_for_each_other_do_not_hold(site: Site) -> None:
    site.land([event("a"), event("b", received_at=NOON + HOUR)])
    site.load_all()
    site.registry.tally_segment("n-w9", "n-w9-1700000000000-00000001", [Tally(1, NOON // HOUR, 1)])
    site.registry.tally_segment("n-w9", "n-w9-1700000000000-00000002", [Tally(1, NOON // HOUR + 1, -1)])
    checked = check(site.settings, site.registry)
    assert checked.balance is not None
    assert checked.balance.total.difference == 0
    assert [entry.books.difference for entry in checked.balance.open] == [1, -1]
    assert not checked.holds


def test_only_what_was_received_since_an_hour_is_counted(site: Site) -> None:
    """Loaded, landed and in the journal; an object may begin in the hour before."""
    noon = NOON // HOUR
    site.land([event("old"), event("over", received_at=NOON + HOUR)])
    site.load_all()
    site.land([event("late"), event("next", received_at=NOON + HOUR)])
    journal = site.settings.folders.journal
    put_segment(journal, "n-w0", 98, NOON)
    put_segment(journal, "n-w0", 99, NOON + HOUR)
    with site.reader() as lake:
        found = balance(lake, site.store, site.registry, journal, noon + 1)
        every = balance(lake, site.store, site.registry, journal, noon)
    assert found.total == Books(3, 1, 0, 0, 0, 0, 2, 0)
    assert every.total == books(site) == Books(6, 2, 0, 0, 0, 0, 4, 0)


def test_workers_whose_counts_are_elsewhere_are_named(site: Site) -> None:
    site.land([event("a")])
    name = "other-w0-1700000000000-00000001"
    site.store.put_new(object_key(name, NOON), landed(event("b") | {"segment_id": name}))
    site.load_all()
    checked = check(site.settings, site.registry)
    assert checked.balance is not None
    assert checked.balance.strangers == ["other-w0"]
    assert as_json(checked, site.registry, ())["strangers"] == ["other-w0"]
    assert not checked.holds
