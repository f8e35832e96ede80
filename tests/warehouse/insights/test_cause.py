"""The slice that was changed is the first; parts sum to the whole."""

import json
import random
from itertools import combinations

import numpy as np
import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import lake_of
from warehouse.insights.cause import Cause, cause
from warehouse.insights.contrast import Cell, effects, score
from warehouse.insights.errors import BadQuestion
from warehouse.lake import Lake

FIELDS = {
    "source": ["wechat", "search", "direct", "mail"],
    "os": ["android", "ios", "windows"],
    "place": ["n", "s"],
}
Place = tuple[tuple[str, str], ...]


def planted(seed: int) -> dict[Place, Cell]:
    """Every slice of two fields at most, of a shop that converts 5 %; wechat on android falls to 2 %."""
    draw = np.random.default_rng(seed)
    cells: dict[Place, Cell] = {}
    for source in FIELDS["source"]:
        for os in FIELDS["os"]:
            for place in FIELDS["place"]:
                n0, n1 = (int(n) for n in draw.integers(1_500, 3_000, 2))
                after = 0.02 if (source, os) == ("wechat", "android") else 0.05
                found = Cell(int(draw.binomial(n0, 0.05)), int(draw.binomial(n1, after)), n0, n1)
                whole = (("source", source), ("os", os), ("place", place))
                for depth in range(3):
                    for at in combinations(whole, depth):
                        cells[at] = plus(cells.get(at, Cell(0, 0, 0, 0)), found)
    return cells


def plus(left: Cell, right: Cell) -> Cell:
    return Cell(left.x0 + right.x0, left.x1 + right.x1, left.n0 + right.n0, left.n1 + right.n1)


def test_the_planted_slice_of_two_fields_is_the_first() -> None:
    firsts = []
    for seed in range(100):
        cells = planted(seed)
        whole = cells.pop(())
        scores = {place: abs(score(cell, whole.without(cell), True)) for place, cell in cells.items()}
        firsts.append(max(scores, key=lambda place: scores[place]))
    assert firsts.count((("source", "wechat"), ("os", "android"))) >= 90


def test_rate_and_mix_sum_to_the_change() -> None:
    cells = planted(7)
    whole = cells[()]
    change = whole.x1 / whole.n1 - whole.x0 / whole.n0
    for name in FIELDS:
        parts = [
            effects(cell, whole) for place, cell in cells.items() if len(place) == 1 and place[0][0] == name
        ]
        assert sum(rate + mix for rate, mix in parts) == pytest.approx(change, abs=1e-12)


@pytest.fixture(scope="module")
def lake() -> Lake:
    """Two days: on the second, mobiles in DE no longer order."""
    draw = random.Random(5)
    events: list[Event] = []
    for number in range(4_000):
        country, device = draw.choice(("DE", "FR", "CN")), draw.choice(("mobile", "desktop"))
        late = number >= 2_000
        ordered = draw.random() < (0.02 if late and (country, device) == ("DE", "mobile") else 0.4)
        for name in ["Viewed", "Ordered"] if ordered else ["Viewed"]:
            events.append(
                Event(
                    len(events) + 1,
                    START + late * 24 * 60 * MINUTE + number * 10_000_000,
                    f"m{len(events)}",
                    anonymous_id=f"d{number % 300}",
                    event=name,
                    country=country,
                    device_type=device,
                    properties=json.dumps({"n": number}),
                )
            )
    return lake_of(events)


def asked(lake: Lake, **fields: object) -> Cause:
    given = {
        "since": "2026-11-06",
        "until": "2026-11-06",
        "by": ("country", "device_type"),
        "event": "Ordered",
    }
    return Cause(**{**given, **fields})  # type: ignore[arg-type]


def test_of_a_rate(lake: Lake) -> None:
    answer = cause(lake, asked(lake, per="Viewed"), START)
    assert (answer.slices[0].fields, answer.slices[0].values) == (
        ["country", "device_type"],
        ["DE", "mobile"],
    )
    assert answer.change is not None
    for parts in answer.parts:
        assert sum(one.change for one in parts.slices) == pytest.approx(answer.change, abs=1e-12)
        assert all(one.change == (one.rate or 0) + (one.mix or 0) for one in parts.slices)
    ((before, after),) = lake.query(
        "SELECT count(*) FILTER (timestamp < '2026-11-06'), count(*) FILTER (timestamp >= '2026-11-06')"
        " FROM events WHERE event = 'Viewed'"
    )
    assert answer.n == before + after


def test_of_a_count_with_the_small_left_to_other(lake: Lake) -> None:
    answer = cause(lake, asked(lake, by=("properties.n", "country"), least=50), START)
    numbers, countries = answer.parts
    assert [one.values for one in numbers.slices] == [["(other)"]]
    assert sum(one.change for one in countries.slices) == answer.change == numbers.slices[0].change
    assert all(one.rate is None for one in answer.slices)


def test_against_a_range_further_back_nothing_in_between_counts(lake: Lake) -> None:
    hour = asked(lake, since="2026-11-06T06:00Z", until="2026-11-06T07:00Z", event="Viewed", back="28h")
    answer = cause(lake, hour, START)
    sql = "SELECT count(*) FROM events WHERE event = 'Viewed' AND date_trunc('hour', timestamp)::VARCHAR = ?"
    hours = ("2026-11-05 02:00:00+00", "2026-11-06 06:00:00+00")
    before, after = (lake.query(sql, [at])[0][0] for at in hours)
    assert (answer.before, answer.after, answer.n) == (before, after, before + after)
    assert before


def test_what_comes_as_the_range_begins_is_in_it_and_so_many_as_least_are_shown() -> None:
    since = START + 24 * 60 * MINUTE
    rows = [("Viewed", since), ("Ordered", since), ("Viewed", since - 1), ("Viewed", since - 1)]
    events = [
        Event(number, at, f"m{number}", anonymous_id=f"d{number}", event=name, country="DE")
        for number, (name, at) in enumerate(rows, 1)
    ]
    small = lake_of(events)
    answer = cause(small, asked(small, per="Viewed", by=("country",), least=4), START)
    assert (answer.before, answer.after, answer.n) == (0.0, 1.0, 3)
    assert [each.values for each in answer.slices] == [["DE"]]


def test_nothing_in_a_range(lake: Lake) -> None:
    answer = cause(lake, asked(lake, since="2026-11-20", until="2026-11-21", per="Viewed"), START)
    assert (answer.n, answer.before, answer.change, answer.slices) == (0, None, None, [])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"depth": 3}, "depth: 1 to 2"),
        ({"by": ()}, "by: 1 to 8"),
        ({"by": ("country", "country")}, "named twice"),
        ({"least": 0}, "least: 1 to"),
        ({"back": "23h"}, "the two ranges would overlap"),
        ({"event": "Orderd", "since": "2026-11-01", "until": "2026-11-02"}, "near it: 'Ordered'"),
    ],
)
def test_bad_questions(lake: Lake, fields: dict[str, object], text: str) -> None:
    with pytest.raises(BadQuestion, match=text):
        cause(lake, asked(lake, **fields), START)
