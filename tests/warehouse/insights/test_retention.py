"""Retention against plain Python over small random lakes, and by hand where clocks and edges matter."""

import json
from typing import Any

import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NOW, complete, lake_of, owners, random_lake
from tests.warehouse.insights.cohorts import Cohorts
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.lifecycle import Lifecycle, lifecycle
from warehouse.insights.retention import Retention, retention
from warehouse.lake import Lake

World = tuple[Lake, list[Event], dict[int, str]]
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SINCE, UNTIL = "2026-11-05", "2026-11-09"
COMPLETE = START + 8 * DAY + 5 * HOUR
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")


@pytest.fixture(
    scope="module", params=[11, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 20))]
)
def world(request: pytest.FixtureRequest) -> World:
    lake, events = random_lake(request.param, 50)
    complete(lake, COMPLETE)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"kind": "first"},
    {"kind": "first", "start": "Viewed where country = DE", "returns": "*"},
    {"kind": "first_ever", "start": "Viewed where country = DE", "returns": "Added"},
    {"start": "Viewed", "returns": "Added", "minimum": 2},
    {"cumulative": True},
    {"cumulative": True, "minimum": 2, "kind": "first"},
    {"brackets": (1, 3, 2)},
    {"brackets": (2, 1), "cumulative": True, "minimum": 2},
    {"rolling": True},
    {"rolling": True, "every": "hour", "intervals": 30, "minimum": 2},
    {"rolling": True, "kind": "first", "start": "Viewed", "returns": "*", "brackets": (3, 3)},
    {"every": "hour", "intervals": 12},
    {"every": "week", "intervals": 1},
    {"every": "month", "intervals": 1},
    {"by": ("country",), "returns": "Viewed"},
]


@pytest.mark.parametrize("fields", QUESTIONS, ids=range(len(QUESTIONS)))
def test_equal_to_plain_python(world: World, fields: dict[str, Any]) -> None:
    zone = ZONES[len(world[1]) % 3]
    question = Retention(**{"since": SINCE, "until": UNTIL, "intervals": 5, "timezone": zone, **fields})
    answer = retention(world[0], question, NOW)
    oracle = Cohorts(*world[1:], question, COMPLETE)
    wanted = oracle.matrix()
    assert wanted
    found = {(row.at or "", *row.by): row for row in answer.rows if row.n}
    assert {place: [(one.units or 0, one.n_mature) for one in row.cells] for place, row in found.items()} == {
        place: [(units, n_mature) for units, n_mature, _ in row] for place, row in wanted.items()
    }
    for place, row in wanted.items():
        assert [one.rate for one in found[place].cells] == [
            pytest.approx(hits / n) if n else None for _, n, hits in row
        ]
        assert (found[place].n, found[place].n_mature) == (row[0][0], row[-1][1])
    assert answer.n == sum(bool(oracle.entries(life)) for life in oracle.lives.values())


def person(name: str, *days: float, event: str = "Viewed", **more: Any) -> list[Event]:
    """Events of one device, so many days after the first of all."""
    return [
        Event(0, int(START + day * DAY), f"{name}-{event}-{day}-{number}", "track", name, event=event, **more)
        for number, day in enumerate(days)
    ]


def lake(*people: list[Event]) -> Lake:
    listed = [one for events in people for one in events]
    return lake_of(
        Event(**{**{name: getattr(one, name) for name in one.__struct_fields__}, "load_seq": number})
        for number, one in enumerate(listed, 1)
    )


def units(answer: Any) -> list[list[int | None]]:
    return [[one.units for one in row.cells] for row in answer.rows]


def test_what_has_not_begun_is_null_and_what_is_not_over_has_no_rate() -> None:
    shop = lake(person("a", 0, 1, 2), person("b", 0, 2), person("c", 1, 2))
    complete(shop, START + 2 * DAY + 12 * HOUR)
    answer = retention(shop, Retention(since="2026-11-05", until="2026-11-08", intervals=3), NOW)
    assert units(answer) == [[3 - 1, 1, 2, None], [2, 2, None, None], [3, None, None, None], [None] * 4]
    assert [one.rate for one in answer.rows[0].cells] == [1, 0.5, None, None]
    assert [(row.n, row.n_mature) for row in answer.rows] == [(2, 0), (2, 0), (3, 0), (0, 0)]
    (total,) = answer.totals
    assert (total.n, total.cells[1].units, total.cells[1].n_mature, total.cells[1].rate) == (7, 3, 2, 0.5)
    assert (answer.n, answer.n_mature) == (3, 0)


def test_amounts_of_the_returns() -> None:
    paid = [
        *person("a", 0, 0.1, 1, event="Ordered", properties=json.dumps({"price": 5})),
        *person("a", 1.2, event="Ordered", properties=json.dumps({"price": "10"})),
        *person("b", 0, 1, event="Ordered", properties=json.dumps({"price": None})),
    ]
    shop = lake(paid)
    complete(shop, NOW)
    question = {"since": "2026-11-05", "until": "2026-11-05", "intervals": 2}
    for measure, values in (("sum", [5, 15, 0]), ("avg", [5, 7.5, None])):
        answer = retention(shop, Retention(measure=f"{measure} of properties.price", **question), NOW)  # type: ignore[arg-type]
        assert [one.value for one in answer.rows[0].cells] == values
        assert [one.units for one in answer.rows[0].cells] == [2, 2, 0]


