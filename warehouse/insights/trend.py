"""Trends: how much of something there was in each interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.asked import MANY, Asked, asking
from warehouse.insights.clock import SECONDS, Clock, local_time
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.formula import LETTERS, formula
from warehouse.insights.measures import measure
from warehouse.insights.period import Interval
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.rolled import HOUR_US, happened, star, why_raw
from warehouse.insights.tables import Table
from warehouse.insights.trend_rolled import Rolled, is_narrow
from warehouse.lake import Lake
from warehouse.statements import statement

MOST_INTERVALS: Final = 10_000
OTHER: Final = "(other)"
NONE: Final = "(none)"
_COUNTED: Final = {"events", "units", "events_per_unit"}  # by the roll-up
_NAMES: Final = {"event", "type"}
_ONE_CELL: Final = "SELECT '' AS b0, 1 AS place"
_BOUNDS: Final = {"events": (1, len(LETTERS)), "by": (0, 3), "top": (1, 500), "rolling": (1, 400)}


class Trend(Question, frozen=True, kw_only=True):
    """How often events came, or of how many, in each interval."""

    positional: ClassVar[str] = "events"

    events: Annotated[
        tuple[Selector | str, ...],
        Meta(description="Events, a series each: 'Signed Up', page:Pricing."),
    ] = ("*",)
    measure: Annotated[
        str, Meta(description="events, units, events_per_unit, or sum, avg, min, max, median, p90 of FIELD.")
    ] = "events"
    every: Annotated[Interval, Meta(description="Length of an interval.")] = "day"
    by: Annotated[tuple[str, ...], Meta(description="Fields to break down by; repeatable.")] = ()
    top: Annotated[int, Meta(description="Values of a breakdown to show; the rest is (other).")] = 10
    rolling: Annotated[int, Meta(description="Intervals that each point looks back over.")] = 1
    formula: Annotated[str | None, Meta(description="Of the series by letter: 'A / B * 100'.")] = None
    raw: Annotated[bool, Meta(description="Read events also where the roll-up says the same.")] = False


class Point(Struct, frozen=True):
    """One interval. `at`: when it begins, ISO 8601 in the question's time zone; null: the whole range.

    `by`: the values of the breakdown, in the question's order; `values`: one a series, null where there is
    nothing to measure. `complete`: nothing more comes in but late events.
    """

    at: str | None
    by: list[str]
    values: list[float | None]
    formula: float | None
    complete: bool


class TrendAnswer(Answer, frozen=True, kw_only=True):
    """`points`: by breakdown, the largest of the first series first, then by time; `totals`: the same for the
    whole range, and one for everything, whose `by` is empty. `source`: what was read, the roll-up `daily` or
    the raw events, and `why_raw`: why these.
    """

    question: Trend
    series: list[str]
    points: list[Point]
    totals: list[Point]
    source: Literal["rollup", "raw"]
    why_raw: str | None


def trend(lake: Lake, question: Trend, now: int) -> TrendAnswer:
    """Counts, uniques, sums, percentiles and formulas. `now`: µs UTC. BadQuestion, UnknownName."""
    require(question, **_BOUNDS)
    with asking(lake, question, now) as asked:
        _require_intervals(asked, question)
        selectors = [asked.selector(one) for one in question.events]
        why = why_raw(asked, selectors, raw=question.raw, beyond=_beyond(question))
        if why is None and is_narrow(asked, question):
            rolled = Rolled(asked, question, selectors)
            sql, rows = rolled.sql, _tallied(rolled)
        else:
            sql, rows = _sql(asked, question, selectors, rolled=why is None), None
        rows = asked.rows(sql) if rows is None else rows
        n = next((row[2] for row in rows if row[0] is None and row[4] is None), 0)
        if not n:
            asked.known(selectors)
        fields = len(question.by)
        points = [
            _point(row, fields, asked) for row in rows if fields or row[0] is not None or row[4] is None
        ]
        return TrendAnswer(
            question=question,
            series=[one.title for one in selectors],
            points=[one for one in points if one.at is not None],
            totals=[one for one in points if one.at is None],
            source="raw" if why else "rollup",
            why_raw=why,
            **asked.told(sql, n, n),
        )


def _beyond(question: Trend) -> str | None:
    """What of the question the roll-up does not know."""
    if question.measure not in _COUNTED:
        return f"it measures {question.measure}"
    others = [name for name in question.by if name not in _NAMES]
    return f"it is broken down by {others[0]}" if others else None


def _tallied(rolled: Rolled) -> list[tuple[Any, ...]] | None:
    """The same rows where many are best counted in columns; None: the whole statement has to be run."""
    asked = rolled.asked
    if asked.lake.bounded or rolled.rows(MANY) < MANY:
        return None
    from warehouse.insights.tally import Tally

    left = Tally(rolled).sql()
    return asked.rows(left) if left else None


def _require_intervals(asked: Asked, question: Trend) -> None:
    length = SECONDS[question.every] * 1_000_000
    intervals = (asked.period.until - asked.period.since) // length + 1
    if intervals > MOST_INTERVALS:
        raise BadQuestion(f"every {question.every!r} makes {intervals} intervals; {MOST_INTERVALS} would do")


def _sql(asked: Asked, question: Trend, selectors: Sequence[Selector], *, rolled: bool) -> str:
    """Columns: beginning and end of the interval (µs UTC), n, values of the breakdown, series, formula."""
    which = [star(asked, one, apart=bool(question.by)) if rolled else asked.is_one(one) for one in selectors]
    measured = measure(question.measure, asked.field, rolled=rolled)
    by = [f"coalesce({asked.field(name).text}, '{NONE}')" for name in question.by] or ["''"]
    names = [f"b{number}" for number in range(len(by))]
    values = [measured.sql.format(only=f" FILTER (s{number})") for number in range(len(which))]
    filled = [f"coalesce(v{number}, {measured.empty})" for number in range(len(which))]
    clock = Clock(asked, question.every)
    columns = {f"s{number}": sql for number, sql in enumerate(which)}
    columns |= {"number": measured.of} if measured.of else {}
    columns |= dict(zip(names, by, strict=True))
    return statement(
        "insights/trend",
        happened=_happened(asked, question, clock, columns, f"({' OR '.join(which)})", rolled=rolled),
        begin=clock.begin,
        end=clock.end,
        zone=clock.zone,
        every=clock.every,
        since=asked.values.bind(asked.period.since),
        until=asked.values.bind(asked.period.until),
        spread=clock.spread(question.rolling),
        measured=", ".join(f"{sql} AS v{number}" for number, sql in enumerate(values)),
        first=values[0],
        filled=", ".join(filled),
        formula=formula(question.formula, dict(zip(LETTERS, filled, strict=False)))
        if question.formula
        else "NULL",
        by=", ".join(names),
        named=", ".join(
            f"CASE WHEN t.place IS NULL THEN '{OTHER}' ELSE h.{one} END AS {one}" for one in names
        )
        if question.by
        else "h.b0",  # also where all came before the range, and is looked back on
        cells=f"SELECT DISTINCT {', '.join(names)}, place FROM named"
        if question.by
        else "SELECT '' AS b0, 1 AS place",
        top=question.top,
    )


def _happened(
    asked: Asked, question: Trend, clock: Clock, columns: dict[str, str], having: str, *, rolled: bool
) -> str:
    earlier = (question.rolling - 1) * SECONDS[question.every] * 1_000_000
    if rolled:
        local = clock.of(f"make_timestamptz(hour * {HOUR_US})")
        return happened(asked, columns, having, local=local, earlier=earlier)
    return asked.happened({"local": clock.local, **columns}, [having], earlier=earlier)


def _point(row: Sequence[Any], fields: int, asked: Asked) -> Point:
    begin, end, _, _, *rest = row
    by, values = rest[: max(fields, 1)], rest[max(fields, 1) : -1]
    at = None if begin is None else local_time(begin, asked.question.timezone)
    return Point(
        at,
        [] if not fields or by[0] is None else by,
        values,
        rest[-1],
        (asked.period.until if end is None else end) <= asked.complete_us,
    )


def trend_table(answer: TrendAnswer) -> Table:
    """One row a point; the whole range last."""
    formulas = ["formula"] if answer.question.formula else []
    columns = ["at", *answer.question.by, *answer.series, *formulas, "complete"]
    rows = []
    for one in [*answer.points, *answer.totals]:
        by = one.by or [""] * len(answer.question.by)
        rows.append([one.at or "all", *by, *one.values, *([one.formula] if formulas else []), one.complete])
    return Table(columns, rows)
