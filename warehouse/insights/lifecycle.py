"""Lifecycle: of those who are there in an interval, who is new, came back, or comes again after a pause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from warehouse.insights.activity import Activity, by_bits
from warehouse.insights.asked import Asked, asking
from warehouse.insights.calendar import Calendar, Every
from warehouse.insights.filters import Selector
from warehouse.insights.period import Period
from warehouse.insights.question import Answer, Question
from warehouse.insights.tables import Table, flat
from warehouse.lake import Lake
from warehouse.statements import statement

if TYPE_CHECKING:
    from warehouse.insights.stages import Stages

NewBy = Literal["event", "anything"]


class Lifecycle(Question, frozen=True, kw_only=True):
    """Who is new, still there, back after a pause, or gone, in each interval."""

    positional: ClassVar[str] = "event"

    event: Annotated[Selector | str, Meta(description="What makes somebody active.")] = "*"
    every: Annotated[Every, Meta(description="Length of an interval.")] = "day"
    new_by: Annotated[
        NewBy, Meta(description="New is who does this event for the first time ever, or anything at all.")
    ] = "event"
    raw: Annotated[bool, Meta(description="Read events also where the roll-up says the same.")] = False


class Stage(Struct, frozen=True):
    """One interval, with units. `at`: when it begins, ISO 8601 in the question's time zone.

    active = new + returning + resurrecting, and dormant = active of the interval before - returning. All are
    null before it begins, and `dormant` until it is over. `complete`: nothing more comes in but late events.
    """

    at: str
    active: int | None
    new: int | None
    returning: int | None
    resurrecting: int | None
    dormant: int | None
    complete: bool


class LifecycleAnswer(Answer, frozen=True, kw_only=True):
    """`n`: units that were active in the range; all are mature once its last interval is over. `source`: what
    was read, the roll-up `daily` or the raw events, and `why_raw`: why these.
    """

    question: Lifecycle
    stages: list[Stage]
    source: Literal["rollup", "raw"]
    why_raw: str | None


def lifecycle(lake: Lake, question: Lifecycle, now: int) -> LifecycleAnswer:
    """New, returning, resurrecting and dormant units by interval. `now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        event = asked.selector(question.event)
        calendar = _from_the_one_before(asked, question.every)
        sql = _sql(asked, question, event, calendar)
        rows, why = _found(asked, question, event, calendar, sql)
        n = rows[0][-1]
        if not n:
            asked.known([event])
        stages = [_stage(row, calendar, asked) for row in rows]
        return LifecycleAnswer(
            question=question,
            stages=stages,
            source="raw" if why else "rollup",
            why_raw=why,
            **asked.told(sql, n, n if stages[-1].complete else 0),
        )


def _found(
    asked: Asked, question: Lifecycle, event: Selector, calendar: Calendar, sql: str
) -> tuple[list[tuple[Any, ...]], str | None]:
    """The rows of the statement, and why events were read for them; None: the roll-up was."""
    known = event if question.new_by == "event" else asked.selector("*")
    activity = Activity(asked, calendar, (known, event), earlier=asked.period.since)

    def marking() -> Stages:
        from warehouse.insights.stages import Stages

        return Stages(activity)

    parts, why = by_bits(activity, raw=question.raw, beyond=None, marking=marking)
    return (marking().rows(parts) if parts else asked.rows(sql)), why


def _from_the_one_before(asked: Asked, every: Every) -> Calendar:
    """Its interval 0 is the one before the question's first."""
    period = asked.period
    begin = Calendar(Period(period.since, period.since + 1, period.timezone), every).begins[0]
    return Calendar(Period(begin - 1, period.until, period.timezone), every)


def _sql(asked: Asked, question: Lifecycle, event: Selector, calendar: Calendar) -> str:
    """Columns: number of the interval, units active, new, returning, resurrecting, dormant; n."""
    moment, since = "epoch_us(e.timestamp)", asked.values.bind(asked.period.since)
    is_one = asked.is_one(event)
    inside = f"({moment} < {calendar.begins[1]} OR {moment} >= {since})"
    return statement(
        "insights/lifecycle",
        happened=asked.happened(
            {"number": calendar.number(moment), "active": f"{is_one} AND {inside}"},
            [is_one] if question.new_by == "event" else [],
            earlier=asked.period.since,
        ),
        size=calendar.size,
    )


def _stage(row: Sequence[Any], calendar: Calendar, asked: Asked) -> Stage:
    number, active, new, returning, resurrecting, dormant, _ = row
    complete = min(calendar.begins[number + 1], asked.period.until) <= asked.complete_us
    at = calendar.at(number)
    if not active and calendar.begins[number] >= asked.complete_us:
        return Stage(at, None, None, None, None, None, complete)
    return Stage(at, active, new, returning, resurrecting, dormant if complete else None, complete)


def lifecycle_table(answer: LifecycleAnswer) -> Table:
    """One row an interval."""
    return flat(answer.stages, Stage)
