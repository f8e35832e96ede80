"""The effect of a campaign: planted ones found, intervals that hold, and days counted by plain Python."""

import json
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import lake_of
from warehouse.insights.errors import BadQuestion
from warehouse.insights.marketing.effect import CampaignEffect, CampaignEffectAnswer, campaign_effect
from warehouse.insights.marketing.regression import regress
from warehouse.lake import Lake

DAY = 24 * HOUR
NOW = START + 40 * DAY
# The campaign is days 21 to 27, in DE; 5 a day more there than the same day elsewhere.
CAMPAIGN = {"since": "2026-11-26", "until": "2026-12-02"}


def level(day: int, country: str) -> int:
    weekly = 4 + day % 7
    return weekly + (2 if country == "DE" else 0) + (5 if country == "DE" and 21 <= day < 28 else 0)


@pytest.fixture(scope="module")
def lake() -> Lake:
    random_ = random.Random(4)
    moments = [
        (START + day * DAY + random_.randrange(24) * HOUR, country)
        for day in range(35)
        for country in ("DE", "AT")
        for _ in range(level(day, country))
    ]
    events = [
        Event(
            seq,
            at,
            f"m{seq}",
            "track",
            f"d{seq % 50}",
            event="Ordered",
            country=country,
            properties=json.dumps({"price": 3}),
        )
        for seq, (at, country) in enumerate(moments, 1)
    ]
    lake = lake_of(events)
    complete(lake, 35)
    return lake


def complete(lake: Lake, days: int) -> None:
    """Let everything be known until then."""
    lake.execute(
        "UPDATE cursors SET complete_until = make_timestamptz(?) WHERE name = 'stitch'", [START + days * DAY]
    )


def asked(lake: Lake, **fields: Any) -> CampaignEffectAnswer:
    given = {"event": "Ordered", "before": "21d", "after": "7d", **CAMPAIGN, **fields}
    return campaign_effect(lake, CampaignEffect(**given), NOW)


def test_a_planted_effect_against_a_comparison(lake: Lake) -> None:
    answer = asked(lake, treated="country = DE", comparison="country = AT")
    assert (answer.method, answer.missing_days, answer.n, answer.n_mature) == (
        "difference_in_differences", 0, 50, 50,
    )  # fmt: skip
    before, during, after = answer.phases
    assert (before.phase, before.since, before.days, before.effect) == ("before", "2026-11-05", 21, None)
    assert (before.actual, before.compared) == (9, 7)
    assert (during.since, during.days, during.actual) == ("2026-11-26", 7, 14)
    assert (during.effect, during.low, during.high) == pytest.approx((5, 5, 5), abs=1e-6)
    assert (during.expected, during.total) == pytest.approx((9, 35))
    assert (after.since, after.days) == ("2026-12-03", 7)
    assert after.effect == pytest.approx(0, abs=1e-9)
    assert asked(lake, comparison="country = AT").phases == answer.phases
    worth = asked(lake, comparison="country = AT", measure="sum of properties.price").phases[1]
    assert worth.effect == pytest.approx(15)


def test_by_ratio_and_by_own_history(lake: Lake) -> None:
    _, during, _ = asked(lake, treated="country = DE", scale="ratio").phases
    weekly = [np.log((level(21 + day, "DE")) / level(day, "DE")) for day in range(7)]
    assert during.effect == pytest.approx(np.expm1(np.mean(weekly)), rel=1e-6)
    own = asked(lake, treated="country = DE", after=None)
    assert own.method == "own_history"
    assert [one.phase for one in own.phases] == ["before", "during"]
    assert own.phases[1].effect == pytest.approx(5)


def test_weekdays_are_told_apart_from_two_weeks_of_history_on(lake: Lake) -> None:
    """Two whole weeks explain every day; of thirteen days only the mean is known, and weekdays are noise."""
    two, less = (
        asked(lake, treated="country = DE", after=None, before=before).phases[1] for before in ("14d", "13d")
    )
    assert (two.low, two.high) == pytest.approx((5, 5), abs=1e-6)
    assert less.high is not None
    assert less.low is not None
    assert less.high - less.low > 0.5


def test_a_week_before_and_three_days_of_it_are_enough(lake: Lake) -> None:
    """The campaign began on the 22nd day; three days of it are over on the 24th, and on the 23rd only two."""
    complete(lake, 24)
    answer = asked(lake, treated="country = DE", before="7d", after=None)
    complete(lake, 23)
    with pytest.raises(BadQuestion, match="2 days of it are over and known; 3 would do"):
        asked(lake, treated="country = DE", before="7d", after=None)
    complete(lake, 35)
    assert [one.days for one in answer.phases] == [7, 3]
    assert answer.phases[1].effect is not None


def test_weekdays_are_no_part_of_a_comparison(lake: Lake) -> None:
    """Those of both groups are alike, and each column more would cost certainty."""
    answer = asked(lake, comparison="country = AT", after=None)
    rows = [row for row in lake.query(answer.sql) if row[0] is not None]
    days = np.array([row[0] for row in rows])
    during = (days >= days.min() + 21) & (days < days.min() + 28)
    y = np.array([row[1] - row[2] for row in rows], float)
    assert len(y) == 28
    plain = regress(np.column_stack([np.ones(28), during]).astype(float), y)[1]
    assert (answer.phases[1].effect, answer.phases[1].high) == pytest.approx(
        (plain.value, plain.high), abs=1e-9
    )


