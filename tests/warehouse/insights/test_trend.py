"""Trends against plain Python over small random lakes, and against the statement that is shown."""

import json
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.sessionizer.world import Event
from tests.warehouse.insights.asked_lake import NAMES, NOW, owners, random_lake
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Filter, Selector
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake

World = tuple[Lake, list[Event], dict[int, str]]
SINCE, UNTIL = "2026-11-05", "2026-11-14"


@pytest.fixture(scope="module", params=[3, 4])
def world(request: pytest.FixtureRequest) -> World:
    lake, events = random_lake(request.param, 60)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


def price(one: Event) -> float | None:
    value = json.loads(one.properties or "{}")["price"]
    return None if value is None else float(value)


def day(one: Event, zone: str = "UTC") -> str:
    local = datetime.fromtimestamp(one.at // 1_000_000, UTC).astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0).isoformat()


def asked(lake: Lake, **fields: Any) -> dict[tuple[str | None, ...], list[float | None]]:
    """(interval, values of the breakdown …) -> series, of intervals in which something came."""
    answer = trend(lake, Trend(**{"since": SINCE, "until": UNTIL, **fields}), NOW)
    found = {(one.at, *one.by): one.values for one in [*answer.points, *answer.totals]}
    return {place: values for place, values in found.items() if any(values)}


def test_events_and_units_by_day(world: World) -> None:
    lake, events, owner = world
    counts: dict[tuple[str | None, ...], list[int]] = defaultdict(lambda: [0, 0])
    people: dict[tuple[str | None, ...], list[set[str]]] = defaultdict(lambda: [set(), set()])
    for one in events:
        for number, name in enumerate(NAMES[:2]):
            for place in ((day(one),), (None,)):
                if one.event == name:
                    counts[place][number] += 1
                    people[place][number].add(owner[one.load_seq])
    assert asked(lake, events=NAMES[:2]) == counts
    units = asked(lake, events=NAMES[:2], measure="units")
    assert units == {place: [len(one) for one in sets] for place, sets in people.items()}


def test_days_of_another_time_zone(world: World) -> None:
    lake, events, _ = world
    counts = Counter(day(one, "Asia/Shanghai") for one in events)
    found = asked(lake, since="2026-11-04", until="2026-11-16", timezone="Asia/Shanghai")
    assert found == {(at,): [number] for at, number in counts.items()} | {(None,): [len(events)]}


def test_breakdown_with_the_rest_as_other(world: World) -> None:
    lake, events, owner = world
    people: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
    by_country: dict[str, set[str]] = defaultdict(set)
    for one in events:
        by_country[one.country or "(none)"].add(owner[one.load_seq])
    first = min(by_country, key=lambda name: (-len(by_country[name]), name))
    for one in events:
        name = one.country or "(none)"
        for place in (
            (day(one), name if name == first else "(other)"),
            (None, name if name == first else "(other)"),
        ):
            people[place].add(owner[one.load_seq])
        people[(None,)].add(owner[one.load_seq])
    found = asked(lake, measure="units", by=("country",), top=1)
    assert found == {place: [len(them)] for place, them in people.items()}


def test_rolling_counts_people_once(world: World) -> None:
    lake, events, owner = world
    people: dict[str, set[str]] = defaultdict(set)
    for one in events:
        people[day(one)].add(owner[one.load_seq])
    answer = trend(lake, Trend(since=SINCE, until=UNTIL, measure="units", rolling=3), NOW)
    days = [one.at or "" for one in answer.points]
    assert len(days) == 10
    for number, point in enumerate(answer.points):
        assert point.values == [
            len(set().union(*(people[at] for at in days[max(0, number - 2) : number + 1])))
        ]


def test_measures_of_a_number(world: World) -> None:
    lake, events, _ = world
    prices = [found for one in events if (found := price(one)) is not None]
    for measure, wanted in (
        ("sum of properties.price", sum(prices)),
        ("median of properties.price", median(prices)),
        ("max of properties.price", max(prices)),
    ):
        assert asked(lake, measure=measure, every="whole")[(None,)] == [wanted]


def test_formulas(world: World) -> None:
    lake, events, _ = world
    counts = Counter(one.event for one in events)
    answer = trend(
        lake, Trend(since=SINCE, until=UNTIL, events=("Ordered", "Viewed"), formula="a / B * 100 - 1"), NOW
    )
    (total,) = answer.totals
    assert total.formula == pytest.approx(counts["Ordered"] / counts["Viewed"] * 100 - 1)
    nothing = trend(lake, Trend(since="2026-11-01", until="2026-11-02", formula="A / (A - A)"), NOW)
    assert nothing.totals[0].formula is None


def test_sessions_are_counted_like_the_table_has_them(world: World) -> None:
    lake, _, _ = world
    ((sessions,),) = lake.query("SELECT count(*) FROM sessions")
    assert asked(lake, measure="units", unit="session", bots=True)[(None,)] == [sessions]


def test_the_statement_that_is_shown_gives_the_answer(world: World) -> None:
    lake, _, _ = world
    question = Trend(
        since=SINCE,
        until=UNTIL,
        events=("Ordered where properties.price > 6 and country in (CN, DE)",),
        by=("customer.devices", "session.device_type", "properties/a.b~1c"),
        where=("device_type != desktop", 'properties/a.b~1c = "it\'s"'),
    )
    answer = trend(lake, question, NOW)
    values = Counter(row[-2] for row in lake.query(answer.sql))
    assert values == Counter(one.values[0] for one in [*answer.points, *answer.totals])
    assert answer.totals[0].values[0]
    assert {one.by[2] for one in answer.points} == {"it's"}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"events": ("Orderd",)}, "event 'Orderd' is not known here; near it: 'Ordered'"),
        ({"by": ("contry",)}, "near it: 'country'"),
        ({"project": "shopp"}, "near it: 'shop'"),
        ({"measure": "sum"}, "measure 'sum' is not known"),
        ({"formula": "A / C"}, "formula 'A / C' cannot be read"),
        ({"formula": "__import__('os')"}, "cannot be read"),
        ({"since": "2026-11-09", "until": "2026-11-01"}, "is not before until"),
        ({"since": "yesterday"}, "is no time"),
        ({"timezone": "Mars/Crater"}, "timezone 'Mars/Crater' is not known"),
        ({"every": "hour", "since": "2020-01-01"}, "intervals"),
        ({"events": ("*",) * 21}, "events: 1 to 20 would do, not 21"),
        ({"top": 0}, "top: 1 to 500 would do"),
        ({"where": ("country",)}, "is no filter"),
        ({"where": ("country in DE",)}, "takes a list"),
        ({"where": ("event matches [",)}, "no RE2 expression"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        trend(world[0], Trend(**{"since": SINCE, "until": UNTIL, **fields}), NOW)
    assert text in str(refused.value)


HOSTILE = ["'; DROP TABLE events; --", 'x" OR 1=1 --', "$p1", "{by}", "\\", "%", "a\x00b", "茶" * 300]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_texts(world: World, text: str) -> None:
    lake, events, _ = world
    filters = (Filter("properties." + text, "is set"), Filter("country", "!=", text))
    for fields in (
        {"events": (Selector(text),)},
        {"events": (Selector("*", filters),)},
        {"by": (f"customer.{text}", f"traits.{text}")},
        {"where": (Filter("event", "in", (text,)), Filter("event", "contains", text))},
        {"measure": f"sum of {text}"},
        {"project": text},
    ):
        with suppress(BadQuestion):
            trend(lake, Trend(**{"since": SINCE, "until": UNTIL, **fields}), NOW)  # type: ignore[arg-type]
    assert asked(lake)[(None,)] == [len(events)]
