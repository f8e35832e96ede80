"""Who leaves a funnel, who is stuck in it, where it is narrow, and what goes with getting through."""

from collections import defaultdict
from datetime import datetime
from math import exp, log, sqrt
from statistics import median
from typing import Any

import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of, owners, random_lake
from tests.warehouse.insights.journeys import DAY, Rules, World, did, reached
from warehouse.insights.bottleneck import Bottleneck, bottleneck
from warehouse.insights.correlation import Correlation, behaviours, correlation
from warehouse.insights.dropoff import Dropoff, dropoff
from warehouse.insights.errors import BadQuestion
from warehouse.insights.slices import against, slices
from warehouse.insights.stuck import Stuck, stuck
from warehouse.lake import Lake

STEPS = ("Viewed", "Added", "Ordered")
ASKED: dict[str, Any] = {"since": "2026-11-06", "until": "2026-11-10", "steps": STEPS, "within": "2d"}
PERIOD: dict[str, Any] = {"since": START + DAY, "until": START + 6 * DAY}
COMPLETE = START + 7 * DAY


def complete(lake: Lake) -> None:
    lake.execute("UPDATE cursors SET complete_until = TIMESTAMPTZ '2026-11-12' WHERE name = 'stitch'")


@pytest.fixture(scope="module")
def world() -> World:
    lake, events = random_lake(3, 140)
    complete(lake)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1e6)


@pytest.mark.parametrize("step", [1, 2])
def test_who_reached_a_step_and_not_the_next(world: World, step: int) -> None:
    found = reached(did(world), Rules(3, **PERIOD, within=2 * DAY))
    answer = dropoff(world[0], Dropoff(**ASKED, step=step), NOW)
    left = {
        (owner, at[0], at[step - 1], last + 2 * DAY <= COMPLETE)
        for (owner, _), (level, at, last) in found.items()
        if level == step
    }
    assert {(one.id, micros(one.entered), micros(one.at_step), one.mature) for one in answer.who} == left
    assert answer.left == len(answer.who) == len(left)
    assert answer.n == sum(level >= step for level, _, _ in found.values())
    few = dropoff(world[0], Dropoff(**ASKED, step=step, limit=2), NOW)
    assert (few.who, few.left) == (answer.who[:2], answer.left)
    assert len(world[0].query(answer.sql)) == answer.left


@pytest.mark.parametrize("unit", ["device", "user", "session"])
def test_ids_of_other_units(world: World, unit: str) -> None:
    lake, events, _ = world
    answer = dropoff(lake, Dropoff(**ASKED, unit=unit), NOW)  # type: ignore[arg-type]
    known = {
        "device": {one.anonymous_id for one in events},
        "user": {one.user_id for one in events},
        "session": {id for (id,) in lake.query("SELECT session_id FROM sessions")},
    }
    assert answer.left == len({one.id for one in answer.who})
    assert {one.id for one in answer.who} <= known[unit]


def test_who_is_stuck(world: World) -> None:
    found = reached(did(world), Rules(3, **PERIOD, within=2 * DAY))
    answer = stuck(world[0], Stuck(**ASKED, longer="4d"), NOW)
    waits: dict[str, list[int]] = defaultdict(list)
    late = set()
    for (owner, _), (level, at, _) in found.items():
        if level < 3:
            waits[STEPS[level - 1]].append(COMPLETE - at[-1])
            if COMPLETE - at[-1] > 4 * DAY:
                late.add((owner, STEPS[level - 1], (COMPLETE - at[-1]) / 1e6))
    assert {(one.id, one.step, one.waited_s) for one in answer.who} == late
    assert {(one.step, one.n, one.stuck, one.median_s) for one in answer.steps} == {
        (step, len(these), sum(one > 4 * DAY for one in these), median(these) / 1e6)
        for step, these in waits.items()
    }
    assert [one.waited_s for one in answer.who] == sorted((one for _, _, one in late), reverse=True)
    assert answer.n == len(found)
    assert answer.n_mature == sum(last + 4 * DAY < COMPLETE for _, _, last in found.values())


def test_behaviours_of_those_who_converted_and_of_the_others(world: World) -> None:
    steps = ("Viewed", "Ordered")
    found = reached(did(world, steps), Rules(2, **PERIOD, within=2 * DAY))
    ways = {
        owner: (at[0], at[1] if level == 2 else at[0] + 2 * DAY, level == 2)
        for (owner, _), (level, at, last) in found.items()
        if last + 2 * DAY <= COMPLETE
    }
    counts: dict[str, dict[bool, set[str]]] = defaultdict(lambda: {True: set(), False: set()})
    for one in world[1]:
        opens, closes, converted = ways.get(world[2][one.load_seq], (0, 0, False))
        if opens < one.at < closes and one.event not in steps:
            counts[one.event or ""][converted].add(world[2][one.load_seq])
    answer = correlation(world[0], Correlation(**{**ASKED, "steps": steps}, least=1), NOW)
    assert (answer.entered, answer.converted) == (len(ways), sum(done for _, _, done in ways.values()))
    assert {one.event: (one.n, one.converted) for one in answer.behaviours} == {
        event: (len(both[True] | both[False]), len(both[True])) for event, both in counts.items()
    }
    assert answer.n_mature == answer.entered < answer.n
    with pytest.raises(BadQuestion, match="least: 1 to 10000"):
        correlation(world[0], Correlation(**ASKED, least=0), NOW)


