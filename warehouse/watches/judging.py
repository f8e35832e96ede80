"""Which intervals of a series are an alarm, by limits, by a week before, and by the series' own past."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import scipy

from warehouse.insights.baseline import Floats, Ints, expected
from warehouse.insights.period import span
from warehouse.registry.alerts import Judgement
from warehouse.watches.definition import LENGTHS, Alarm, Watch
from warehouse.watches.intervals import season_of
from warehouse.watches.metrics import Measured, Series

SEASONS: Final = {"hour": 168, "day": 7, "week": 1}
_LEAST_WEEKS: Final = 8
_CRITICAL: Final = 2.0  # times as far as it takes for an alarm


class Band(msgspec.Struct, frozen=True):
    """Where a value may be, by one test; `score` and `reach`: standard deviations, found and allowed."""

    test: str
    expected: float | None
    low: float | None
    high: float | None
    score: float | None = None
    reach: float | None = None

    def side(self, value: float) -> str | None:
        if self.high is not None and value > self.high:
            return "up"
        return "down" if self.low is not None and value < self.low else None


class Columns(msgspec.Struct, frozen=True):
    """A series as arithmetic has it: what is not there is 0 of 0; `seasons`: places in the week."""

    values: Floats
    sizes: Floats
    seasons: Ints


def judged(series: Series, watch: Watch, since: int) -> list[Judgement]:
    """The intervals from `since` (µs UTC) on; those before are their past."""
    points, zone = series.points, watch.question.timezone
    columns = Columns(
        np.array([point.value or 0.0 for point in points], np.float64),
        np.array([0.0 if point.value is None else point.n for point in points], np.float64),
        np.array([season_of(point.at, watch.every, zone) for point in points], np.int64),
    )
    return [_judged(series, at, watch, columns) for at, point in enumerate(points) if point.at >= since]


def _judged(series: Series, at: int, watch: Watch, columns: Columns) -> Judgement:
    point, scale = series.points[at], series.scale
    tests = (_limits(series, at, watch), _change(series, at, watch), _season(series, at, watch, columns))
    bands = [] if point.value is None else [band for band in tests if band is not None]
    alarm, of = _alarm(bands, point, watch.alarm)
    shown = of or (bands[-1] if bands else None)
    numbers = (None, None, None, None) if shown is None else (
        _times(shown.expected, scale), _times(shown.low, scale), _times(shown.high, scale), shown.score
    )  # fmt: skip
    found = Judgement(point.at, point.until, _times(point.value, scale), point.n, *numbers)
    if of is None:
        return msgspec.structs.replace(found, verdict="usual" if bands else "unknown")
    severity = "critical" if _is_far(of) else watch.severity
    return msgspec.structs.replace(found, verdict="alarm", test=of.test, direction=alarm, severity=severity)


def _alarm(bands: list[Band], point: Measured, alarm: Alarm) -> tuple[str | None, Band | None]:
    """The side and the band of the first test that the value fails."""
    for band in bands:
        side = None if point.value is None else band.side(point.value)
        if side is not None and alarm.direction in ("any", side):
            return side, band
    return None, None


def _is_far(band: Band) -> bool:
    return band.score is not None and band.reach is not None and abs(band.score) > _CRITICAL * band.reach


def _limits(series: Series, at: int, watch: Watch) -> Band | None:
    alarm = watch.alarm
    if (alarm.above, alarm.below) == (None, None) or not _is_enough(series, alarm, at):
        return None
    scale = series.scale
    low, high = (None if limit is None else limit / scale for limit in (alarm.below, alarm.above))
    return Band("limit", None, low, high)


def _is_enough(series: Series, alarm: Alarm, at: int) -> bool:
    """Counts have no volume beside themselves: a limit under which there are few must see that there are."""
    return series.noise == "counts" or series.points[at].n >= alarm.least


def _change(series: Series, at: int, watch: Watch) -> Band | None:
    alarm, before = watch.alarm, at - SEASONS[watch.every]
    if alarm.changed is None or before < 0:
        return None
    usual, point = series.points[before], series.points[at]
    volumes = (usual.n, point.n)
    volume = max(volumes) if series.noise == "counts" else min(volumes)
    if not usual.value or volume < alarm.least:
        return None
    reach = abs(usual.value) * alarm.changed / 100
    return Band("changed", usual.value, usual.value - reach, usual.value + reach)


def _season(series: Series, at: int, watch: Watch, columns: Columns) -> Band | None:
    season, counts = watch.alarm.seasonal, series.noise == "counts"
    if season is None or (watch.every == "week" and at < _LEAST_WEEKS):
        return None
    history = span("history", season.history) // LENGTHS[watch.every]
    sizes = None if counts else columns.sizes
    usual = expected(columns.values, sizes, columns.seasons, at, history, series.noise)
    if usual is None:
        return None
    volume = max(columns.values[at], usual.value) if counts else columns.sizes[at]
    if volume < watch.alarm.least:
        return None
    far = float(scipy.stats.norm.isf(season.chance / 2))
    low, high = usual.value - far * usual.deviation, usual.value + far * usual.deviation
    if series.noise != "free":
        low = max(0.0, low)
    if series.noise == "rates":
        high = min(1.0, high)
    return Band("seasonal", usual.value, low, high, usual.score, far)


def _times(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale
