"""What a campaign changed: before, during and after it, against a comparison or its own history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.conditions import all_of
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.marketing.regression import Coefficient, Floats, regress
from warehouse.insights.measures import measure
from warehouse.insights.period import span
from warehouse.insights.question import Answer, Question
from warehouse.insights.tables import Table, flat
from warehouse.insights.wording import filters
from warehouse.lake import Lake
from warehouse.statements import statement

_DAY_US: Final = 86_400_000_000
_LEAST_BEFORE: Final = 7
_LEAST: Final = 3
_WEEKDAYS_FROM: Final = 14
_EPOCH: Final = date(1970, 1, 1)
Phase = Literal["before", "during", "after"]


class CampaignEffect(Question, frozen=True, kw_only=True):
    """What a campaign changed: before, during and after it, with a 95 % interval."""

    positional: ClassVar[str] = "event"

    since: Annotated[str, Meta(description="First day of the campaign, or how far back.")] = "14d"
    event: Annotated[Selector | str, Meta(description="What it should have moved.")] = "Order Completed"
    measure: Annotated[str, Meta(description="A day: events, units, or sum of FIELD.")] = "events"
    before: Annotated[str, Meta(description="How long before it the baseline is.")] = "28d"
    after: Annotated[str | None, Meta(description="How long to look on after it.")] = None
    treated: Annotated[
        str | None, Meta(description="Whom it reached: country = DE; without, all but the comparison.")
    ] = None
    comparison: Annotated[
        str | None, Meta(description="Whom it did not reach: country in (AT, CH); without, own history.")
    ] = None
    scale: Annotated[
        Literal["difference", "ratio"], Meta(description="Effects as so many a day, or as a share:")
    ] = "difference"


class PhaseEffect(Struct, frozen=True):
    """One phase. `actual` and `compared`: a day, on average; `expected`: what `actual` would have been.

    `effect` with its 95 % interval `low` to `high`: so many a day, or a share of what was expected (0.1: 10 %
    more) by ratio; `total`: over its days; null before, which is the baseline, and with fewer than 3 days.
    """

    phase: Phase
    since: str
    days: int
    actual: float
    compared: float | None
    expected: float | None
    effect: float | None
    low: float | None
    high: float | None
    p_value: float | None
    total: float | None


class CampaignEffectAnswer(Answer, frozen=True, kw_only=True):
    """`method` is difference_in_differences or own_history. Only days that are over are looked at; `n` counts
    units of all phases, `missing_days` those of the question that are not over.
    """

    question: CampaignEffect
    method: Literal["difference_in_differences", "own_history"]
    missing_days: int
    phases: list[PhaseEffect]


class _Days(Struct, frozen=True):
    """The days asked for, by number since 1970: the first, of the campaign the first, the first after it, and
    the end."""

    begin: int
    since: int
    until: int
    end: int
    before_us: int
    after_us: int


def campaign_effect(lake: Lake, question: CampaignEffect, now: int) -> CampaignEffectAnswer:
    """Differences in differences, or against the own weekdays before. `now`: µs UTC. BadQuestion,
    UnknownName.
    """
    if not (question.measure in ("events", "units") or question.measure.startswith("sum of ")):
        text = question.measure[:60]
        raise BadQuestion(f"measure {text!r} will not do; events, units or sum of FIELD would")
    with asking(lake, question, now) as asked:
        days = _days(asked, question)
        selector = asked.selector(question.event)
        sql = _sql(asked, question, selector, days)
        *rows, (_, _, _, n) = asked.rows(sql)
        if not n:
            asked.known([selector])
        end = _over(asked, days, now)
        told = asked.told(sql, n, n if end == days.end else 0)
    treated, compared = _series(rows, days.begin, end, question.comparison is not None)
    return CampaignEffectAnswer(
        question=question,
        method="own_history" if compared is None else "difference_in_differences",
        missing_days=days.end - end,
        phases=_phases(question, days, treated, compared),
        **told,
    )


def _days(asked: Asked, question: CampaignEffect) -> _Days:
    before, after = (_span_days(name, getattr(question, name)) for name in ("before", "after"))
    since, until = (_day(at, question.timezone) for at in (asked.period.since, asked.period.until - 1))
    # An hour more on both sides, for days on which clocks change.
    reach = [days * _DAY_US + _DAY_US for days in (before, after)]
    return _Days(since - before, since, until + 1, until + 1 + after, *reach)


def _span_days(name: str, text: str | None) -> int:
    if text is None:
        return 0
    found = span(name, text)
    if found % _DAY_US:
        raise BadQuestion(f"{name} {text!r} is not of whole days; 28d or 4w would do")
    return found // _DAY_US


def _day(moment: int, timezone: str) -> int:
    return (datetime.fromtimestamp(moment // 1_000_000, ZoneInfo(timezone)).date() - _EPOCH).days


def _over(asked: Asked, days: _Days, now: int) -> int:
    """The first day of which something may still come in. BadQuestion where too few are over."""
    if asked.complete_until is None:
        raise BadQuestion(
            "up to when everything is in is not known yet, so no day is over; a minute of running would do"
        )
    end = min(days.end, _day(min(asked.complete_us, now), asked.question.timezone))
    _enough(days, end)
    return end


def _enough(days: _Days, end: int) -> None:
    if days.since - days.begin < _LEAST_BEFORE:
        raise BadQuestion(f"before: {_LEAST_BEFORE} days or more would do, not {days.since - days.begin}")
    if min(end, days.until) - days.since < _LEAST:
        known = max(0, min(end, days.until) - days.since)
        raise BadQuestion(f"{known} days of it are over and known; {_LEAST} would do: an earlier since")


def _sql(asked: Asked, question: CampaignEffect, selector: Selector, days: _Days) -> str:
    measured = measure(question.measure, asked.field)
    compared = _group(asked, question.comparison, "FALSE")
    treated = _group(asked, question.treated, f"NOT {compared}")
    day = f"(timezone({asked.zone}, e.timestamp)::DATE - DATE '1970-01-01')"
    columns = {"day": day, "treated": treated, "compared": f"({compared} AND NOT {treated})"}
    columns |= {"number": measured.of} if measured.of else {}
    which = [asked.is_one(selector), f"{day} BETWEEN {days.begin} AND {days.end - 1}"]
    return statement(
        "insights/campaign_effect",
        happened=asked.happened(columns, which, earlier=days.before_us, later=days.after_us),
        treated=measured.sql.format(only=" FILTER (treated)"),
        compared=measured.sql.format(only=" FILTER (compared)"),
    )


def _group(asked: Asked, text: str | None, otherwise: str) -> str:
    if text is None:
        return f"({otherwise})"
    found = all_of([asked.holds(one) for one in filters(text)])
    return f"coalesce({found}, FALSE)"


def _series(
    rows: Sequence[tuple[Any, ...]], begin: int, end: int, comparing: bool
) -> tuple[Floats, Floats | None]:
    """What came on each day; nothing is 0."""
    treated, compared = np.zeros(end - begin), np.zeros(end - begin)
    for day, one, other, _ in rows:
        if begin <= day < end:
            treated[day - begin], compared[day - begin] = one or 0, other or 0
    return treated, compared if comparing else None


def _phases(
    question: CampaignEffect, days: _Days, treated: Floats, compared: Floats | None
) -> list[PhaseEffect]:
    numbers = np.arange(days.begin, days.begin + len(treated))
    masks: dict[Phase, Any] = {
        "before": numbers < days.since,
        "during": (numbers >= days.since) & (numbers < days.until),
        "after": numbers >= days.until,
    }
    present = {name: mask for name, mask in masks.items() if mask.any()}
    measured: dict[Phase, Any] = {
        name: mask for name, mask in present.items() if name != "before" and mask.sum() >= _LEAST
    }
    used = masks["before"] | np.logical_or.reduce(list(measured.values()))
    columns = [np.ones(len(treated)), *(mask.astype(np.float64) for mask in measured.values())]
    if compared is None and masks["before"].sum() >= _WEEKDAYS_FROM:
        columns += [(numbers % 7 == one) - (numbers % 7 == 6) * 1.0 for one in range(6)]
    y = _scaled(question, treated, compared)
    found = regress(np.column_stack(columns)[used], y[used])[1:]
    effects: dict[Phase, Coefficient] = dict(zip(measured, found, strict=False))
    return [
        _phase(name, numbers[mask], treated[mask], _part(compared, mask), effects.get(name), question.scale)
        for name, mask in present.items()
    ]


def _part(compared: Floats | None, mask: Any) -> Floats | None:
    return None if compared is None else np.asarray(compared[mask])


def _scaled(question: CampaignEffect, treated: Floats, compared: Floats | None) -> Floats:
    if question.scale == "difference":
        return treated if compared is None else treated - compared
    if treated.min() <= 0 or (compared is not None and compared.min() <= 0):
        raise BadQuestion("scale 'ratio': on some days nothing came; 'difference' would do")
    return np.asarray(np.log(treated) - (0 if compared is None else np.log(compared)))


def _phase(
    name: Phase,
    days: Any,
    treated: Floats,
    compared: Floats | None,
    found: Coefficient | None,
    scale: str,
) -> PhaseEffect:
    effect, low, high = (None, None, None) if found is None else _told(found, scale)
    actual = float(treated.mean())
    expected = None
    if effect is not None:
        expected = actual - effect if scale == "difference" else actual / (1 + effect)
    return PhaseEffect(
        phase=name,
        since=(_EPOCH + timedelta(days=int(days[0]))).isoformat(),
        days=len(treated),
        actual=actual,
        compared=None if compared is None else float(compared.mean()),
        expected=expected,
        effect=effect,
        low=low,
        high=high,
        p_value=None if found is None else found.p_value,
        total=None if expected is None else (actual - expected) * len(treated),
    )


def _told(found: Coefficient, scale: str) -> tuple[float, float, float]:
    told = (found.value, found.low, found.high)
    if scale == "difference":
        return told
    share, low, high = (float(np.expm1(one)) for one in told)
    return share, low, high


def campaign_effect_table(answer: CampaignEffectAnswer) -> Table:
    """One row a phase."""
    return flat(answer.phases, PhaseEffect)
