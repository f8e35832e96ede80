"""Stickiness: in how many intervals of the range units did something."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Annotated, ClassVar, Final

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.calendar import Calendar, Every
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.question import Answer, Question
from warehouse.insights.tables import Table, flat
from warehouse.lake import Lake
from warehouse.statements import statement

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
    range is over.
    """

    question: Stickiness
    bars: list[Bar]


def stickiness(lake: Lake, question: Stickiness, now: int) -> StickinessAnswer:
    """A histogram of intervals by unit, and how many reach each. `now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        event = asked.selector(question.event)
        calendar = Calendar(asked.period, question.every)
        sql = _sql(asked, question, event, calendar)
        counts = dict(asked.rows(sql))
        if not counts:
            asked.known([event])
        n = sum(counts.values())
        mature = n if asked.period.until <= asked.complete_us else 0
        most = -(-calendar.size // question.together)
        return StickinessAnswer(question=question, bars=_bars(counts, most), **asked.told(sql, n, mature))


def _sql(asked: Asked, question: Stickiness, event: Selector, calendar: Calendar) -> str:
    """Columns: number of intervals, units."""
    if not 1 <= question.together <= calendar.size:
        raise BadQuestion(
            f"together: 1 to {calendar.size}, the intervals of the range, would do, not {question.together}"
        )
    criteria = _CRITERIA.fullmatch(question.criteria.strip())
    if criteria is None or int(criteria[2]) < 1:
        raise BadQuestion(f"criteria {question.criteria[:40]!r} will not do; '>= 2', '<= 3' or '= 1' would")
    number = calendar.number("epoch_us(e.timestamp)")
    if question.together > 1:
        number = f"({calendar.size - 1} - {number}) // {question.together}"
    return statement(
        "insights/stickiness",
        happened=asked.happened({"number": number}, [asked.is_one(event)]),
        criteria=f"{criteria[1]} {int(criteria[2])}",
    )


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
