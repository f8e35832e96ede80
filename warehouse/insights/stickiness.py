"""Stickiness: in how many intervals of the range units did something."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.activity import Activity, by_bits
from warehouse.insights.asked import Asked, asking
from warehouse.insights.calendar import Calendar, Every
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.question import Answer, Question
from warehouse.insights.tables import Table, flat
from warehouse.lake import Lake
from warehouse.statements import statement

if TYPE_CHECKING:
    from warehouse.insights.habits import Habits

_CRITERIA: Final = re.compile(r"(>=|<=|=)\s*(\d{1,9})")


class Stickiness(Question, frozen=True, kw_only=True):
    """In how many days, weeks or months of the range somebody did it."""

    positional: ClassVar[str] = "event"

    event: Annotated[Selector | str, Meta(description="What has to be done.")] = "*"
    every: Annotated[Every, Meta(description="Length of an interval.")] = "day"
    together: Annotated[
        int, Meta(description="So many intervals count as one, counted back from the last.")
    ] = 1
    criteria: Annotated[
        str, Meta(description="How often within an interval it takes to count: '>= 1', '<= 3', '= 2'.")
    ] = ">= 1"
    raw: Annotated[bool, Meta(description="Read events also where the roll-up says the same.")] = False


class Bar(Struct, frozen=True):
    """`units`: who did it in exactly so many `intervals`; `at_least`: in so many or more.

    `share` and `share_at_least`: of all `n` units, 0 to 1; null where there are none.
    """

    intervals: int
    units: int
    share: float | None
    at_least: int
    share_at_least: float | None


class StickinessAnswer(Answer, frozen=True, kw_only=True):
    """`bars`: from one interval to all of the range. `n`: units that did it in any; all are mature once the
    range is over. `source`: what was read, the roll-up `daily` or the raw events, and `why_raw`: why these.
    """

    question: Stickiness
    bars: list[Bar]
    source: Literal["rollup", "raw"]
    why_raw: str | None


def stickiness(lake: Lake, question: Stickiness, now: int) -> StickinessAnswer:
    """A histogram of intervals by unit, and how many reach each. `now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        event = asked.selector(question.event)
        calendar = Calendar(asked.period, question.every)
        sql = _sql(asked, question, event, calendar)
        rows, why = _found(asked, question, event, calendar, sql)
        counts = dict(rows)
        if not counts:
            asked.known([event])
        n = sum(counts.values())
        mature = n if asked.period.until <= asked.complete_us else 0
        most = -(-calendar.size // question.together)
        return StickinessAnswer(
            question=question,
            bars=_bars(counts, most),
            source="raw" if why else "rollup",
            why_raw=why,
            **asked.told(sql, n, mature),
        )


def _found(
    asked: Asked, question: Stickiness, event: Selector, calendar: Calendar, sql: str
) -> tuple[list[tuple[Any, ...]], str | None]:
    """The rows of the statement, and why events were read for them; None: the roll-up was."""
    activity = Activity(asked, calendar, (event,))

    def marking() -> Habits:
        from warehouse.insights.habits import Habits

        return Habits(activity, question.together)

    beyond = None if _criteria(question) == ">= 1" else "it counts how often within an interval"
    parts, why = by_bits(activity, raw=question.raw, beyond=beyond, marking=marking)
    return (marking().rows(parts) if parts else asked.rows(sql)), why


def _sql(asked: Asked, question: Stickiness, event: Selector, calendar: Calendar) -> str:
    """Columns: number of intervals, units."""
    if not 1 <= question.together <= calendar.size:
        raise BadQuestion(
            f"together: 1 to {calendar.size}, the intervals of the range, would do, not {question.together}"
        )
    number = calendar.number("epoch_us(e.timestamp)")
    if question.together > 1:
        number = f"({calendar.size - 1} - {number}) // {question.together}"
    return statement(
        "insights/stickiness",
        happened=asked.happened({"number": number}, [asked.is_one(event)]),
        criteria=_criteria(question),
    )


def _criteria(question: Stickiness) -> str:
    found = _CRITERIA.fullmatch(question.criteria.strip())
    if found is None or int(found[2]) < 1:
        raise BadQuestion(f"criteria {question.criteria[:40]!r} will not do; '>= 2', '<= 3' or '= 1' would")
    return f"{found[1]} {int(found[2])}"


def _bars(counts: dict[int, int], most: int) -> list[Bar]:
    units = [counts.get(number, 0) for number in range(1, most + 1)]
    n = sum(units)
    reached = [*accumulate(reversed(units))][::-1]
    return [
        Bar(number, alone, alone / n if n else None, more, more / n if n else None)
        for number, (alone, more) in enumerate(zip(units, reached, strict=True), 1)
    ]


def stickiness_table(answer: StickinessAnswer) -> Table:
    """One row a number of intervals."""
    return flat(answer.bars, Bar)