def test_days_where_the_clock_changes() -> None:
    """In New York 2026-11-01 has 25 hours: its last is still day 0, and the day after begins at 05:00Z."""
    before = START - 4 * DAY
    shop = lake(
        [
            Event(1, before + 5 * HOUR, "m1", "track", "a", event="Viewed"),
            Event(2, before + 28 * HOUR + 59 * MINUTE, "m2", "track", "a", event="Viewed"),
            Event(3, before + 29 * HOUR, "m3", "track", "b", event="Viewed"),
            Event(4, before + 53 * HOUR, "m4", "track", "b", event="Viewed"),
        ]
    )
    complete(shop, NOW)
    question = Retention(since="2026-11-01", until="2026-11-03", timezone="America/New_York", intervals=1)
    assert units(retention(shop, question, NOW)) == [[1, 0], [1, 1], [1, 0]]
    assert units(retention(shop, Retention(since="2026-11-01", until="2026-11-03", intervals=1), NOW)) == [
        [1, 1],
        [2, 1],
        [1, 0],
    ]


def test_breakdown_by_the_first_start_and_the_rest_as_other() -> None:
    shop = lake(
        person("a", 0, 1, country="DE"),
        person("b", 0, 1, country="DE"),
        person("c", 0, 1, country="FR"),
        person("d", 0, country="CN"),
        person("a", 0.5, country="FR"),
    )
    complete(shop, NOW)
    question = Retention(since="2026-11-05", until="2026-11-05", intervals=1, by=("country",), top=1)
    answer = retention(shop, question, NOW)
    assert [(row.by, row.n, row.cells[1].units) for row in answer.rows] == [
        (["DE"], 2, 2),
        (["(other)"], 2, 1),
    ]
    assert [(row.by, row.n) for row in answer.totals] == [(["DE"], 2), (["(other)"], 2)]


def test_the_statement_that_is_shown_gives_the_answer(world: World) -> None:
    question = Retention(
        since=SINCE,
        until=UNTIL,
        start="Viewed where properties/a.b~1c = it's",
        returns="* where device_type = mobile",
        kind="first_ever",
        by=("session.device_type", "customer.devices"),
        where=("country != XX",),
        minimum=2,
        intervals=3,
    )
    answer = retention(world[0], question, NOW)
    *cells, everybody = world[0].query(answer.sql)
    assert everybody[3] == answer.n > 0
    assert sum(row[3] for row in cells if row[2] == 0) == sum(row.n for row in answer.rows)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"start": "Viewd"}, "event 'Viewd' is not known here; near it: 'Viewed'"),
        ({"by": ("contry",)}, "near it: 'country'"),
        ({"by": ("country",) * 4}, "by: 0 to 3 would do, not 4"),
        ({"measure": "sum"}, "measure 'sum' is not known"),
        ({"measure": "sum of price"}, "field 'price' is not known"),
        ({"measure": "sum of properties.price", "cumulative": True}, "cumulative counts units"),
        ({"brackets": (3, 0)}, "brackets: widths from 1 on"),
        ({"brackets": (-1,)}, "brackets: widths from 1 on"),
        ({"brackets": (400, 1)}, "together at most 400"),
        ({"intervals": 0}, "intervals: 1 to 400 would do"),
        ({"minimum": 0}, "minimum: 1 to 1000000 would do"),
        ({"top": 101}, "top: 1 to 100 would do"),
        ({"every": "hour", "since": "2020-01-01"}, "more than 1000 intervals"),
        ({"since": "2026-11-09", "until": "2026-11-01"}, "is not before until"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        retention(world[0], Retention(**{"since": SINCE, "until": UNTIL, **fields}), NOW)
    assert text in str(refused.value)


HOSTILE = ("'; DROP TABLE events; -- {marks} $p1", 'x" OR 1=1 --', "b0")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_texts(world: World, text: str) -> None:
    fields: dict[str, Any] = {"since": SINCE, "until": UNTIL}
    whole = retention(world[0], Retention(by=(f"customer.{text}", f"properties.{text}"), **fields), NOW)
    assert whole.n > 0
    assert {tuple(row.by) for row in whole.totals} == {("(none)", "(none)")}
    asks: tuple[dict[str, Any], ...] = (
        {"start": Selector(text)},
        {"measure": f"sum of {text}"},
        {"by": (text,)},
        {"where": (text,)},
    )
    for ask in asks:
        with pytest.raises(BadQuestion):
            retention(world[0], Retention(**fields, **ask), NOW)
    with pytest.raises(BadQuestion):
        lifecycle(world[0], Lifecycle(event=Selector(text), **fields), NOW)
