"""Funnels against every way through a person's events, over small random lakes full of ties."""

from collections import defaultdict
from contextlib import suppress
from statistics import mean, median
from typing import Any

import pytest

from tests.sessionizer.world import MINUTE, START
from tests.warehouse.insights.asked_lake import NOW, owners, random_lake
from tests.warehouse.insights.journeys import DAY, Found, Rules, World, did, reached
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Filter, Selector
from warehouse.insights.funnel import Funnel, FunnelAnswer, funnel
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake

SINCE, UNTIL = "2026-11-06", "2026-11-10"
PERIOD: dict[str, Any] = {"since": START + DAY, "until": START + 6 * DAY}
STEPS = ("Viewed", "Added", "Ordered")


@pytest.fixture(
    scope="module", params=[3, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (4, 5, 6))]
)
def world(request: pytest.FixtureRequest) -> World:
    lake, events = random_lake(request.param, 120)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


def asked(lake: Lake, **fields: Any) -> FunnelAnswer:
    given = {"since": SINCE, "until": UNTIL, "steps": STEPS, "within": "2d", **fields}
    return funnel(lake, Funnel(**given), NOW)


def ns(answer: FunnelAnswer) -> list[int]:
    return [one.n for one in answer.steps]


def levels(found: Found, steps: int = 3) -> list[int]:
    """How many owners reached each step, whatever they held."""
    far: dict[Any, int] = defaultdict(int)
    for (owner, _), (level, _, _) in found.items():
        far[owner] = max(far[owner], level)
    return [sum(level >= step for level in far.values()) for step in range(1, steps + 1)]


CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"within": "5m"}, {"within": 5 * MINUTE}),
    ({"within": "400d"}, {"within": 400 * DAY}),
    ({"order": "strict"}, {"order": "strict"}),
    ({"order": "strict", "ties": "arrival"}, {"order": "strict", "ties": "arrival"}),
    ({"order": "strict", "ties": "apart"}, {"order": "strict", "ties": "apart"}),
    ({"order": "any", "within": "6h"}, {"order": "any", "within": DAY // 4}),
    ({"ties": "arrival"}, {"ties": "arrival"}),
    ({"ties": "apart"}, {"ties": "apart"}),
    ({"ties": "same_second"}, {"ties": "same_second"}),
    ({"range": "both", "within": "8d"}, {"both": True, "within": 8 * DAY}),
    ({"start": "first"}, {"first": True}),
    ({"like": "posthog"}, {"both": True, "drop": True}),
    ({"like": "sensors"}, {"ties": "arrival"}),
]


@pytest.mark.parametrize(("fields", "rules"), CASES, ids=range(len(CASES)))
def test_counts_and_times(world: World, fields: dict[str, Any], rules: dict[str, Any]) -> None:
    found = reached(did(world), Rules(3, **{**PERIOD, "within": 2 * DAY, **rules}))
    answer = asked(world[0], **fields)
    assert ns(answer) == levels(found)
    for step in (1, 2):
        gaps = [(at[step] - at[step - 1]) / 1e6 for level, at, _ in found.values() if level > step]
        whole = [(at[step] - at[0]) / 1e6 for level, at, _ in found.values() if level > step]
        told = answer.steps[step]
        if not gaps:
            assert (told.n, told.median_s, told.mean_s) == (0, None, None)
            continue
        assert (told.median_s, told.total_median_s) == (median(gaps), median(whole))
        assert (told.mean_s, told.total_mean_s) == pytest.approx((mean(gaps), mean(whole)))
        assert told.rate == told.n / answer.n
        assert told.step_rate == told.n / answer.steps[step - 1].n


REPEATED = [("Viewed", "Viewed", "Viewed"), ("Viewed", "Added", "Viewed"), ("*", "Viewed", "*"), ("*", "*")]


@pytest.mark.parametrize("steps", REPEATED, ids=range(len(REPEATED)))
@pytest.mark.parametrize("order", ["ordered", "strict"])
def test_an_event_is_used_once(world: World, steps: tuple[str, ...], order: str) -> None:
    found = reached(did(world, steps), Rules(len(steps), **PERIOD, within=2 * DAY, order=order))
    assert ns(asked(world[0], steps=steps, order=order)) == levels(found, len(steps))


@pytest.mark.parametrize("excluded", ["stop", "drop"])
@pytest.mark.parametrize("between", [(1, 3), (1, 2), (2, 3)])
@pytest.mark.parametrize("ties", ["sequence", "arrival"])
def test_exclusions(world: World, excluded: str, between: tuple[int, int], ties: str) -> None:
    rules = Rules(3, **PERIOD, within=2 * DAY, ties=ties, drop=excluded == "drop", exclude=(between, (1, 3)))
    found = reached(did(world, exclude=("Other", "Checkout")), rules)
    given = (f"Other between {between[0]} and {between[1]}", "Checkout")
    assert ns(asked(world[0], exclude=given, excluded=excluded, ties=ties)) == levels(found)


def test_exclusion_in_any_order(world: World) -> None:
    rules = Rules(3, **PERIOD, within=2 * DAY, order="any", exclude=((1, 3),))
    found = reached(did(world, exclude=("Other",)), rules)
    assert ns(asked(world[0], exclude=("Other",), order="any")) == levels(found)


def test_a_field_held_constant(world: World) -> None:
    for order in ("ordered", "strict", "any"):
        done = [one for one in did(world, held="country") if one.held is not None]
        found = reached(done, Rules(3, **PERIOD, within=2 * DAY, order=order))
        assert ns(asked(world[0], hold=("country",), order=order)) == levels(found)


@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
@pytest.mark.parametrize("ties", ["sequence", "arrival"])
@pytest.mark.parametrize("first", [False, True])
def test_by_the_day_of_entry(world: World, order: str, ties: str, first: bool) -> None:
    within, told = (DAY // 6, "4h") if ties == "arrival" else (2 * DAY, "2d")
    start = "first" if first else "any"
    answer = asked(world[0], every="day", order=order, ties=ties, start=start, within=told)
    rules = Rules(3, **PERIOD, within=within, order=order, ties=ties, first=first)
    whole = reached(did(world), rules)
    assert ns(answer) == levels(whole)
    assert answer.parts[0].at == "2026-11-06T00:00:00+00:00"
    entered = {owner: at[0] for owner, (_, at, _) in whole.items()} if first else {}
    for number, part in enumerate(answer.parts):
        since = PERIOD["since"] + number * DAY
        day = Rules(3, since, since + DAY, within, order=order, ties=ties, first=first)
        found = reached(did(world), day)
        if first:
            found = {owner: one for owner, one in found.items() if since <= entered[owner] < since + DAY}
        assert [one.n for one in part.steps] == levels(found)


@pytest.mark.parametrize("order", ["ordered", "strict"])
def test_breakdown_by_first_and_last_touch(world: World, order: str) -> None:
    done = [one for one in did(world, value="country") if any(one.is_step)]
    done = [one for one in done if PERIOD["since"] <= one.at < PERIOD["until"] + 2 * DAY]
    found = reached(did(world), Rules(3, **PERIOD, within=2 * DAY, order=order))
    for attribution, how in (("first_touch", min), ("last_touch", max)):
        groups: dict[str, Found] = defaultdict(dict)
        for key, one in found.items():
            mine = [x for x in done if x.owner == key[0] and x.value is not None]
            value = how(mine, key=lambda x: (x.at, x.load_seq)).value if mine else "(none)"
            groups[value][key] = one
        answer = asked(world[0], by=("country",), attribution=attribution, order=order)
        assert {part.by[0]: [one.n for one in part.steps] for part in answer.parts} == {
            value: levels(one) for value, one in groups.items()
        }


@pytest.mark.parametrize("step", [1, 2])
def test_breakdown_by_the_value_at_a_step(world: World, step: int) -> None:
    """Whoever has two values there counts with each, as far as they came with it."""
    done = did(world, value="country")
    rules = Rules(3, **PERIOD, within=2 * DAY)
    seen = [
        one
        for one in done
        if one.is_step[step - 1]
        and PERIOD["since"] <= one.at < PERIOD["until"] + (2 * DAY if step > 1 else 0)
    ]
    answer = asked(world[0], by=("country",), attribution="step", at_step=step)
    have = {one.owner for one in seen}
    for value in ("CN", "DE", None):
        mine = {one.owner for one in seen if one.value == value}
        mine |= {one.owner for one in done if one.owner not in have} if value is None else set()
        kept = [
            one for one in done if one.owner in mine and (not one.is_step[step - 1] or one.value == value)
        ]
        (part,) = (one for one in answer.parts if one.by == [value or "(none)"])
        assert [one.n for one in part.steps] == levels(reached(kept, rules))
    assert ns(answer) == ns(asked(world[0]))


def test_what_is_beyond_top_is_other(world: World) -> None:
    whole, cut = (asked(world[0], by=("country",), top=top) for top in (3, 1))
    entered = [one.steps[0].n for one in whole.parts]
    assert entered == sorted(entered, reverse=True)
    assert entered[0] > entered[-1]
    names = [part.by[0] for part in cut.parts]
    assert names == [whole.parts[0].by[0], "(other)"]
    assert cut.parts[0].steps == whole.parts[0].steps
    for step in range(3):
        assert cut.parts[1].steps[step].n == sum(part.steps[step].n for part in whole.parts[1:])


def test_step_one_are_the_units_of_a_trend(world: World) -> None:
    found = trend(world[0], Trend(since=SINCE, until=UNTIL, events=STEPS[:1], measure="units"), NOW)
    answer = asked(world[0], every="day")
    assert [one.values[0] for one in found.points] == [part.steps[0].n for part in answer.parts]
    assert found.totals[0].values[0] == answer.n


def test_the_statement_that_is_shown_gives_the_answer(world: World) -> None:
    answer = asked(
        world[0],
        by=("country", "properties/a.b~1c"),
        where=("device_type != 'x\"y'",),
        exclude=("Other where properties.price > 5 between 1 and 2",),
        like="posthog",
        every="day",
        attribution="step",
    )
    rows = world[0].query(answer.sql)
    assert [row[5] or 0 for row in rows if row[2] is not None] == [p.steps[0].n for p in answer.parts]
    assert answer.n
    assert (answer.question.range, answer.question.ties) == ("both", "sequence")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"steps": ("Viewed",)}, "steps: 2 to 30 would do, not 1"),
        ({"steps": ("Viewed",) * 50}, "steps: 2 to 30 would do, not 50"),
        ({"steps": ("Vewed", "Added")}, "event 'Vewed' is not known here; near it: 'Viewed'"),
        ({"steps": ("Viewed", "Orderd")}, "event 'Orderd' is not known here; near it: 'Ordered'"),
        ({"within": "soon"}, "within 'soon' is no length of time"),
        ({"within": "0d"}, "within '0d' is no length of time"),
        ({"exclude": ("Other between 2 and 2",)}, "between 2 and 2 is no part of 3 steps"),
        ({"exclude": ("Other between 1 and 9",)}, "between 1 and 3 would do"),
        ({"exclude": ("Other",), "order": "strict"}, "with order strict nothing may come between"),
        ({"exclude": ("Other between 1 and 2",), "order": "any"}, "between the first step and the last"),
        ({"exclude": ("",)}, "an event has no name"),
        ({"steps": ("Viewed", "Viewed"), "order": "any"}, "each would have to be another"),
        ({"hold": ("contry",)}, "near it: 'country'"),
        ({"by": ("country",) * 4}, "by: 0 to 3 would do, not 4"),
        ({"top": 501}, "top: 1 to 500 would do, not 501"),
        ({"at_step": 4}, "at_step: 1 to 3 would do, not 4"),
        ({"every": "hour", "since": "2010-01-01"}, "intervals; 10000 would do"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(world[0], **fields)
    assert text in str(refused.value)


HOSTILE = ["'; DROP TABLE events; --", "$p1", "{keys}", "\\", "a\x00b between 1 and 2", "茶" * 300]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_texts(world: World, text: str) -> None:
    for fields in (
        {"steps": (Selector(text), Selector("*", (Filter("country", "!=", text),)))},
        {"exclude": (text, f"{text} between 1 and 2")},
        {"hold": (f"properties.{text}",), "by": (f"customer.{text}",)},
        {"within": text},
    ):
        with suppress(BadQuestion):
            asked(world[0], **fields)
    assert asked(world[0]).n


def test_many_steps_and_nothing_that_came(world: World) -> None:
    answer = asked(world[0], steps=STEPS * 4, within="400d")
    assert ns(answer)[:3] == ns(asked(world[0], within="400d"))
    empty = asked(world[0], since="2020-01-01", until="2020-01-02", every="day", by=("country",))
    assert [(one.n, one.rate, one.median_s) for one in empty.steps] == [(0, None, None)] * 3
