"""Every insight counts the same units: trends, funnels, retention, paths, lifecycle, stickiness."""

import random
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.warehouse.insights.asked_lake import NAMES, NOW, complete, random_lake
from warehouse.insights.funnel import Funnel, funnel
from warehouse.insights.lifecycle import Lifecycle, lifecycle
from warehouse.insights.paths import Paths, paths
from warehouse.insights.retention import Retention, retention
from warehouse.insights.stickiness import Stickiness, stickiness
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata")
FILTERS = (
    "",
    " where country = DE",
    " where properties.price >= 7",
    " where device_type = mobile and country is set",
)


@pytest.fixture(scope="module")
def lakes() -> list[Lake]:
    found = [random_lake(seed, 25)[0] for seed in (51, 52)]
    for lake in found:
        complete(lake, NOW)
    return found


def question(seed: int) -> tuple[str, str, str, dict[str, Any]]:
    """An event, another one, an interval, and what all questions have in common."""
    random_ = random.Random(seed)
    since = date(2026, 11, 4) + timedelta(days=random_.randrange(6))
    moment = random_.choice(("", "T00:00", "T13:20"))
    fields = {
        "since": f"{since}{moment}",
        "until": f"{since + timedelta(days=random_.randint(1, 6))}{moment}",
        "timezone": random_.choice(ZONES),
        "unit": random_.choice(("customer", "customer", "device", "user", "session")),
        "where": random_.choice(((), ("city is not set",), ("event != Other",))),
        "bots": random_.random() < 0.3,
    }
    event = random_.choice((*NAMES, "*")) + random_.choice(FILTERS)
    return event, random_.choice(NAMES), random_.choice(("day", "day", "week", "month", "hour")), fields


def agree(lake: Lake, seed: int) -> bool:
    """Whether the question had anything to count."""
    event, other, every, fields = question(seed)
    timed: dict[str, Any] = {**fields, "every": every}
    counted = trend(lake, Trend(events=(event,), measure="units", **timed), NOW)
    units = counted.totals[0].values[0]
    kept = retention(lake, Retention(start=event, returns="*", intervals=2, **timed), NOW)
    stages = lifecycle(lake, Lifecycle(event=event, **timed), NOW)
    walked = paths(lake, Paths(start=event, end=other, per="window", window="2d", depth=3, **fields), NOW)
    steps = funnel(lake, Funnel(steps=(event, other), within="2d", **fields), NOW)
    assert units == kept.n == walked.n == stages.n == steps.n, seed
    assert units == stickiness(lake, Stickiness(event=event, **timed), NOW).n
    by_interval = [one.values[0] for one in counted.points]
    assert [row.cells[0].units for row in kept.rows] == by_interval, seed
    assert [one.active for one in stages.stages] == by_interval, seed
    for before, one in pairwise(stages.stages):
        assert one.active == (one.new or 0) + (one.returning or 0) + (one.resurrecting or 0)
        assert one.dormant == (before.active or 0) - (one.returning or 0)
    if event.split(" where ")[0] not in ("*", other):
        assert sum(one.reached for one in walked.nodes) == steps.steps[1].n, seed
    return bool(units)


def test_forty_random_questions(lakes: list[Lake]) -> None:
    assert sum(agree(lakes[seed % 2], seed) for seed in range(40)) > 20


@pytest.mark.slow
@pytest.mark.parametrize("first", range(40, 1_000, 40))
def test_a_thousand_random_questions(lakes: list[Lake], first: int) -> None:
    assert sum(agree(lakes[seed % 2], seed) for seed in range(first, first + 40)) > 20
