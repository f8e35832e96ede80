"""Retention: who, having started, comes back in which later interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.activity import by_bits
from warehouse.insights.asked import asking
from warehouse.insights.calendar import Every
from warehouse.insights.cohorts import Cohorts
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.lake import Lake

if TYPE_CHECKING:
    from warehouse.insights.comebacks import Comebacks

Kind = Literal["first", "recurring", "first_ever"]
_BOUNDS: Final = {"intervals": (1, 400), "minimum": (1, 1_000_000), "top": (1, 100), "by": (0, 3)}


class Retention(Question, frozen=True, kw_only=True):
    """Who came back after they had started, interval by interval."""

    start: Annotated[Selector | str, Meta(description="Event that somebody starts with.")] = "*"
    returns: Annotated[
        Selector | str | None, Meta(description="Event that means they came back; the one they started with.")
    ] = None
    kind: Annotated[
        Kind,
        Meta(
            description="Who enters: by the first start ever that passes its filters; recurring, in every"
            " interval with a start; by the first ever of that name, if it passes them."
        ),
    ] = "recurring"
    every: Annotated[Every, Meta(description="Length of an interval.")] = "day"
    rolling: Annotated[
        bool, Meta(description="Count from each one's own first start: days of 24 h, months of 30 days.")
    ] = False
    intervals: Annotated[int, Meta(description="Intervals to look at after the one of the start.")] = 7
    brackets: Annotated[
        tuple[int, ...],
        Meta(description="Instead: how many intervals each column is wide, as 1 6 23; repeatable."),
    ] = ()
    cumulative: Annotated[bool, Meta(description="Count who came back then or later.")] = False
    minimum: Annotated[int, Meta(description="Returns within a column that it takes to count.")] = 1
    measure: Annotated[str, Meta(description="units, or sum or avg of FIELD of the returns.")] = "units"
    by: Annotated[tuple[str, ...], Meta(description="Fields of the start to break down by; repeatable.")] = ()
    top: Annotated[int, Meta(description="Values of a breakdown to show; the rest is (other).")] = 10
    raw: Annotated[bool, Meta(description="Read events also where the roll-up says the same.")] = False


class Cell(Struct, frozen=True):
    """One cohort in one column.

    `units`: who came back, so far; null: the column has begun for nobody yet. `rate`: of the `n_mature` for
    whom it is over, what part (0 to 1) came back; null while there is none. `value`: of the measure.
    """

    units: int | None
    n_mature: int
    rate: float | None
    value: float | None


class Row(Struct, frozen=True):
    """A cohort. `at`: when its interval begins, ISO 8601 in the question's time zone; null: all of them.

    `n`: units in it; `n_mature`: those for whom the last column is over. `cells`: one a column; that of
    column 0 counts all units, since they started.
    """

    at: str | None
    by: list[str]
    n: int
    n_mature: int
    cells: list[Cell]


class RetentionAnswer(Answer, frozen=True, kw_only=True):
    """`columns`: intervals since the start, such as 0, 1, 2-7. `rows`: by breakdown, then by time.

    `totals`: all cohorts of each value of the breakdown together, a unit as often as it entered. `source`:
    what was read, the roll-up `daily` or the raw events, and `why_raw`: why these.
    """

    question: Retention
    columns: list[str]
    rows: list[Row]
    totals: list[Row]
    source: Literal["rollup", "raw"]
    why_raw: str | None


def retention(lake: Lake, question: Retention, now: int) -> RetentionAnswer:
    """The matrix of cohorts and columns. `now`: µs UTC. BadQuestion, UnknownName."""
    _check(question)
    with asking(lake, question, now) as asked:
        cohorts = Cohorts(asked, question)
        sql = cohorts.sql()
        (*found, everybody), why = _found(cohorts, sql)
        if not found:
            asked.known([cohorts.start, cohorts.returns])
        rows = _rows(found, cohorts)
        return RetentionAnswer(
            question=question,
            columns=cohorts.spans.titles,
            rows=[one for one in rows if one.at is not None],
            totals=[one for one in rows if one.at is None],
            source="raw" if why else "rollup",
            why_raw=why,
            **asked.told(sql, everybody[3], everybody[4]),
        )


def _check(question: Retention) -> None:
    require(question, **_BOUNDS)
    if any(width < 1 for width in question.brackets) or sum(question.brackets) > 400:
        raise BadQuestion(
            f"brackets: widths from 1 on, together at most 400, would do, not {question.brackets}"
        )
    if question.cumulative and question.measure != "units":
        raise BadQuestion(f"cumulative counts units; measure 'units' would do, not {question.measure[:60]!r}")


def _found(cohorts: Cohorts, sql: str) -> tuple[list[tuple[Any, ...]], str | None]:
    """The rows of the statement, and why events were read for them; None: the roll-up was."""

    def marking() -> Comebacks:
        from warehouse.insights.comebacks import Comebacks

        return Comebacks(cohorts)

    asked, question = cohorts.asked, cohorts.question
    parts, why = by_bits(cohorts.activity, raw=question.raw, beyond=cohorts.apart, marking=marking)
    return (marking().rows(parts) if parts else asked.rows(sql)), why


class _Count(Struct):
    """What the statement tells of one cell."""

    n: int = 0
    n_mature: int = 0
    begun: bool = False
    units: int = 0
    units_mature: int = 0
    amount: float | None = None
    valued: int = 0

    def __add__(self, other: _Count) -> _Count:
        known = [one.amount for one in (self, other) if one.amount is not None]
        return _Count(
            self.n + other.n,
            self.n_mature + other.n_mature,
            self.begun or other.begun,
            self.units + other.units,
            self.units_mature + other.units_mature,
            sum(known) if known else None,
            self.valued + other.valued,
        )


def _rows(found: Sequence[Sequence[Any]], cohorts: Cohorts) -> list[Row]:
    fields = len(cohorts.question.by)
    counts: dict[tuple[int, tuple[str, ...]], dict[tuple[int, int], _Count]] = {}
    for place, cohort, column, n, n_mature, begun, units, units_mature, amount, valued, *by in found:
        cell = _Count(n, n_mature, begun, units, units_mature, amount, valued or 0)
        counts.setdefault((place, tuple(by[:fields])), {})[cohort, column] = cell
    if not fields:
        counts.setdefault((1, ()), {})
    rows = []
    for (_, values), cells in sorted(counts.items()):
        listed = [_counts(cohort, cells, cohorts) for cohort in range(cohorts.calendar.size)]
        rows += [
            _row(cohorts.calendar.at(cohort), values, counts_, cohorts)
            for cohort, counts_ in enumerate(listed)
        ]
        rows.append(_row(None, values, [_sum(column) for column in zip(*listed, strict=True)], cohorts))
    return rows


def _counts(cohort: int, cells: dict[tuple[int, int], _Count], cohorts: Cohorts) -> list[_Count]:
    """Also of a cohort that nobody is in, where time alone tells what has begun."""
    spans, calendar = cohorts.spans, cohorts.calendar
    complete = cohorts.asked.complete_us
    return [
        cells.get((cohort, column)) or _Count(begun=calendar.begins[cohort + low] < complete)
        for column, low in enumerate(spans.lows)
    ]


def _sum(counts: Iterable[_Count]) -> _Count:
    return sum(counts, _Count())


def _row(at: str | None, by: Sequence[str], counts: Sequence[_Count], cohorts: Cohorts) -> Row:
    cells = [_cell(column, count, cohorts) for column, count in enumerate(counts)]
    return Row(at, list(by), counts[0].n, counts[-1].n_mature, cells)


def _cell(column: int, count: _Count, cohorts: Cohorts) -> Cell:
    units, mature = (count.units, count.units_mature) if column else (count.n, count.n_mature)
    if not count.begun and not units:
        return Cell(None, 0, None, None)
    rate = mature / count.n_mature if count.n_mature else None
    return Cell(units, count.n_mature, rate, _value(count, cohorts))


def _value(count: _Count, cohorts: Cohorts) -> float | None:
    if not cohorts.measured:
        return None
    if not cohorts.averages:
        return count.amount or 0.0
    return count.amount / count.valued if count.amount is not None and count.valued else None


def retention_table(answer: RetentionAnswer) -> Table:
    """One row a cohort, the totals last: units, or the measure's value, in each column."""
    measured = answer.question.measure != "units"
    rows = []
    for row in [*answer.rows, *answer.totals]:
        cells = [one.value if measured else one.units for one in row.cells]
        rows.append([row.at or "all", *row.by, row.n, row.n_mature, *cells])
    return Table(["at", *answer.question.by, "n", "n_mature", *answer.columns], rows)
