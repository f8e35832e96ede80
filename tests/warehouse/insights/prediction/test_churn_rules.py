"""Churn rules: against plain Python on random lakes, and a small case with its numbers in it."""

from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import complete, lake_of, owners, random_lake
from warehouse.insights.errors import BadQuestion
from warehouse.insights.prediction.churn_rules import (
    ChurnRules,
    ChurnRulesAnswer,
    churn_rules,
    churn_rules_table,
)
from warehouse.insights.prediction.shares import share
from warehouse.lake import Lake
from warehouse.times import iso

DAY = 24 * HOUR
UNTIL = START + 9 * DAY + 5 * HOUR
GIVEN: dict[str, Any] = {
    "since": iso(UNTIL - 5 * DAY),
    "until": iso(UNTIL),
    "silent": "2d",
    "window": "2d",
    "floor": 1,
    "population": "5d",
    "horizon": "2d",
    "every": "1d",
}


def asked(lake: Lake, **fields: Any) -> ChurnRulesAnswer:
    return churn_rules(lake, ChurnRules(**{**GIVEN, **fields}), START + 20 * DAY)


Judged = dict[str, tuple[bool, bool, bool, int, int]]


def judged(lake: Lake, events: list[Event], as_of: int) -> Judged:
    """customer -> (silent, fell, churned, times lately, times before)."""
    whose = owners(lake, events)
    lives: dict[str, list[int]] = defaultdict(list)
    for one in events:
        if not one.is_bot:
            lives[whose[one.load_seq]].append(one.at)
    found = {}
    for who, moments in lives.items():
        back = [as_of - moment for moment in moments]
        if not any(0 < one <= 5 * DAY for one in back):
            continue
        recent = sum(0 < one <= 2 * DAY for one in back)
        before = sum(2 * DAY < one <= 4 * DAY for one in back)
        churned = not any(-2 * DAY < one <= 0 for one in back)
        found[who] = (not recent, before >= 1 and recent <= before / 2, churned, recent, before)
    return found


@pytest.mark.parametrize("seed", [61, 62])
def test_against_plain_python(seed: int) -> None:
    lake, events = random_lake(seed, 40)
    complete(lake, UNTIL - DAY)
    answer = asked(lake)
    dates = [UNTIL - back * DAY for back in range(5, -1, -1)]
    by_date = {iso(date): judged(lake, events, date) for date in dates}
    assert {one.as_of for one in answer.dates} == {iso(date) for date in dates[:3]}
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for one in answer.dates:
        rows = by_date[one.as_of].values()
        of = {"silent": lambda row: row[0], "fall": lambda row: row[1], "any": lambda row: row[0] or row[1]}
        flagged = [row for row in rows if of[one.rule](row)]
        hits = sum(row[2] for row in flagged)
        churned = sum(row[2] for row in rows)
        assert (one.n, one.flagged) == (len(rows), len(flagged))
        assert one.precision.of == len(flagged)
        assert (one.precision.rate or 0) * len(flagged) == pytest.approx(hits)
        assert one.recall.of == churned == round((one.base_rate.rate or 0) * one.n)
        assert (one.recall.rate or 0) * churned == pytest.approx(hits)
        sums[one.rule].update(n=one.n, flagged=one.flagged, hits=hits, churned=churned)
    for whole in answer.rules:
        total = sums[whole.rule]
        assert (whole.n, whole.flagged) == (total["n"], total["flagged"])
        assert whole.precision.rate is not None
        assert whole.precision.rate == total["hits"] / total["flagged"]
        assert whole.recall.rate == total["hits"] / total["churned"]
        assert whole.lift == pytest.approx(whole.precision.rate / (total["churned"] / total["n"]))
    today = by_date[iso(UNTIL)]
    assert answer.looked_at == len(today)
    names = {one.customer: one for one in answer.at_risk if one.customer != "(unknown)"}
    at_risk = {who: row for who, row in today.items() if row[0] or row[1]}
    assert answer.flagged["any"] == len(answer.at_risk) == len(at_risk)
    assert answer.flagged["silent"] == sum(row[0] for row in today.values())
    for who, told in names.items():
        silent, fell, _, recent, before = at_risk[who]
        assert told.rules == [name for name, holds in (("silent", silent), ("fall", fell)) if holds]
        assert (told.times, told.times_before) == (recent, before)
    assert answer.n_mature <= answer.n
    assert lake.query(answer.sql)


