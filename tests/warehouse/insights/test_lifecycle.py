"""Lifecycle and stickiness against plain Python over small random lakes; what adds up does so."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from operator import eq, ge, le
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import NOW, complete, owners, random_lake
from warehouse.insights.errors import BadQuestion
from warehouse.insights.lifecycle import Lifecycle, lifecycle
from warehouse.insights.stickiness import Stickiness, stickiness
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake

World = tuple[Lake, list[Event], dict[int, str]]
SINCE, UNTIL, DAYS = "2026-11-08", "2026-11-13", 6


SEEDS = (21, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(22, 27)))


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    lake, events = random_lake(request.param, 40)
    complete(lake, NOW)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


def day(one: Event, zone: str) -> str:
    return datetime.fromtimestamp(one.at // 1_000_000, UTC).astimezone(ZoneInfo(zone)).date().isoformat()


def later(day: str, by: int) -> str:
    return (datetime.fromisoformat(day) + timedelta(days=by)).date().isoformat()


def days(world: World, zone: str, *names: str | None) -> dict[str, set[str]]:
    """Owner -> the local days on which they did one of these, or anything."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in world[1]:
        if not names or one.event in names:
            found[world[2][one.load_seq]].add(day(one, zone))
    return found


@pytest.mark.parametrize("new_by", ["event", "anything"])
@pytest.mark.parametrize(("event", "zone"), [("*", "UTC"), ("Viewed", "Asia/Shanghai")])
def test_stages_are_those_of_plain_python(world: World, event: str, zone: str, new_by: Any) -> None:
    names = () if event == "*" else (event,)
    active, seen = days(world, zone, *names), days(world, zone, *(names if new_by == "event" else ()))
    answer = lifecycle(
        world[0], Lifecycle(event=event, since=SINCE, until=UNTIL, timezone=zone, new_by=new_by), NOW
    )
    assert len(answer.stages) == DAYS
    for number, stage in enumerate(answer.stages):
        today, yesterday = later(SINCE, number), later(SINCE, number - 1)
        kinds: Counter[str] = Counter()
        for owner, their in active.items():
            if today not in their:
                kinds["dormant"] += yesterday in their
            elif min(seen[owner]) == today:
                kinds["new"] += 1
            else:
                kinds["returning" if yesterday in their else "resurrecting"] += 1
        assert stage.at[:10] == today
        told = {name: getattr(stage, name) for name in ("new", "returning", "resurrecting", "dormant")}
        assert told == {name: kinds[name] for name in told}
    inside = {later(SINCE, number) for number in range(DAYS)}
    assert answer.n == answer.n_mature == sum(bool(their & inside) for their in active.values())


@pytest.mark.parametrize("every", ["hour", "day", "week", "month"])
def test_stages_add_up_with_each_other_and_with_trends(world: World, every: Any) -> None:
    fields: dict[str, Any] = {"since": "2026-11-06T07:30", "until": "2026-11-13", "every": every}
    stages = lifecycle(world[0], Lifecycle(event="Added", timezone="Europe/Berlin", **fields), NOW).stages
    points = trend(
        world[0], Trend(events=("Added",), measure="units", timezone="Europe/Berlin", **fields), NOW
    ).points
    assert [one.active for one in stages] == [one.values[0] for one in points]
    for before, one in pairwise(stages):
        assert None not in (one.new, one.returning, one.resurrecting, before.active)
        assert one.active == (one.new or 0) + (one.returning or 0) + (one.resurrecting or 0)
        assert one.dormant == (before.active or 0) - (one.returning or 0)


def test_who_may_still_come_is_not_dormant(world: World) -> None:
    lake = world[0]
    complete(lake, START + 3 * 24 * HOUR + HOUR)
    stages = lifecycle(lake, Lifecycle(since="2026-11-07", until="2026-11-25"), NOW).stages
    complete(lake, NOW)
    assert [one.complete for one in stages[:3]] == [True, False, False]
    assert stages[0].dormant is not None
    assert stages[1].dormant is None
    assert stages[1].active is not None
    assert stages[-1].active is None


@pytest.mark.parametrize(
    ("criteria", "together"), [(">= 1", 1), (">= 2", 1), ("<=2", 1), ("= 1", 1), (">= 1", 4), ("= 2", 5)]
)
def test_bars_are_those_of_plain_python(world: World, criteria: str, together: int) -> None:
    times: dict[str, Counter[int]] = defaultdict(Counter)
    for one in world[1]:
        back = (datetime.fromisoformat(UNTIL) - datetime.fromisoformat(day(one, "UTC"))).days
        if one.event == "Viewed" and 0 <= back < DAYS:
            times[world[2][one.load_seq]][back // together] += 1
    test = {">": ge, "<": le, "=": eq}[criteria[0]]
    reached = [sum(test(n, int(criteria[-1])) for n in their.values()) for their in times.values()]
    wanted = Counter(one for one in reached if one)
    answer = stickiness(
        world[0],
        Stickiness(event="Viewed", since=SINCE, until=UNTIL, criteria=criteria, together=together),
        NOW,
    )
    assert {bar.intervals: bar.units for bar in answer.bars} == {
        number: wanted[number] for number in range(1, -(-DAYS // together) + 1)
    }
    assert answer.n == answer.n_mature == wanted.total() > 0
    for bar in answer.bars:
        assert bar.at_least == sum(units for number, units in wanted.items() if number >= bar.intervals)
        assert bar.share == bar.units / answer.n
        assert bar.share_at_least == bar.at_least / answer.n


def test_the_statements_that_are_shown_give_the_answers(world: World) -> None:
    where = ("country != it's", "customer.devices >= 1")
    life = lifecycle(world[0], Lifecycle(since=SINCE, until=UNTIL, where=where, timezone="Asia/Kolkata"), NOW)
    rows = world[0].query(life.sql)
    assert [row[1:6] for row in rows] == [
        (one.active, one.new, one.returning, one.resurrecting, one.dormant) for one in life.stages
    ]
    bars = stickiness(world[0], Stickiness(since=SINCE, until=UNTIL, where=where), NOW)
    assert dict(world[0].query(bars.sql)) == {one.intervals: one.units for one in bars.bars if one.units}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"criteria": "> 1"}, "criteria '> 1' will not do"),
        ({"criteria": ">= 0"}, "criteria '>= 0' will not do"),
        ({"criteria": ">= 1) OR (1"}, "will not do"),
        ({"together": 0}, "together: 1 to 6"),
        ({"together": 9}, "together: 1 to 6"),
        ({"event": "Viewd"}, "near it: 'Viewed'"),
        ({"every": "hour", "since": "2020-01-01"}, "more than 1000 intervals"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        stickiness(world[0], Stickiness(**{"since": SINCE, "until": UNTIL, **fields}), NOW)
    assert text in str(refused.value)


def test_an_unknown_event_has_no_lifecycle(world: World) -> None:
    with pytest.raises(BadQuestion) as refused:
        lifecycle(world[0], Lifecycle(event="Viewd", since=SINCE, until=UNTIL), NOW)
    assert "near it: 'Viewed'" in str(refused.value)
