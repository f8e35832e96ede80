"""The numbers of a watch by interval, whatever insight they come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from warehouse.insights.baseline import Noise
from warehouse.insights.funnel import funnel
from warehouse.insights.question import Question
from warehouse.insights.service import service
from warehouse.insights.survey import survey
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake
from warehouse.times import iso
from warehouse.watches.definition import Watch
from warehouse.watches.intervals import intervals

RATE: Final = re.compile(r"\s*A\s*/\s*B\s*(?:\*\s*100\s*)?")
_COUNTED: Final = ("events", "units")
_OF: Final = {
    "response_median_s": "answered",
    "response_p90_s": "answered",
    "resolution_median_s": "resolved",
    "resolution_p90_s": "resolved",
    "repeat_share": "mature",
}
Numbers = dict[int, tuple[float | None, float]]


class Measured(msgspec.Struct, frozen=True):
    """One interval, `at` to `until` (µs UTC). `value` is null where there is nothing to measure; `n`: of how
    many.
    """

    at: int
    until: int
    value: float | None
    n: float


class Series(msgspec.Struct, frozen=True):
    """Intervals in order of time; rates are 0 to 1, times `scale` as people asked for them."""

    points: list[Measured]
    noise: Noise
    scale: float = 1.0


def series(lake: Lake, watch: Watch, project: str, since: int, until: int, now: int) -> Series:
    """Every whole interval from `since` (when one begins) to `until`; `now`: µs UTC. BadQuestion,
    UnknownName.
    """
    ask = {"trend": _trend, "funnel": _funnel, "survey": _survey, "service": _service}
    name = next(name for name in ask if getattr(watch, name) is not None)
    spans = list(intervals(since, until, watch.every, watch.question.timezone))
    if not spans:
        return Series([], "counts")
    numbers, noise, scale = ask[name](lake, watch, project, spans, now)
    points = [Measured(at, end, *numbers.get(at, (None, 0.0))) for at, end in spans]
    return Series(points, noise, scale)


def _trend(
    lake: Lake, watch: Watch, project: str, spans: Sequence[tuple[int, int]], now: int
) -> tuple[Numbers, Noise, float]:
    asked = _asked(watch.trend, project, spans, every=watch.every)
    found = trend(lake, asked, now)
    counted = asked.measure in _COUNTED
    values: Numbers = {}
    for one in found.points:
        value = one.values[0] if asked.formula is None else one.formula
        values[_moment(one.at)] = value, (one.values[-1] or 0.0)
    if counted and asked.formula is None:
        return {at: (value, value or 0.0) for at, (value, _) in values.items()}, "counts", 1.0
    rate = counted and len(asked.events) == 2 and RATE.fullmatch(asked.formula or "")
    scale = 100.0 if rate and "100" in str(asked.formula) else 1.0
    if rate and all((value or 0.0) <= scale for value, _ in values.values()):
        shares = {at: (None if value is None else value / scale, n) for at, (value, n) in values.items()}
        return shares, "rates", scale
    many = trend(lake, msgspec.structs.replace(asked, measure="events", formula=None), now)
    sizes = {_moment(one.at): float(sum(filter(None, one.values))) for one in many.points}
    return {at: (value, sizes.get(at, 0.0)) for at, (value, _) in values.items()}, "free", 1.0


def _funnel(
    lake: Lake, watch: Watch, project: str, spans: Sequence[tuple[int, int]], now: int
) -> tuple[Numbers, Noise, float]:
    found = funnel(lake, _asked(watch.funnel, project, spans, every=watch.every), now)
    rates = {_moment(one.at): (one.steps[-1].rate, float(one.steps[0].n)) for one in found.parts}
    return rates, "rates", 1.0


def _survey(
    lake: Lake, watch: Watch, project: str, spans: Sequence[tuple[int, int]], now: int
) -> tuple[Numbers, Noise, float]:
    found = survey(lake, _asked(watch.survey, project, spans, every=watch.every), now)
    return {_moment(one.at): (one.score, float(one.n)) for one in found.rows if one.at}, "free", 1.0


def _service(
    lake: Lake, watch: Watch, project: str, spans: Sequence[tuple[int, int]], now: int
) -> tuple[Numbers, Noise, float]:
    """Each interval is a question of its own."""
    found: Numbers = {}
    for at, end in spans:
        whole = service(lake, _asked(watch.service, project, [(at, end)]), now).rows[0]
        number = watch.number or ""
        found[at] = getattr(whole, number), float(getattr(whole, _OF[number]))
    return found, "free", 1.0


def _asked(question: Any, project: str, spans: Sequence[tuple[int, int]], **fields: Any) -> Any:
    """The watch's question about these intervals."""
    assert isinstance(question, Question)
    times = {"project": project, "since": iso(spans[0][0]), "until": iso(spans[-1][1])}
    return msgspec.structs.replace(question, **times, **fields)


def _moment(at: str | None) -> int:
    return int(datetime.fromisoformat(at or "").timestamp()) * 1_000_000


def counted_events(watch: Watch) -> tuple[Any, Any] | None:
    """(event, per) as root causes are looked for; None where the metric is no count and no rate of events."""
    if watch.funnel is not None:
        return watch.funnel.steps[-1], watch.funnel.steps[0]
    asked = watch.trend
    if not isinstance(asked, Trend) or asked.measure not in _COUNTED:
        return None
    if len(asked.events) == 1 and asked.formula is None:
        return asked.events[0], None
    is_rate = len(asked.events) == 2 and RATE.fullmatch(asked.formula or "")
    return (asked.events[0], asked.events[1]) if is_rate else None
