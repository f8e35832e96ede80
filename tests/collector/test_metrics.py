"""Plain integers become Prometheus numbers, once."""

from math import inf
from pathlib import Path

from prometheus_client import CollectorRegistry

from collector.metrics import Counts, Metrics, drop_dead, exposition
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.behind import Behind
from warehouse.counted import Counted
from warehouse.registry.destinations import Destination, State


def test_what_was_counted_is_added_once() -> None:
    numbers, counts = CollectorRegistry(), Counts()
    metrics = Metrics(numbers)
    counts.requests["segment", "accepted"] += 2
    counts.add(5, [Judgement(1, Verdict.REJECTED, Reason.BAD_TIME)])
    counts.body_bytes += 700
    counts.fsyncs.extend([0.0004, 0.03])
    for _ in range(2):
        metrics.flush(counts)
    metrics.levels(1, 2, 3.5)
    metrics.damaged.set(4)
    found = exposition(numbers, None).decode()
    for line in (
        'sojourn_requests_total{dialect="segment",outcome="accepted"} 2.0',
        'sojourn_events_total{reason="",verdict="ok"} 4.0',
        'sojourn_events_total{reason="bad_time",verdict="rejected"} 1.0',
        "sojourn_body_bytes_total 700.0",
        'sojourn_fsync_seconds_bucket{le="0.0005"} 1.0',
        "sojourn_fsync_seconds_count 2.0",
        "sojourn_inflight_bytes 1.0",
        "sojourn_damaged_segments 4.0",
        "sojourn_journal_backlog_bytes 2.0",
        "sojourn_oldest_unpublished_seconds 3.5",
    ):
        assert line in found.splitlines()


def test_the_books_are_told_as_they_were_counted() -> None:
    numbers = CollectorRegistry()
    metrics = Metrics(numbers)
    metrics.books(None, 0)
    assert "sojourn_books_age_seconds +Inf" in exposition(numbers, None).decode().splitlines()
    metrics.books(Counted(2_000_000, 0, {"received": 7, "stored": 6}, 1, []), 5_500_000)
    found = exposition(numbers, None).decode().splitlines()
    for line in (
        'sojourn_books_events{term="received"} 7.0',
        'sojourn_books_events{term="stored"} 6.0',
        "sojourn_books_difference 1.0",
        "sojourn_books_age_seconds 3.5",
    ):
        assert line in found


def test_how_far_the_writer_is_behind_grows_while_it_says_nothing() -> None:
    numbers = CollectorRegistry()
    metrics = Metrics(numbers)

    def told() -> dict[str, float]:
        found = [line for line in exposition(numbers, None).decode().splitlines() if line[0] != "#"]
        return {line.partition(" ")[0].removeprefix("sojourn_"): float(line.split()[1]) for line in found}

    metrics.lags(None, 0)
    assert told()["writer_age_seconds"] == told()['complete_age_seconds{stage="stitch"}'] == inf
    metrics.lags(Behind(9_000_000, 2, 1_000_000, 70, 6_000_000, 4_000_000), 10_500_000)
    found = told()
    assert (found["writer_age_seconds"], found["unloaded_objects"], found["unstitched_rows"]) == (1.5, 2, 70)
    assert found["unloaded_age_seconds"] == 9.5
    assert found['complete_age_seconds{stage="load"}'] == 4.5
    assert found['complete_age_seconds{stage="stitch"}'] == 6.5
    metrics.lags(Behind(10_000_000, 0, None, 0, 10_000_000, 10_000_000), 10_000_000)
    assert {told()[name] for name in ("unloaded_objects", "unloaded_age_seconds", "unstitched_rows")} == {0}


def test_each_destination_tells_how_late_it_is() -> None:
    numbers = CollectorRegistry()
    metrics = Metrics(numbers)
    states = {"well": State(complete_until=1_000_000), "down": State(failures=3), "gone": State(failures=9)}
    found = [Destination(name, "", "", 1.0, "", 0, "", state) for name, state in states.items()]
    metrics.destinations(found, 3_500_000)
    metrics.destinations(found[:2], 3_500_000)
    told = exposition(numbers, None).decode().splitlines()
    for line in (
        'sojourn_destination_lag_seconds{destination="well"} 2.5',
        'sojourn_destination_lag_seconds{destination="down"} +Inf',
        'sojourn_destination_failures{destination="down"} 3.0',
        'sojourn_destination_failures{destination="well"} 0.0',
        # Removed: it must alarm nobody.
        'sojourn_destination_failures{destination="gone"} 0.0',
        'sojourn_destination_lag_seconds{destination="gone"} 0.0',
    ):
        assert line in told


def test_alerts_that_are_not_closed_are_four_series_whatever_is_watched() -> None:
    numbers = CollectorRegistry()
    Metrics(numbers).watched({("critical", "open"): 2})
    found = [one for one in exposition(numbers, None).decode().splitlines() if "open_alerts{" in one]
    assert sorted(found) == [
        'sojourn_open_alerts{severity="critical",state="acknowledged"} 0.0',
        'sojourn_open_alerts{severity="critical",state="open"} 2.0',
        'sojourn_open_alerts{severity="warning",state="acknowledged"} 0.0',
        'sojourn_open_alerts{severity="warning",state="open"} 0.0',
    ]


def test_levels_of_the_dead_are_dropped(tmp_path: Path) -> None:
    for name in ("gauge_livesum_1.db", "gauge_livesum_2.db", "counter_1.db"):
        (tmp_path / name).touch()
    drop_dead(tmp_path, lambda pid: pid == 2)
    assert {path.name for path in tmp_path.iterdir()} == {"gauge_livesum_2.db", "counter_1.db"}