def test_days_that_are_not_over_are_left_out(lake: Lake) -> None:
    complete(lake, 30)
    answer = asked(lake, treated="country = DE")
    complete(lake, 35)
    assert (answer.missing_days, answer.n_mature) == (5, 0)
    after = answer.phases[2]
    assert (after.days, after.effect, after.low, after.p_value, after.total) == (2, None, None, None, None)
    assert answer.phases[1].effect == pytest.approx(5)


def test_without_knowing_what_is_in_no_day_is_over(lake: Lake) -> None:
    lake.execute("UPDATE cursors SET complete_until = NULL")
    with pytest.raises(BadQuestion, match="no day is over"):
        asked(lake, treated="country = DE")
    complete(lake, 35)


def test_days_of_another_time_zone_and_units(lake: Lake) -> None:
    answer = asked(lake, timezone="Asia/Shanghai", measure="units", unit="device")
    rows = lake.query("SELECT epoch_us(timestamp), anonymous_id FROM events")
    first = (START // DAY) + 0
    seen = {((at + 8 * HOUR) // DAY - first, device) for at, device in rows}
    days = Counter(day for day, _ in seen)
    assert answer.phases[0].actual == pytest.approx(sum(days[day] for day in range(21)) / 21)
    assert answer.phases[1].actual == pytest.approx(sum(days[day] for day in range(21, 28)) / 7)
    assert {row[0] for row in lake.query(answer.sql)} == {*(first + day for day in range(35)), None}


@pytest.mark.parametrize("lasting", [0.0, 0.4])
def test_intervals_hold_what_they_promise(lasting: float) -> None:
    """Of 200 series in which a campaign of 7 days brings 3 a day, about 190 intervals hold the 3."""
    random_, held = np.random.default_rng(5), 0
    for _ in range(200):
        noise = random_.normal(size=42)
        for day in range(1, 42):
            noise[day] += lasting * noise[day - 1]
        days = np.arange(42)
        columns = np.column_stack([np.ones(42), (days >= 28) & (days < 35), days >= 35]).astype(float)
        found = regress(columns, 10 + 3 * columns[:, 1] + noise)[1]
        held += found.low <= 3 <= found.high
    assert 180 <= held < 200


@pytest.mark.parametrize("lasting", [0.5, 0.99])
def test_the_error_of_a_mean_where_noise_lasts(lasting: float) -> None:
    """As days that each take over a part of the day before: at most nine tenths of it."""
    y, n = [1.0, 2.0, 1.5], 40
    draw = np.random.default_rng(4)
    while len(y) < n:
        y.append(lasting * y[-1] + float(draw.normal()) * 0.3)
    off = [one - sum(y) / n for one in y]
    whole = sum(one * one for one in off)
    part = sum(one * other for one, other in zip(off[1:], off[:-1], strict=True)) / whole
    part = min(part + (1 + 3 * part + 1) / n, 0.9)
    assert (part == 0.9) == (lasting == 0.99)
    shared = sum(part ** abs(day - other) for day in range(n) for other in range(n))
    variance = whole / (n - shared / n) * shared / n**2
    (found,) = regress(np.ones((n, 1)), np.array(y))
    assert found.high - found.value == pytest.approx(2.0227 * variance**0.5, rel=1e-4)


def test_chances_agree_with_intervals() -> None:
    """Moved so that its interval ends at 0 a mean has a chance of one in twenty; without noise it is sure."""
    y = np.random.default_rng(9).normal(size=30)
    (found,) = regress(np.ones((30, 1)), y)
    (moved,) = regress(np.ones((30, 1)), y - found.low)
    assert (moved.low, moved.p_value) == pytest.approx((0, 0.05), abs=1e-6)
    (none,) = regress(np.ones((4, 1)), np.zeros(4))
    assert none.p_value == 1


def test_coefficients_by_hand() -> None:
    """Means 1 and 4 of two phases: HC3's error of their difference is the root of 2 * 1.5**2 / 3 ..."""
    columns = np.array([[1.0, 0], [1, 0], [1, 0], [1, 1], [1, 1], [1, 1]])
    level_, step = regress(columns, np.array([0.0, 1, 2, 3, 4, 5]))
    assert (level_.value, step.value) == pytest.approx((1, 3))
    # Each residual of 1 is 1.5 without its own row; four of them, over the squares of 3 rows.
    least = 2.776 * (4 * 1.5**2 / 9) ** 0.5
    assert step.high - step.value >= least - 1e-3
    assert 0 < step.p_value < 1


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event": "Orderd"}, "near it: 'Ordered'"),
        ({"measure": "median of properties.price"}, "events, units or sum of FIELD would"),
        ({"before": "6d"}, "before: 7 days or more would do, not 6"),
        ({"before": "36h"}, "before '36h' is not of whole days"),
        ({"after": "soon"}, "after 'soon' is no length of time"),
        ({"since": "2026-12-01", "until": "2026-12-02"}, "2 days of it are over and known; 3 would do"),
        ({"treated": "contry = DE"}, "near it: 'country'"),
        ({"treated": "country = FR", "scale": "ratio"}, "'difference' would do"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(lake: Lake, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(lake, **fields)
    assert text in str(refused.value)
