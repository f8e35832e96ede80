"""The writer looks at watches by itself, one after the other and not too often."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sessionizer.test_job import MINUTE, Bench
from tests.warehouse.lakes import DAY, HOUR, NOON, event
from warehouse.watches.definition import read_watch
from warehouse.watches.publishing import publish, stop

HOURLY = "name: {}\nevery: hour\ntrend: {{events: [{}]}}\nalarm: {{above: 2}}\n"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, watch_every=60, stitch_every=0.0)
    yield bench
    bench.job.close()


def watching(bench: Bench, name: str, of: str) -> None:
    publish(bench.site.registry, "shop", read_watch(HOURLY.format(name, of)), "lin")


def later(bench: Bench, microseconds: int, *, turns: int = 4) -> None:
    bench.site.clock += microseconds
    for _ in range(turns):
        bench.job.turn()
        bench.site.clock += 1_000_000


def views(bench: Bench, at: int, number: int, prefix: str) -> None:
    moments = [at + minute * MINUTE for minute in range(number)]
    bench.site.land([event(f"{prefix}{one}", timestamp=one, received_at=bench.site.clock) for one in moments])


def test_an_hour_is_judged_when_it_is_over_and_an_alert_told_once(bench: Bench) -> None:
    watching(bench, "views", "Viewed")
    views(bench, NOON, 3, "m")
    later(bench, 0)
    assert bench.told("watched") == []
    views(bench, NOON + HOUR, 1, "n")
    later(bench, HOUR)
    later(bench, 2 * MINUTE)
    told = {"watch": "views", "project": "shop", "version": 1, "alerts": 1}
    assert bench.told("watched") == [told]
    (alert,) = bench.site.registry.alerts()
    assert (alert.at, alert.value, alert.state) == (NOON, 3.0, "open")
    later(bench, HOUR)
    assert [one.get("recovered") for one in bench.told("watched")[1:]] == [1]


def test_one_that_cannot_be_asked_stops_no_other_and_is_told_once(bench: Bench) -> None:
    for name, of in (("a", "Refunded"), ("b", "Viewed"), ("c", "Viewed")):
        watching(bench, name, of)
    stop(bench.site.registry, "shop", "c", "lin")
    views(bench, NOON, 3, "m")
    later(bench, HOUR)
    later(bench, HOUR)
    assert [one.watch for one in bench.site.registry.alerts()] == ["b"]
    (trouble,) = bench.told("watch cannot be judged")
    assert (trouble["watch"], "'Refunded' is not known" in str(trouble["error"])) == ("a", True)
    assert bench.told("step failed") == []


def test_a_look_is_followed_by_a_rest_as_long_as_its_share(bench: Bench) -> None:
    watchman = bench.job._watchman
    watchman.took(NOON, NOON + 10)
    assert not watchman.is_due(NOON + 99)
    assert watchman.is_due(NOON + 100)


def test_without_watches_it_looks_seldom(bench: Bench) -> None:
    later(bench, 0, turns=1)
    assert not bench.job._watchman.is_due(bench.site.clock)
    assert bench.job._watchman.is_due(bench.site.clock + DAY)
