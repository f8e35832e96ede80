"""A trend over the roll-up is the one over the events, whatever is asked, and says when it cannot be."""

import random
import sys
from typing import Any

import msgspec
import pytest

from tests.warehouse.insights.asked_lake import NAMES, NOW, random_lake
from warehouse.access.scope import scope
from warehouse.access.views import confine_to
from warehouse.insights import bitmap
from warehouse.insights.tally import Tally
from warehouse.insights.trend import Trend, TrendAnswer, trend
from warehouse.lake import Lake

SEEDS = [11, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(40))]
ASKED: dict[str, Any] = {"since": "2026-11-05", "until": "2026-11-14"}
LONG: dict[str, Any] = {"since": "2026-11-05", "until": "2026-11-09"}


@pytest.fixture(scope="module")
def lake() -> Lake:
    return random_lake(8, 60)[0]


def both(lake: Lake, **fields: Any) -> tuple[TrendAnswer, TrendAnswer]:
    question = Trend(**fields)
    return trend(lake, question, NOW), trend(lake, msgspec.structs.replace(question, raw=True), NOW)


@pytest.fixture
def in_columns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """However few rows there are, they are counted in columns. What this was done to: numbers of series."""
    done: list[int] = []

    def counting(self: Tally) -> str | None:
        done.append(len(self.rolled.which))
        return found(self)

    found = Tally.sql
    monkeypatch.setattr(Tally, "sql", counting)
    monkeypatch.setattr(sys.modules["warehouse.insights.trend"], "MANY", 0)
    return done


def said(answer: TrendAnswer) -> tuple[Any, ...]:
    return answer.n, answer.series, answer.points, answer.totals


