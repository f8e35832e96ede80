"""Funnels with steps that may be skipped, against every way there is through a person's events."""

from collections import defaultdict
from typing import Any

import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of, owners, random_lake
from tests.warehouse.insights.journeys import DAY, World
from warehouse.insights.errors import BadQuestion
from warehouse.insights.funnel import Funnel, funnel

STEPS = ("Viewed", "Added", "Checkout", "Ordered")
SINCE, UNTIL = "2026-11-06", "2026-11-10"
Moments = list[tuple[int, str]]


def stepped(events: Moments, optional: frozenset[int], within: int, since: int, until: int) -> set[int]:
    """Every step, by number, that some way stands at; one that is optional may be passed over."""
    found: set[int] = set()

    def walk(at: int, number: int, began: int) -> None:
        """From an event on, with step `number` to come."""
        for place in range(at, len(events)):
            moment, name = events[place]
            if number > 1 and moment > began + within:
                break
            if name == STEPS[number - 1] and (number > 1 or since <= moment < until):
                found.add(number)
                if number < len(STEPS):
                    walk(place + 1, number + 1, moment if number == 1 else began)
        if number in optional:
            walk(at, number + 1, began)

    walk(0, 1, 0)
    return found


@pytest.fixture(scope="module")
def world() -> World:
    lake, events = random_lake(11, 150)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


@pytest.mark.parametrize("optional", [(2,), (3,), (2, 3)])
@pytest.mark.parametrize(("told", "within"), [("2d", 2 * DAY), ("40m", 40 * MINUTE)])
def test_every_way_that_may_skip(world: World, optional: tuple[int, ...], told: str, within: int) -> None:
    lake, events, owner = world
    lives: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for one in events:
        turn = STEPS.index(one.event) if one.event in STEPS else 9  # at one moment in the order of the steps
        lives[owner[one.load_seq]].append((one.at, turn, one.event or ""))
    counts = [0] * len(STEPS)
    for life in lives.values():
        moments = [(at, name) for at, _, name in sorted(life)]
        for number in stepped(moments, frozenset(optional), within, START + DAY, START + 6 * DAY):
            counts[number - 1] += 1
    question = Funnel(since=SINCE, until=UNTIL, steps=STEPS, optional=optional, within=told)
    answer = funnel(lake, question, NOW)
    assert [one.n for one in answer.steps] == counts
    assert counts[-1]
    assert answer.question.optional == optional


@pytest.fixture(scope="module")
def four() -> World:
    """a does all, b skips the second step, c does it too late to be within, d does it before."""
    lives = {
        "a": [(0, "Viewed"), (10, "Added"), (20, "Checkout"), (30, "Ordered")],
        "b": [(0, "Viewed"), (40, "Checkout"), (50, "Ordered")],
        "c": [(0, "Viewed"), (5, "Checkout"), (200, "Added")],
        "d": [(0, "Added"), (5, "Viewed"), (9, "Ordered")],
    }
    events: list[Event] = []
    country = {"a": "DE", "b": "DE", "c": "CN", "d": "CN"}
    for device, life in lives.items():
        for minute, name in life:
            seq, at = len(events) + 1, START + DAY + minute * MINUTE
            one = Event(seq, at, f"m{seq}", anonymous_id=device, event=name, country=country[device])
            events.append(one)
    lake = lake_of(events)
    return lake, events, owners(lake, events)


def asked(world: World, **fields: Any) -> Any:
    given = {"since": SINCE, "until": UNTIL, "steps": STEPS, "within": "1h", "optional": (2,), **fields}
    return funnel(world[0], Funnel(**given), NOW)


def test_by_hand(four: World) -> None:
    steps = asked(four).steps
    assert [one.step for one in steps] == [*STEPS]
    assert [one.n for one in steps] == [4, 1, 3, 2]
    assert [one.step_rate for one in steps] == [1.0, 0.25, 0.75, 2 / 3]
    assert [one.median_s for one in steps] == [None, 600.0, 1200.0, 600.0]
    assert [one.n for one in asked(four, optional=()).steps] == [4, 1, 1, 1]
    assert [one.n for one in asked(four, optional=(2, 3)).steps] == [4, 1, 3, 3]


def test_by_day_and_by_value_of_step_one(four: World) -> None:
    parts = asked(four, every="day", by=("country",), attribution="step").parts
    found = {
        part.by[0]: [one.n for one in part.steps]
        for part in parts
        if part.at and part.at[:10] == "2026-11-06"
    }
    assert found == {"DE": [2, 1, 2, 2], "CN": [2, 0, 1, 0]}
    assert all(len(part.steps) == 4 for part in parts)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"optional": (1,)}, "step 1 of 4: one between the first and the last"),
        ({"optional": (4,)}, "step 4 of 4: one between the first and the last"),
        ({"optional": (2, 2)}, "named twice"),
        ({"order": "strict"}, "with order ordered only"),
        ({"order": "any"}, "with order ordered only"),
        ({"exclude": ("Other",)}, "exclusions are between steps that all have to be done"),
        ({"by": ("country",)}, "breakdowns are by step 1"),
        ({"steps": (*STEPS,) * 2, "optional": (2, 3, 4, 5, 6, 7)}, "optional: 0 to 5"),
    ],
)
def test_what_cannot_be_skipped(four: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as found:
        asked(four, **fields)
    assert text in str(found.value)