def lived(*lives: tuple[int, ...]) -> Lake:
    """A device each, active at noon on these days."""
    events = [(day, f"d{number}") for number, life in enumerate(lives) for day in life]
    found = [
        Event(seq, START + day * DAY + 12 * HOUR, f"m{seq}", "track", device, event="Login")
        for seq, (day, device) in enumerate(events, 1)
    ]
    lake = lake_of(found)
    complete(lake, START + 30 * DAY)
    return lake


def test_a_case_by_hand() -> None:
    """On day 4: d0 goes on, d1 stopped on day 1, d2 paused and came back, d3 stops without a sign."""
    lake = lived((0, 1, 2, 3, 4, 5), (0, 1), (0, 1, 4), (2, 3))
    moment = iso(START + 4 * DAY)
    answer = asked(lake, event="Login", unit="device", since=moment, until=iso(START + 4 * DAY + HOUR))
    (silent,) = (one for one in answer.rules if one.rule == "silent")
    assert (silent.n, silent.flagged) == (4, 2)
    assert (silent.precision.rate, silent.recall.rate, silent.base_rate.rate) == (0.5, 0.5, 0.5)
    assert silent.lift == 1
    assert [(one.customer, one.rules, one.times, one.times_before) for one in answer.at_risk] == [
        ("d1", ["silent", "fall"], 0, 2),
        ("d2", ["silent", "fall"], 0, 2),
    ]
    assert answer.at_risk[0].last_active == iso(START + DAY + 12 * HOUR)
    assert "back-test of silent: 50% of 2 flagged churned" in answer.notes()[0]
    assert "50% of who churned were flagged; lift 1.00" in answer.notes()[0]
    assert [row[0] for row in churn_rules_table(answer).rows] == ["d1", "d2"]
    listed = churn_rules_table(asked(lake, unit="device", customers=0))
    assert listed.rows[0][:2] == ["silent", "all"]


def test_what_came_after_a_day_changes_nothing_that_is_said_of_it() -> None:
    before, after = lived((0, 1), (0, 3)), lived((0, 1, 4, 5), (0, 3, 9))
    moment = {"since": iso(START + 4 * DAY - HOUR), "until": iso(START + 4 * DAY), "unit": "device"}
    one, other = asked(before, **moment), asked(after, **moment)
    assert one.at_risk == other.at_risk
    assert [told.flagged for told in one.rules] == [told.flagged for told in other.rules]
    assert one.rules[0].base_rate.rate == 1
    assert other.rules[0].base_rate.rate == 0.5


def test_days_whose_horizon_is_not_over_are_not_judged() -> None:
    lake = lived((0, 1), (0, 3))
    complete(lake, START + 4 * DAY)
    answer = asked(lake, since=iso(START + 3 * DAY), until=iso(START + 4 * DAY), unit="device")
    assert (answer.rules, answer.dates, answer.n_mature) == ([], [], 0)
    assert answer.notes() == ["no past day has a horizon that is over: not tested"]
    assert answer.n == answer.looked_at == 2


def test_shares_of_units_that_are_counted_several_times() -> None:
    once = share(30, 100)
    assert [once.low, once.high] == pytest.approx([0.2189, 0.3958], abs=1e-4)
    # 30 of 100 units, each counted four times with the same outcome: as much is known as of 100.
    again = share(120, 400, [30 * 16, 30 * 16, 100 * 16])
    assert [again.low, again.high] == pytest.approx([once.low, once.high])
    assert share(0, 0).rate is None
    assert share(400, 400, [1600, 1600, 1600]).low == pytest.approx(share(100, 100).low)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event": "Logn"}, "near it: 'Login'"),
        ({"silent": "36h"}, "silent '36h' is no number of whole days; 7d or 4w would do"),
        ({"silent": "60d"}, "leaves nobody of a population of '5d'"),
        ({"horizon": "soon"}, "horizon 'soon' is no length of time"),
        ({"fall": 0.0}, "fall: 0.01 to 1.0 would do"),
        ({"fall": float("nan")}, "fall: 0.01 to 1.0 would do, not nan"),
        ({"floor": 0}, "floor: 1 to"),
        ({"since": "2000d"}, "makes 2001 days; 400 would do"),
        ({"customers": -1}, "customers: 0 to 100000 would do"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(fields: dict[str, Any], text: str) -> None:
    lake = lived((0, 1))
    with pytest.raises(BadQuestion) as refused:
        asked(lake, **{"unit": "device", **fields})
    assert text in str(refused.value)