def asked_at_random(random_: random.Random) -> dict[str, Any]:
    since = random_.randrange(5, 12)
    until = random_.randrange(since, 16)
    events = random_.sample((*NAMES, "*", "page:*"), random_.choice((1, 1, 2, 3)))
    every = random_.choice(("hour", "day", "day", "week", "month", "whole"))
    return {
        "events": tuple(events),
        "measure": random_.choice(("events", "units", "units", "events_per_unit")),
        "since": f"2026-11-{since:02}" + random_.choice(("", "", "T05:00:00Z")),
        "until": f"2026-11-{until:02}" + random_.choice(("", "T23:00:00+08:00")),
        "timezone": random_.choice(("UTC", "Asia/Shanghai", "America/New_York")),
        "unit": random_.choice(("customer", "customer", "device")),
        "every": every,
        "by": random_.choice(((), (), (), ("event",), ("type", "event"))),
        "rolling": 1 if every == "whole" else random_.choice((1, 1, 2, 7)),
        "formula": random_.choice((None, "A / 2", "A * A")),
        "top": random_.choice((1, 3, 10)),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_asked_it_says_what_the_events_say(seed: int) -> None:
    random_ = random.Random(seed)
    lake, _ = random_lake(seed, 40)
    for _ in range(40):
        fields = asked_at_random(random_)
        rolled, raw = both(lake, **fields)
        assert (rolled.source, raw.source, rolled.why_raw) == ("rollup", "raw", None), fields
        assert said(rolled) == said(raw), fields


@pytest.mark.parametrize("seed", SEEDS)
def test_counted_in_columns_it_says_the_same(
    seed: int, in_columns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    random_ = random.Random(seed)
    lake, _ = random_lake(seed, 40)
    for number in range(40):
        fields = asked_at_random(random_)
        monkeypatch.setattr(bitmap, "_PART", random_.choice((1, 7, 1 << 15)))
        if number % 3 == 0:  # so long that the bits take several words
            fields |= {"every": "hour", "events": fields["events"][:1], "by": (), **LONG}
        columns, raw = both(lake, **fields)
        assert columns.source == "rollup"
        assert said(columns) == said(raw), fields
    assert len(in_columns) > 20
    assert max(in_columns) > 1


def test_who_has_no_customer_is_counted_in_columns_too(
    in_columns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, _ = random_lake(6, 40)
    question = Trend(**ASKED, events=("*", "Viewed"), measure="units")
    everybody = trend(lake, question, NOW)
    ((gone,),) = lake.query(
        "DELETE FROM identities WHERE customer_id IN"
        " (SELECT customer_id FROM identities GROUP BY ALL HAVING count(*) = 1)"
    )
    strangers = trend(lake, question, NOW)
    assert len(in_columns) == 2
    monkeypatch.setattr(sys.modules["warehouse.insights.trend"], "MANY", 1 << 40)
    assert said(strangers) == said(trend(lake, question, NOW)) == said(everybody)
    assert gone > 3


def test_what_would_take_too_much_memory_is_left_to_the_statement(
    lake: Lake, in_columns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Trend(**ASKED, events=("*", "Viewed"), measure="units")
    found = trend(lake, question, NOW)
    monkeypatch.setattr(bitmap, "_MOST_BYTES", 1)
    monkeypatch.delattr(Tally, "_add")
    assert trend(lake, question, NOW) == found
    assert in_columns == [2, 2]


def test_what_is_remembered_of_ids_ends_with_the_next_commit(in_columns: list[int]) -> None:
    lake, _ = random_lake(7, 20)
    before = trend(lake, Trend(**ASKED, measure="units"), NOW)
    lake.execute("UPDATE identities SET customer_id = (SELECT min(customer_id) FROM identities)")
    lake.execute("UPDATE identities SET evidence = 'same_event'")
    assert trend(lake, Trend(**ASKED, measure="units"), NOW) == before
    lake.execute("CREATE OR REPLACE MACRO lake.current_snapshot() AS TABLE SELECT 8 AS id")
    after = trend(lake, Trend(**ASKED, measure="units"), NOW)
    assert (before.n > 1, after.n) == (True, 1)


REASONS: dict[str, dict[str, Any]] = {
    "it has filters": {"where": ("country = DE",)},
    "it measures sum of properties.price": {"measure": "sum of properties.price"},
    "it is broken down by country": {"by": ("event", "country")},
    "it counts robots": {"bots": True},
    "it counts by user": {"unit": "user"},
    "days of Asia/Kolkata do not begin with an hour of UTC": {"timezone": "Asia/Kolkata"},
    "since lies within an hour": {"since": "2026-11-05T00:30:00Z"},
    "until lies within an hour": {"until": "2026-11-10T12:30:00Z"},
    "asked for": {"raw": True},
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_it_cannot_say_is_read_from_events(lake: Lake, reason: str) -> None:
    answer = trend(lake, Trend(**{**ASKED, **REASONS[reason]}), NOW)
    assert (answer.source, answer.why_raw) == ("raw", reason)


def test_who_sees_a_part_is_answered_from_that_part(in_columns: list[int]) -> None:
    lake, _ = random_lake(5, 20)
    lake.execute(
        "INSERT INTO customer_attributes BY NAME SELECT project, customer_id, 'owner' AS name,"
        " '\"li\"'::JSON AS value FROM customers LIMIT 5"
    )
    everybody = trend(lake, Trend(**ASKED), NOW)
    confine_to(lake, scope((), {"owner": ["li"]}, ()))
    in_columns.clear()
    part, raw = both(lake)
    assert not in_columns  # what is remembered of all ids is not for who sees a part
    assert (everybody.source, part.source) == ("rollup", "rollup")
    assert said(part) == said(raw)
    assert 0 < part.n < everybody.n


def test_a_filter_of_one_series_is_one_too(lake: Lake) -> None:
    answer = trend(lake, Trend(**ASKED, events=("Viewed", "Viewed where country = DE")), NOW)
    assert answer.why_raw == "it has filters"


def test_a_part_of_an_hour_in_which_nothing_happened_is_no_hindrance(lake: Lake) -> None:
    fields: dict[str, Any] = {"since": "2026-10-20T00:30:00Z", "until": "2026-11-24T12:30:00Z"}
    rolled, raw = both(lake, **fields)
    assert rolled.source == "rollup"
    assert said(rolled) == said(raw)


def test_while_it_is_filled_events_are_read() -> None:
    lake, _ = random_lake(2, 10)
    lake.execute("DELETE FROM cursors WHERE name = 'rollup'")
    assert trend(lake, Trend(**ASKED), NOW).why_raw == "the roll-up is being filled"
    lake.execute("INSERT INTO cursors SELECT 'rollup', 3, NULL, NULL")
    assert trend(lake, Trend(**ASKED), NOW).why_raw == "the roll-up is being filled"


def test_its_statement_runs_as_it_is_shown(lake: Lake) -> None:
    answer = trend(lake, Trend(**ASKED, events=("Viewed", "*"), measure="units"), NOW)
    assert answer.source == "rollup"
    shown = [row for row in lake.query(answer.sql) if row[0] is not None]
    assert [list(row[5:7]) for row in shown] == [one.values for one in answer.points]


def test_a_point_looks_back_where_nothing_came_in_the_range(lake: Lake) -> None:
    fields = {"events": ("Viewed",), "since": "2026-11-25", "until": "2026-11-26", "every": "month"}
    rolled, raw = both(lake, **fields, measure="events_per_unit", rolling=2)
    assert said(rolled) == said(raw)
    assert rolled.n == 0
    assert rolled.points[0].values[0]
