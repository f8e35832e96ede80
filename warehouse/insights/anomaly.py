"""Anomalies: points of a metric that its own past does not explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import scipy
from msgspec import Meta, Struct

from warehouse.insights.baseline import Expected, Floats, Ints, expected
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.period import period, span
from warehouse.insights.question import Answer, Question
from warehouse.insights.tables import Table, flat
from warehouse.insights.trend import Point, Trend, trend
from warehouse.lake import Lake
from warehouse.times import iso

_LENGTHS: Final = {"hour": 3_600_000_000, "day": 86_400_000_000}
_SEASONS: Final = {"hour": 168, "day": 7}
_LONGEST: Final = 2_000
_FIRST: Final = "SELECT epoch_us(min(first_seen)) FROM customers WHERE project = coalesce(?, project)"


class Anomaly(Question, frozen=True, kw_only=True):
    """When a metric was not what its own past let expect, by hours or days of the week."""

    positional: ClassVar[str] = "event"

    event: Annotated[Selector | str, Meta(description="What is counted: 'Order Completed'.")] = "*"
    per: Annotated[
        Selector | str | None, Meta(description="Of how many of these; the metric is a rate then.")
    ] = None
    measure: Annotated[str, Meta(description="events, units, or sum of FIELD.")] = "events"
    every: Annotated[Literal["hour", "day"], Meta(description="Length of an interval.")] = "day"
    history: Annotated[str, Meta(description="How far back a point is compared: 84d.")] = "84d"
    chance: Annotated[
        float, Meta(description="How seldom chance alone may raise an alarm: 0.005 is one in 200 points.")
    ] = 0.005
    least: Annotated[int, Meta(description="Smaller counts, or rates of fewer, never raise one.")] = 100


class Judged(Struct, frozen=True):
    """One interval that has ended. `at`: when it began; `size`: of how many a rate is, null for counts.

    `low` to `high` is where chance alone leaves the value; `score`: how many standard deviations it is away
    from what was `expected`. Null where the past is too short to tell.
    """

    at: str
    value: float
    size: float | None
    expected: float | None
    low: float | None
    high: float | None
    score: float | None
    anomalous: bool


class AnomalyAnswer(Answer, frozen=True, kw_only=True):
    """Every interval of the range that had ended, in order of time."""

    question: Anomaly
    points: list[Judged]


def anomaly(lake: Lake, question: Anomaly, now: int) -> AnomalyAnswer:
    """Judges each interval by those before it alone. `now`: µs UTC. BadQuestion, UnknownName."""
    back = _history(question)
    asked = period(question.since, question.until, question.timezone, now)
    found = trend(
        lake, _trend(question, max(asked.since - back, _beginning(lake, question)), asked.until), now
    )
    points = [point for point in found.points if point.complete]
    values = np.array([point.values[0] or 0 for point in points], dtype=np.float64)
    sizes = None if question.per is None else np.array([point.values[1] or 0 for point in points], np.float64)
    if sizes is not None:
        values = np.divide(values, sizes, out=np.zeros_like(values), where=sizes > 0)
    seasons = _seasons(points, question)
    history = back // _LENGTHS[question.every]
    first = next((n for n, point in enumerate(points) if _moment(point) >= asked.since), len(points))
    judged = []
    for at in range(first, len(points)):
        usual, size = expected(values, sizes, seasons, at, history), _size(sizes, at)
        judged.append(_judged(points[at].at or "", usual, float(values[at]), size, question))
    told = msgspec.structs.asdict(found)
    shared = {name: told[name] for name in Answer.__struct_fields__} | {"since": iso(asked.since)}
    return AnomalyAnswer(question=question, points=judged, **shared)


def _history(question: Anomaly) -> int:
    if not 0 < question.chance < 0.5:
        raise BadQuestion(f"chance {question.chance}: more than 0 and less than 0.5 would do, such as 0.005")
    if not 0 <= question.least <= 1_000_000_000:
        raise BadQuestion(f"least {question.least}: 0 to 1000000000 would do")
    back = span("history", question.history)
    season = _SEASONS[question.every] * _LENGTHS[question.every]
    if not 2 * season <= back <= _LONGEST * season:
        raise BadQuestion(f"history {question.history!r}: two weeks or more would do, such as 84d")
    return back


def _beginning(lake: Lake, question: Anomaly) -> int:
    """Since when there is anything at all; before, nothing says what is usual."""
    ((first,),) = lake.query(_FIRST, [question.project])
    return max(0, first or 0)


def _trend(question: Anomaly, since: int, until: int) -> Trend:
    events = (question.event,) if question.per is None else (question.event, question.per)
    shared = {name: getattr(question, name) for name in Question.__struct_fields__}
    shared |= {"since": iso(since), "until": iso(until)}
    return Trend(events=events, measure=question.measure, every=question.every, **shared)


def _seasons(points: Sequence[Point], question: Anomaly) -> Ints:
    """The place of each interval in its week, by the local clock."""
    begins = [datetime.fromisoformat(point.at or "") for point in points]
    if question.every == "day":
        return np.array([begin.weekday() for begin in begins] or [0], dtype=np.int64)
    zone = ZoneInfo(question.timezone)
    local = [begin.astimezone(zone) for begin in begins]
    return np.array([one.weekday() * 24 + one.hour for one in local] or [0], dtype=np.int64)


def _moment(point: Point) -> int:
    begin = datetime.fromisoformat(point.at or "")
    return int(begin.timestamp() * 1_000_000)


def _size(sizes: Floats | None, at: int) -> float | None:
    return None if sizes is None else float(sizes[at])


def _judged(at: str, usual: Expected | None, value: float, size: float | None, question: Anomaly) -> Judged:
    if usual is None:
        return Judged(at, value, size, None, None, None, None, False)
    reach = float(scipy.stats.norm.isf(question.chance / 2)) * usual.deviation
    low = max(0.0, usual.value - reach)
    high = usual.value + reach if size is None else min(1.0, usual.value + reach)
    volume = max(value, usual.value) if size is None else size
    anomalous = bool(not low <= value <= high and volume >= question.least)
    return Judged(at, value, size, usual.value, low, high, usual.score, anomalous)


def anomaly_table(answer: AnomalyAnswer) -> Table:
    """One row an interval."""
    return flat(answer.points, Judged)
