"""The statement of a retention, put together from what the question says."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec

from warehouse.insights.activity import TOO_MUCH, Activity
from warehouse.insights.asked import Asked
from warehouse.insights.calendar import Calendar
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.trend import NONE, OTHER
from warehouse.statements import statement

if TYPE_CHECKING:
    from warehouse.insights.retention import Retention

_ROLLING_S: Final = {"hour": 3_600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}
_MOST_CELLS: Final = 4_000  # each takes a look at those of its cohort
_AMOUNT: Final = re.compile(r"(sum|avg) of (.+)", re.DOTALL)


class Spans(msgspec.Struct, frozen=True):
    """The columns of the matrix: each from so many intervals after the entry to so many, both counting."""

    lows: list[int]
    highs: list[int]

    @property
    def horizon(self) -> int:
        return self.highs[-1]

    @property
    def titles(self) -> list[str]:
        pairs = zip(self.lows, self.highs, strict=True)
        return [str(low) if low == high else f"{low}-{high}" for low, high in pairs]


def spans(intervals: int, brackets: tuple[int, ...]) -> Spans:
    """Interval 0, then one interval a column, or so many as each bracket is wide."""
    highs = [0, *accumulate(brackets or (1,) * intervals)]
    return Spans([0, *(high + 1 for high in highs[:-1])], highs)


class Cohorts:
    """Puts the statement together. `length`: µs of an interval where each unit has its own, else None.

    `later`: so many µs beyond the period are looked at as well; `from_ever`: and all that came before it.
    """

    def __init__(self, asked: Asked, question: Retention) -> None:
        self.asked, self.question = asked, question
        self.spans = spans(question.intervals, question.brackets)
        self.calendar = Calendar(asked.period, question.every, self.spans.horizon)
        self.length = _ROLLING_S[question.every] * 1_000_000 if question.rolling else None
        self.start = asked.selector(question.start)
        self.returns = self.start if question.returns is None else asked.selector(question.returns)
        last = (self.spans.horizon + 1) * self.length if self.length else 0
        self.later = last or max(0, self.calendar.begins[-1] - asked.period.until)
        self.from_ever = question.kind != "recurring"
        self._amount = _amount(question.measure)
        self._one_by_one = bool(self.length or self._amount)

    @property
    def measured(self) -> bool:
        return self._amount is not None

    @property
    def averages(self) -> bool:
        return self._amount is not None and self._amount[0] == "avg"

    @property
    def apart(self) -> str | None:
        """Why it is not enough to know in which intervals each unit started, and came back."""
        question = self.question
        if self.measured:
            return f"it measures {question.measure}"
        if question.by:
            return f"it is broken down by {question.by[0]}"
        if question.rolling:
            return "each unit has intervals of its own"
        if question.minimum > 1:
            return "it counts how often each came back"
        if question.kind == "first_ever" and self.start.where:
            return "whether somebody enters is told by the first event of a name"
        return TOO_MUCH if self.calendar.size * len(self.spans.lows) > _MOST_CELLS else None

    @property
    def activity(self) -> Activity:
        """Who started and came back when."""
        earlier = self.asked.period.since if self.from_ever else 0
        return Activity(self.asked, self.calendar, (self.start, self.returns), earlier, self.later)

    def sql(self) -> str:
        """Columns: place of the breakdown's value, cohort, column; n, mature n, whether it has begun; units,
        mature units, amount, number of amounts; values of the breakdown. One row more, without a place: n.
        """
        asked, question = self.asked, self.question
        names = [f"b{number}" for number in range(max(len(question.by), 1))]
        tuple_ = bool(question.by) or question.kind == "first_ever"
        least = 0 if self._amount else 1
        return statement(
            "insights/retention",
            happened=self._happened(tuple_),
            marks=statement(f"insights/marks_{'singly' if self._one_by_one else 'by_interval'}"),
            start_of="min(start)",
            again="" if self.length or self.from_ever else ", number",
            moment="start.moment" if tuple_ else "start",
            cohort=self.calendar.number("start.moment" if tuple_ else "start"),
            by=", ".join(f"start.{name} AS {name}" if question.by else f"'' AS {name}" for name in names),
            entered=self._entered(),
            names=", ".join(names),
            named=", ".join(f"CASE WHEN t.place IS NULL THEN '{OTHER}' ELSE {name} END" for name in names),
            nothing=", ".join("NULL" for _ in names),
            top=question.top,
            place=f"coalesce(place, {question.top} + 1)" if question.by else "1",
            placed=f"LEFT JOIN ranked USING ({', '.join(names)})" if question.by else "",
            whole=self._since_entry(asked.complete_us, up=False),
            begun=self._since_entry(asked.complete_us, up=True),
            lows=str(self.spans.lows),
            highs=str(self.spans.highs),
            columns=len(self.spans.lows),
            known=self.spans.horizon if question.cumulative else "high",
            offset=f"(x.moment - n.moment) // {self.length}" if self.length else "x.number - n.cohort",
            follows="x.moment > n.moment" if self._one_by_one else "x.number > n.cohort",
            least=least,
            horizon=self.spans.horizon,
            hits=self._hits(),
        )

    def _happened(self, tuple_: bool) -> str:
        """Events that start something, from the range or from ever, and those that come after."""
        asked, question = self.asked, self.question
        bind, period = asked.values.bind, asked.period
        start, returns = asked.is_one(self.start), asked.is_one(self.returns)
        named = asked.is_one(Selector(self.start.event)) if question.kind == "first_ever" else start
        by = [
            f"'b{number}': coalesce({asked.field(name).text}, '{NONE}')"
            for number, name in enumerate(question.by)
        ]
        moment = "epoch_us(e.timestamp)"
        of = ", ".join([f"'moment': {moment}", f"'other': NOT {start}", *by])
        starts = f"{named} AND {moment} < {bind(period.until)}"
        amount = asked.field(self._amount[1]).number if self._amount else "NULL::DOUBLE"
        columns = {
            "number": self.calendar.number(moment),
            "start": f"CASE WHEN {starts} THEN {f'{{{of}}}' if tuple_ else moment} END",
            "returns": f"({returns} AND {moment} >= {bind(period.since)})",
            "amount": amount,
        }
        having = [f"({starts} OR {columns['returns']})"]
        earlier = period.since if self.from_ever else 0
        return asked.happened(columns, having, earlier=earlier, later=self.later)

    def _entered(self) -> str:
        if not self.from_ever:
            return "TRUE"
        since = self.asked.values.bind(self.asked.period.since)
        tuple_ = self.question.by or self.question.kind == "first_ever"
        moment = "start.moment" if tuple_ else "start"
        return f"{moment} >= {since}" + (" AND NOT start.other" if tuple_ else "")

    def _since_entry(self, until: int, *, up: bool) -> str:
        """SQL: how many intervals have ended since the entry, by a moment; `up`: have begun."""
        if self.length:
            return f"(greatest(0, {until} - moment) + {self.length - 1 if up else 0}) // {self.length}"
        return f"{self.calendar.begun(until) if up else self.calendar.ended(until)} - cohort"

    def _hits(self) -> str:
        question = self.question
        once = not (self._one_by_one or question.brackets or question.cumulative or question.minimum > 1)
        if once:
            return statement("insights/hits_once")
        cases = [f"WHEN passed <= {high} THEN {number}" for number, high in enumerate(self.spans.highs)]
        column = f"CASE {' '.join(cases)} END" if question.brackets else "passed"
        found = statement("insights/hits", column=column, minimum=question.minimum)
        return statement("insights/hits_or_after", hits=found) if question.cumulative else found


def _amount(measure: str) -> tuple[str, str] | None:
    """(sum or avg, field), or None for units."""
    found = _AMOUNT.fullmatch(measure.strip())
    if found is None and measure != "units":
        raise BadQuestion(
            f"measure {measure[:60]!r} is not known; units, sum of FIELD or avg of FIELD would do"
        )
    return (found[1], found[2].strip()) if found else None
