"""What is usual: an odd day stands out, a quiet Sunday does not, and chance is not told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest

from warehouse.quality.usual import differs, is_new, judged, usual

FIRST = date(2026, 10, 5)  # a Monday
Counts = dict[date, int]


def counts(days: int, of: Callable[[date], int]) -> Counts:
    return {day: of(day) for day in (FIRST + timedelta(number) for number in range(days))}


def shop(day: date) -> int:
    """Closed at weekends, nearly."""
    return 100 if day.weekday() >= 5 else 1000


def status(known: Counts, day: date, since: date = FIRST) -> str:
    return judged(known, day, since)[0]


@pytest.mark.parametrize("back", range(7))
def test_a_quiet_weekend_is_as_usual(back: int) -> None:
    known = counts(28, shop)
    assert status(known, FIRST + timedelta(27 - back)) == "ok"


def test_a_weekday_that_is_like_a_sunday_is_low() -> None:
    tuesday = FIRST + timedelta(22)
    known = counts(28, shop) | {tuesday: 100}
    assert status(known, tuesday) == "low"
    expected = judged(known, tuesday, FIRST)[1]
    assert expected
    assert expected.expected == 1000


def test_a_day_without_events_is_missing_also_where_the_day_is_not_there() -> None:
    known = counts(20, lambda _: 200)
    assert status(known, FIRST + timedelta(20)) == "missing"


def test_one_odd_day_does_not_move_what_is_usual() -> None:
    known = counts(20, lambda _: 200) | {FIRST + timedelta(12): 90_000}
    assert status(known, FIRST + timedelta(19)) == "ok"
    assert status(known | {FIRST + timedelta(19): 600}, FIRST + timedelta(19)) == "high"


def test_a_new_level_is_usual_after_some_days() -> None:
    known = counts(30, lambda day: 300 if day >= FIRST + timedelta(14) else 100)
    assert status(known, FIRST + timedelta(14)) == "high"
    assert status(known, FIRST + timedelta(24)) == "ok"


def test_nothing_is_said_of_the_first_week() -> None:
    known = counts(7, lambda _: 200)
    assert judged(known, FIRST + timedelta(6), FIRST) == ("ok", None)
    assert status(known, FIRST + timedelta(7)) == "missing"


def test_what_begins_late_is_not_judged_by_the_days_before() -> None:
    since = FIRST + timedelta(10)
    known = {day: 200 for day in counts(20, shop) if day >= since}
    assert status(known, FIRST + timedelta(19), since) == "ok"


@pytest.mark.parametrize("mean", [1, 5, 20, 100, 1000])
def test_chance_is_no_finding(mean: int) -> None:
    """Counts that scatter as chance does, 2,000 days of them."""
    rng = Random(mean)
    known = counts(2000, lambda _: sum(rng.random() < 0.5 for _ in range(2 * mean)))
    assert {status(known, day) for day in known} == {"ok"}


def test_a_few_events_more_or_less_are_no_finding() -> None:
    known = counts(20, lambda _: 3) | {FIRST + timedelta(19): 17}
    assert status(known, FIRST + timedelta(19)) == "ok"
    assert status(known | {FIRST + timedelta(19): 0}, FIRST + timedelta(19)) == "ok"


def test_new_is_what_would_have_been_seen_before() -> None:
    first, until = FIRST + timedelta(10), FIRST + timedelta(12)
    assert is_new({first: 50}, first, FIRST, until)
    assert not is_new({first: 2}, first, FIRST, until)
    assert not is_new({FIRST: 50}, FIRST, FIRST, until)


@pytest.mark.parametrize(
    ("part", "whole", "share", "sure"),
    [
        (50, 100, 0.0, True),
        (50, 100, 0.5, False),
        (1, 1000, 0.0, False),
        (3, 3, 0.0, False),
        (0, 0, 0.5, False),
    ],
)
def test_a_share_differs_or_may_be_chance(part: int, whole: int, share: float, sure: bool) -> None:
    assert (differs(part, whole, share) >= 5) is sure


def test_a_spread_is_never_less_than_chance() -> None:
    assert usual([100] * 10).spread == 15
    assert usual([0] * 10).spread == 1
    assert usual([10_000] * 10).spread == 1000
    assert usual([50, 100, 150]).spread == pytest.approx(74.13)
