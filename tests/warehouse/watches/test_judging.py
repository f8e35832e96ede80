"""What is an alarm: planted drops are found, chance raises few, and few events never raise one."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.sessionizer.world import START
from warehouse.registry.alerts import Judgement
from warehouse.watches.definition import LENGTHS, Alarm, Season, Watch, read_watch
from warehouse.watches.judging import judged
from warehouse.watches.metrics import Measured, Series

DAY = LENGTHS["day"]
HISTORY, RANGE = 84, 90
WEEK = np.array([1.0, 1.05, 1.0, 0.95, 1.1, 1.3, 1.25])


def watching(alarm: str, every: str = "day") -> Watch:
    text = f"name: w\nevery: {every}\ntrend: {{events: [A, B], formula: A / B}}\nalarm: {alarm}\n"
    return read_watch(text)


def points(values: Sequence[float | None], sizes: Sequence[float]) -> list[Measured]:
    moments = [START + DAY * number for number in range(len(values))]
    return [
        Measured(at, at + DAY, *one) for at, one in zip(moments, zip(values, sizes, strict=True), strict=True)
    ]


def rates(seed: int, days: int, drop_at: int | None = None, least: int = 2_000) -> Series:
    """A conversion rate near 12 % by the week, of `least` to twice as many; one day is 30 % lower."""
    random = np.random.default_rng(seed)
    chance = 0.12 * WEEK[np.arange(days) % 7] / WEEK.mean()
    if drop_at is not None:
        chance[drop_at] *= 0.7
    sizes = random.integers(least, 2 * least, days)
    values = random.binomial(sizes, chance) / sizes
    return Series(points([*map(float, values)], [*map(float, sizes)]), "rates")


def verdicts(series: Series, watch: Watch, first: int) -> list[Judgement]:
    return judged(series, watch, series.points[first].at)


def found_of(seeds: int) -> int:
    watch = watching("{seasonal: {}}")
    alarms = (verdicts(rates(seed, HISTORY + 1, HISTORY), watch, HISTORY)[0] for seed in range(seeds))
    return sum(one.verdict == "alarm" and one.direction == "down" for one in alarms)


def false_of(seeds: int) -> int:
    watch = watching("{seasonal: {}}")
    return sum(
        one.verdict == "alarm"
        for seed in range(seeds)
        for one in verdicts(rates(seed, HISTORY + RANGE), watch, HISTORY)
    )


def test_a_day_that_is_thirty_percent_lower_is_an_alarm() -> None:
    assert found_of(20) >= 19


def test_chance_raises_at_most_one_in_ninety_days() -> None:
    assert false_of(4) <= 4


@pytest.mark.slow
def test_a_hundred_series() -> None:
    assert found_of(100) >= 95
    assert false_of(100) <= 100


def test_a_flat_series_that_jumps_is_an_alarm_and_few_are_none() -> None:
    for last, verdict in ((500.0, "alarm"), (99.0, "unknown"), (0.0, "unknown")):
        values: list[float | None] = [*[0.0] * 29, last]
        series = Series(points(values, [value or 0.0 for value in values]), "counts")
        assert verdicts(series, watching("{seasonal: {}}"), 29)[0].verdict == verdict


def test_fewer_than_a_hundred_never_raise_an_alarm_alone() -> None:
    series = rates(3, HISTORY + 1, None, least=120)
    series.points[-1] = Measured(series.points[-1].at, series.points[-1].until, 0.0, 99.0)
    (last,) = verdicts(series, watching("{seasonal: {}, below: 0.05, changed: 20}"), HISTORY)
    assert last.verdict == "unknown"
    (last,) = verdicts(series, watching("{seasonal: {}, least: 99}"), HISTORY)
    assert (last.verdict, last.test, last.direction) == ("alarm", "seasonal", "down")


def test_of_several_tests_the_first_that_fails_is_told() -> None:
    series = Series(points([0.5] * 7 + [0.61], [200.0] * 8), "rates")
    cases = {
        "{above: 0.6}": ("alarm", "limit", "up", None),
        "{above: 0.6, direction: down}": ("usual", None, None, None),
        "{below: 0.62}": ("alarm", "limit", "down", None),
        "{above: 0.61}": ("usual", None, None, None),
        "{changed: 20}": ("alarm", "changed", "up", 0.5),
        "{changed: 23}": ("usual", None, None, 0.5),
        "{above: 0.7, changed: 20}": ("alarm", "changed", "up", 0.5),
        "{changed: 20, least: 201}": ("unknown", None, None, None),
    }
    for alarm, told in cases.items():
        (last,) = verdicts(series, watching(alarm), 7)
        assert (last.verdict, last.test, last.direction, last.expected) == told, alarm


def test_a_change_of_counts_is_judged_where_one_of_both_is_many() -> None:
    for last, verdict in ((99.0, "alarm"), (100.0, "alarm"), (130.0, "usual")):
        series = Series(points([150.0] * 7 + [last], [150.0] * 7 + [last]), "counts")
        assert verdicts(series, watching("{changed: 20}"), 7)[0].verdict == verdict
    rare = Series(points([50.0] * 7 + [99.0], [50.0] * 7 + [99.0]), "counts")
    assert verdicts(rare, watching("{changed: 20}"), 7)[0].verdict == "unknown"


def test_a_rate_is_not_expected_beyond_one_nor_below_nought() -> None:
    for level, bound in ((0.99, "high"), (0.01, "low")):
        series = Series(points([level] * 60, [200.0] * 60), "rates")
        found = verdicts(series, watching("{seasonal: {}}"), 59)[0]
        assert getattr(found, bound) == round(level)


def test_nothing_to_measure_is_unknown_and_no_part_of_the_past() -> None:
    series = rates(5, HISTORY + 1, HISTORY)
    clean = verdicts(series, watching("{seasonal: {}}"), HISTORY)[0]
    series.points[HISTORY - 7] = Measured(series.points[HISTORY - 7].at, 0, None, 0.0)
    gap, *_, last = verdicts(series, watching("{seasonal: {}}"), HISTORY - 7)
    assert (gap.verdict, gap.value) == ("unknown", None)
    assert last.expected == pytest.approx(clean.expected, rel=0.02)


def test_a_mean_has_its_own_spread_and_may_be_negative() -> None:
    random = np.random.default_rng(1)
    scores = [*map(float, random.normal(-5, 4, 60)), 40.0]
    series = Series(points([*scores], [150.0] * 61), "free")
    (last,) = verdicts(series, watching("{seasonal: {}}"), 60)
    assert (last.verdict, last.direction, last.severity) == ("alarm", "up", "critical")
    assert last.expected == pytest.approx(-5, abs=2)
    assert last.low is not None
    assert last.low < 0
    flat = Series(points([5.0] * 60 + [5.01], [150.0] * 61), "free")
    assert verdicts(flat, watching("{seasonal: {}}"), 60)[0].verdict == "usual"


def test_percent_come_back_as_they_were_asked_for() -> None:
    series = Series(points([0.5] * 7 + [0.61], [200.0] * 8), "rates", 100.0)
    (last,) = verdicts(series, watching("{above: 60}"), 7)
    assert (last.value, last.high, last.verdict) == (61.0, 60.0, "alarm")


def test_twice_as_far_is_critical() -> None:
    watch = Watch(name="w", alarm=Alarm(seasonal=Season()), trend=watching("{above: 1}").trend)
    drops = {0.0: "critical", 0.085: "warning"}
    for value, severity in drops.items():
        series = rates(2, HISTORY + 1)
        series.points[-1] = Measured(series.points[-1].at, series.points[-1].until, value, 3_000.0)
        (last,) = verdicts(series, watch, HISTORY)
        assert (last.verdict, last.severity) == ("alarm", severity), last
