"""The books as the writer counts them by itself: kept for the metrics, told when they do not close."""

from pathlib import Path

import pytest

from tests.sessionizer.test_job import MINUTE, Bench
from tests.warehouse.lakes import HOUR, SECOND, event
from warehouse.counted import BOOKS, Counted, OpenHour, read_counted


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, books_every=60, books_hours=2)


def counted(bench: Bench) -> Counted:
    found = read_counted(bench.site.registry)
    assert found is not None
    return found


def test_books_that_close_are_kept_with_their_terms(bench: Bench) -> None:
    assert read_counted(bench.site.registry) is None
    now = bench.site.now()
    bench.site.land([event("a", received_at=now), event("a", received_at=now)])
    bench.job.turn()
    terms = dict.fromkeys(("rejected", "filtered", "damaged", "pending"), 0)
    assert counted(bench).terms == {"received": 2, "stored": 1, "duplicate": 1} | terms
    assert (counted(bench).difference, counted(bench).open) == (0, [])
    assert bench.told("the books do not close") == []


def test_a_lost_row_is_told_with_key_and_hour_until_it_is_back(bench: Bench) -> None:
    now = bench.site.now()
    bench.site.land([event("a", received_at=now), event("b", received_at=now)])
    bench.job.turn()
    lake = bench.job.writer.lake
    lake.execute("CREATE TEMP TABLE lost AS FROM events WHERE message_id = 'b'")
    lake.execute("DELETE FROM events WHERE message_id = 'b'")
    bench.site.clock += MINUTE
    bench.job.turn()
    open_hour = OpenHour(1, now // HOUR, 1)
    assert counted(bench).open == [open_hour]
    (told,) = bench.told("the books do not close")
    assert told == {"difference": 1, "open": [{"key_no": 1, "hour": now // HOUR, "difference": 1}]}
    lake.execute("INSERT INTO events FROM lost")
    bench.site.clock += MINUTE
    bench.job.turn()
    assert counted(bench).difference == 0
    assert bench.told("the books close again") == [{}]


def test_what_another_version_wrote_counts_as_nothing(bench: Bench) -> None:
    bench.job.turn()
    for text in ('{"at":1}', "no json"):
        bench.site.registry.set_setting(BOOKS, text)
        assert read_counted(bench.site.registry) is None


def test_they_are_counted_once_in_a_while(bench: Bench) -> None:
    bench.job.turn()
    first = counted(bench).at
    bench.site.clock += 30 * SECOND
    bench.job.turn()
    assert counted(bench).at == first
    bench.site.clock += 31 * SECOND
    bench.job.turn()
    assert counted(bench).at > first


def test_what_came_before_the_hours_looked_at_is_not_counted(bench: Bench) -> None:
    now = bench.site.now()
    for age in (0, 1, 2, 5):
        bench.site.land([event(f"m{age}", received_at=now - age * HOUR)])
    bench.job.turn()
    assert counted(bench).terms["stored"] == counted(bench).terms["received"] == 2
    assert counted(bench).since == now // HOUR - 1
