"""Planted anomalies are found, and chance raises few alarms."""

import numpy as np
import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import lake_of
from warehouse.insights.anomaly import Anomaly, anomaly
from warehouse.insights.baseline import Floats, Ints, expected
from warehouse.insights.errors import BadQuestion
from warehouse.lake import Lake

DAY = 24 * 60 * MINUTE
HISTORY, SERIES = 84, 90
THRESHOLD = 2.807  # of one alarm in 200 points
WEEK = np.array([1.0, 1.05, 1.0, 0.95, 1.1, 1.3, 1.25])


def rates(seed: int, days: int, drop_at: int | None) -> tuple[Floats, Floats, Ints]:
    """A conversion rate near 12 % of 2,000 to 4,000 a day that follows the week, with one day 30 % lower."""
    random = np.random.default_rng(seed)
    seasons = np.arange(days) % 7
    chance = 0.12 * WEEK[seasons] / WEEK.mean()
    if drop_at is not None:
        chance[drop_at] *= 0.7
    sizes = random.integers(2_000, 4_000, days)
    return random.binomial(sizes, chance) / sizes, sizes.astype(np.float64), seasons


def score(values: Floats, sizes: Floats | None, seasons: Ints, at: int) -> float:
    found = expected(values, sizes, seasons, at, HISTORY)
    assert found is not None
    return found.score


def test_a_day_that_is_thirty_percent_lower_is_found() -> None:
    at = HISTORY
    found = [score(*rates(seed, at + 1, at), at) < -THRESHOLD for seed in range(100)]
    assert sum(found) >= 95


def test_chance_raises_at_most_one_alarm_in_ninety_days() -> None:
    alarms = 0
    for seed in range(10):
        series = rates(seed, HISTORY + SERIES, None)
        alarms += sum(abs(score(*series, at)) > THRESHOLD for at in range(HISTORY, HISTORY + SERIES))
    assert alarms <= 10


def test_one_bad_day_does_not_hide_the_next() -> None:
    values, sizes, seasons = rates(1, HISTORY + 8, None)
    values[HISTORY - 7] = 0.0
    values[HISTORY] *= 0.6
    assert score(values, sizes, seasons, HISTORY) < -THRESHOLD


def test_a_flat_series_that_jumps_is_found() -> None:
    values, seasons = np.zeros(30), np.arange(30) % 7
    values[-1] = 500
    assert score(values, None, seasons, 29) > 100
    values[-1] = 0
    assert score(values, None, seasons, 29) == 0


def test_too_little_past_says_nothing() -> None:
    values, seasons = np.ones(20) * 100, np.arange(20) % 7
    assert expected(values, None, seasons, 13, HISTORY) is None
    assert expected(values, None, seasons, 14, HISTORY) is not None


@pytest.fixture(scope="module")
def lake() -> Lake:
    """Thirty days with 120 views and 30 orders each, but the last: 120 views, 3 orders."""
    events: list[Event] = []
    for day in range(30):
        for number in range(120):
            orders = 3 if day == 29 else 30
            names = ["Viewed", "Ordered"] if number < orders else ["Viewed"]
            for name in names:
                at = START + day * DAY + number * 5 * MINUTE
                seq, device = len(events) + 1, f"d{number}"
                events.append(Event(seq, at, f"m{seq}", anonymous_id=device, event=name))
    events = [
        Event(**{**{f: getattr(one, f) for f in Event.__struct_fields__}, "load_seq": n})
        for n, one in enumerate(events, 1)
    ]
    found = lake_of(events)
    found.execute("UPDATE cursors SET complete_until = TIMESTAMPTZ '2026-12-31'")
    return found


def test_the_insight_judges_each_day_by_those_before(lake: Lake) -> None:
    question = Anomaly(since="2026-11-30", until="2026-12-04", event="Ordered", per="Viewed", least=100)
    answer = anomaly(lake, question, START + 40 * DAY)
    assert [(one.at[:10], one.anomalous) for one in answer.points] == [
        ("2026-11-30", False),
        ("2026-12-01", False),
        ("2026-12-02", False),
        ("2026-12-03", False),
        ("2026-12-04", True),
    ]
    last = answer.points[-1]
    assert (last.value, last.size, last.expected) == (0.025, 120, 0.25)
    assert last.low is not None
    assert last.low > 0.025
    assert answer.since == "2026-11-30T00:00:00Z"


def test_few_never_raise_an_alarm(lake: Lake) -> None:
    question = Anomaly(since="2026-12-04", until="2026-12-04", event="Ordered", per="Viewed", least=121)
    (last,) = anomaly(lake, question, START + 40 * DAY).points
    assert not last.anomalous
    assert (last.score or 0) < -4


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"chance": 0.0}, "chance 0.0"),
        ({"least": -1}, "least -1"),
        ({"history": "6d"}, "two weeks or more"),
        ({"history": "long"}, "is no length of time"),
    ],
)
def test_bad_questions(lake: Lake, fields: dict[str, object], text: str) -> None:
    with pytest.raises(BadQuestion, match=text):
        anomaly(lake, Anomaly(**fields), START)  # type: ignore[arg-type]