def test_odds_their_interval_and_many_tests() -> None:
    found = {one.event: one for one in behaviours([("A", 60, 40), ("B", 20, 100), ("C", 30, 90)], 100, 300)}
    a, b, c, d = 61, 41, 41, 261
    error = sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    odds = a * d / (b * c)
    assert found["A"].odds == pytest.approx(odds)
    assert (found["A"].low, found["A"].high) == pytest.approx(
        (exp(log(odds) - 1.96 * error), exp(log(odds) + 1.96 * error)), rel=1e-4
    )
    assert found["A"].lift == pytest.approx(60 / 100 / 0.25)
    assert (found["A"].n_without, found["A"].converted_without) == (300, 40)
    ranked = sorted(found.values(), key=lambda one: one.p)
    adjusted = [one.p * 3 / rank for rank, one in enumerate(ranked, 1)]
    assert [one.q for one in ranked] == pytest.approx([min(adjusted[at:]) for at in range(3)])
    assert found["C"].p == pytest.approx(1, abs=0.2)
    assert behaviours([], 0, 0) == []


def narrow() -> tuple[Lake, list[Event]]:
    """Four weeks in which half of all go on; in the last, phones of Germans no longer do."""
    events: list[Event] = []
    for number in range(800):
        week, country, device = (
            number % 4,
            ("DE", "CN")[number // 4 % 2],
            ("mobile", "desktop")[number // 8 % 2],
        )
        at, who = START + week * 7 * DAY + number * MINUTE, f"d{number}"
        goes = number // 16 % 2 and not (week == 3 and (country, device) == ("DE", "mobile"))
        for step, name in enumerate(("Viewed", "Added") if goes else ("Viewed",)):
            fields: dict[str, Any] = {"event": name, "country": country, "device_type": device}
            events.append(Event(len(events) + 1, at + step, f"m{number}-{step}", "track", who, **fields))
    return lake_of(events), events


def test_the_bottleneck_and_the_slice_that_explains_it() -> None:
    lake, _ = narrow()
    lake.execute("UPDATE cursors SET complete_until = TIMESTAMPTZ '2026-12-20' WHERE name = 'stitch'")
    asked: dict[str, Any] = {"since": "2026-11-26", "until": "2026-12-02", "steps": ("Viewed", "Added")}
    answer = bottleneck(lake, Bottleneck(**asked, periods=3, within="1d"), NOW)
    (step,) = answer.steps
    assert (answer.step, step.n, step.n_before, step.expected) == ("Added", 200, 600, 0.5)
    assert step.rate == pytest.approx(0.375, abs=0.01)
    for field in ("device_type", "country", "channel"):
        parts = [one for one in answer.slices if one.field == field]
        assert sum(one.rate_part + one.mix_part for one in parts) == pytest.approx(step.below, abs=1e-12)
    assert (answer.slices[0].field, answer.slices[0].value) in {("device_type", "mobile"), ("country", "DE")}
    given = bottleneck(lake, Bottleneck(**asked, within="1d", benchmark=(0.9,)), NOW)
    assert (given.steps[0].expected, given.steps[0].n_before) == (0.9, 0)
    pulls = [one.part for one in given.slices if one.field == "country"]
    assert sum(pulls) == pytest.approx(given.steps[0].below, abs=1e-12)
    for benchmark in ((0.1,), ()):
        fine = bottleneck(lake, Bottleneck(**asked, within="1d", benchmark=benchmark, least=201), NOW)
        assert (fine.step, fine.slices) == (None, [])
    with pytest.raises(BadQuestion, match="benchmark: 1 rates would do, not 2"):
        bottleneck(lake, Bottleneck(**asked, benchmark=(0.1, 0.2)), NOW)


def test_parts_of_a_change_add_up() -> None:
    now, before = {"a": (10, 5), "b": (30, 3), "new": (5, 5)}, {"a": (20, 10), "b": (20, 10), "gone": (10, 1)}
    found = slices("f", now, before)
    assert sum(one.part for one in found) == pytest.approx(13 / 45 - 21 / 50, abs=1e-12)
    assert found[0].value == "b"
    assert {one.value: one.rate_part for one in found}["new"] == 0
    by_value = {one.value: one for one in found}
    assert by_value["a"].mix_part == pytest.approx((10 / 45 - 20 / 50) * (0.5 - 21 / 50))
    assert by_value["gone"].part == pytest.approx(-10 / 50 * (0.1 - 21 / 50))
    assert sum(one.part for one in against("f", now, 0.5)) == pytest.approx(13 / 45 - 0.5, abs=1e-12)
