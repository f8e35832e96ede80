"""Root cause: which slice of the events moved a metric between two ranges, and by rate or by mix."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.contrast import Cell, effects, score
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.period import span
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.lake import Lake
from warehouse.statements import statement

_NONE: Final = "(none)"
_OTHER: Final = "(other)"
_MOST_FIELDS: Final = 8
_USUAL: Final = ("device_type", "os_name", "browser", "country", "channel", "campaign_source")


class Cause(Question, frozen=True, kw_only=True):
    """Which slice of the events explains how a metric changed against a range of equal length before."""

    positional: ClassVar[str] = "event"

    event: Annotated[Selector | str, Meta(description="What is counted: 'Order Completed'.")] = "*"
    per: Annotated[
        Selector | str | None, Meta(description="Of how many of these; the metric is a rate then.")
    ] = None
    by: Annotated[tuple[str, ...], Meta(description="Fields to look at; repeatable.")] = _USUAL
    back: Annotated[
        str | None, Meta(description="How long before it the range to compare with began; its own length.")
    ] = None
    depth: Annotated[int, Meta(description="Fields that a slice may be cut by at once, 1 or 2.")] = 2
    least: Annotated[int, Meta(description="Slices with fewer events are left to (other).")] = 100
    top: Annotated[int, Meta(description="Slices to show.")] = 10


class Slice(Struct, frozen=True):
    """Events whose `fields` hold `values`. `before` and `after`: counts, or rates where there is a `per`.

    `change` is its part of the whole change; of a rate it is `rate` (how it converts) and `mix` (how much
    of all it is) together, exact by construction. `score`: how many standard deviations its change differs
    from that of all others; the slice that explains most has the greatest.
    """

    fields: list[str]
    values: list[str]
    before: float | None
    after: float | None
    change: float
    rate: float | None
    mix: float | None
    score: float


class Parts(Struct, frozen=True):
    """All slices by one field; their changes sum to the whole change."""

    field: str
    slices: list[Slice]


class CauseAnswer(Answer, frozen=True, kw_only=True):
    """`before` and `after`: the metric in the range before and in the question's. `slices`: by score, of all
    depths; `parts`: for each field all of them, so that sums are exact.
    """

    question: Cause
    before: float | None
    after: float | None
    change: float | None
    slices: list[Slice]
    parts: list[Parts]


def cause(lake: Lake, question: Cause, now: int) -> CauseAnswer:
    """Compares the range with the one before it. `now`: µs UTC. BadQuestion, UnknownName."""
    _check(question)
    with asking(lake, question, now) as asked:
        selectors = [asked.selector(one) for one in (question.event, question.per) if one is not None]
        sql = _sql(asked, question, selectors, _back(asked, question))
        rows = asked.rows(sql)
        cells = {_place(row, question): Cell(*row[-4:]) for row in rows}
        whole = cells.pop((), Cell(0, 0, 0, 0))
        if not any((whole.x0, whole.x1, whole.n0, whole.n1)):
            asked.known(selectors)
        n = whole.x0 + whole.x1 if question.per is None else whole.n0 + whole.n1
        return _answer(question, whole, cells, asked.told(sql, n, n))


def _check(question: Cause) -> None:
    require(question, by=(1, _MOST_FIELDS), depth=(1, 2), top=(1, 1_000), least=(1, 1_000_000_000))
    if len(set(question.by)) < len(question.by):
        raise BadQuestion("by: a field is named twice; once would do")


def _back(asked: Asked, question: Cause) -> int:
    """µs from the beginning of the range compared with to that of the range."""
    length = asked.period.until - asked.period.since
    back = length if question.back is None else span("back", question.back)
    if back < length:
        raise BadQuestion(f"back {question.back!r}: the two ranges would overlap; as long or longer would do")
    return back


def _sql(asked: Asked, question: Cause, selectors: Sequence[Selector], back: int) -> str:
    """Columns: whether each field is left open, the fields, then x0, x1, n0, n1."""
    which = [asked.is_one(one) for one in selectors]
    fields = [f"coalesce({asked.field(name).text}, '{_NONE}')" for name in question.by]
    names = [f"b{number}" for number in range(len(fields))]
    columns = {f"s{number}": sql for number, sql in enumerate(which)}
    columns |= dict(zip(names, fields, strict=True))
    length = asked.period.until - asked.period.since
    having = [f"({' OR '.join(which)})"]
    if back > length:
        since = asked.values.bind(asked.period.since)
        having.append(
            f"(epoch_us(e.timestamp) >= {since} OR epoch_us(e.timestamp) < {since} - {back - length})"
        )
    sets = [one for depth in range(1, question.depth + 1) for one in combinations(names, depth)]
    return statement(
        "insights/cause",
        happened=asked.happened(columns, having, earlier=back),
        since=asked.values.bind(asked.period.since),
        open=", ".join(f"grouping({name})" for name in names),
        by=", ".join(names),
        sets=", ".join(f"({', '.join(one)})" for one in sets),
        per="s1" if question.per is not None else "FALSE",
        all_open=" AND ".join(f"grouping({name}) = 1" for name in names),
        least=question.least,
    )


def _place(row: Sequence[Any], question: Cause) -> tuple[tuple[str, str], ...]:
    """The fields and values that a row is of."""
    fields = len(question.by)
    return tuple(
        (name, value)
        for name, is_open, value in zip(question.by, row[:fields], row[fields : 2 * fields], strict=True)
        if not is_open
    )


def _answer(
    question: Cause, whole: Cell, cells: dict[tuple[tuple[str, str], ...], Cell], told: dict[str, Any]
) -> CauseAnswer:
    rated = question.per is not None
    slices = [_slice(place, cell, whole, rated) for place, cell in cells.items()]
    before, after = _metric(whole.x0, whole.n0, rated), _metric(whole.x1, whole.n1, rated)
    shown = sorted(slices, key=lambda one: (-abs(one.score), len(one.fields), one.fields, one.values))
    return CauseAnswer(
        question=question,
        before=before,
        after=after,
        change=None if before is None or after is None else after - before,
        slices=shown[: question.top],
        parts=[_parts(name, cells, whole, rated) for name in question.by],
        **told,
    )


def _parts(name: str, cells: dict[tuple[tuple[str, str], ...], Cell], whole: Cell, rated: bool) -> Parts:
    """Every value of one field, and what is left over as (other)."""
    own = {place: cell for place, cell in cells.items() if len(place) == 1 and place[0][0] == name}
    rest = whole
    for cell in own.values():
        rest = rest.without(cell)
    if any((rest.x0, rest.x1, rest.n0, rest.n1)):
        own[((name, _OTHER),)] = rest
    slices = [_slice(place, cell, whole, rated) for place, cell in own.items()]
    return Parts(name, sorted(slices, key=lambda one: (-abs(one.change), one.values)))


def _slice(place: tuple[tuple[str, str], ...], cell: Cell, whole: Cell, rated: bool) -> Slice:
    rate, mix = effects(cell, whole) if rated else (None, None)
    change = float(cell.x1 - cell.x0) if rate is None or mix is None else rate + mix
    return Slice(
        [name for name, _ in place],
        [value for _, value in place],
        _metric(cell.x0, cell.n0, rated),
        _metric(cell.x1, cell.n1, rated),
        change,
        rate,
        mix,
        score(cell, whole.without(cell), rated),
    )


def _metric(x: int, n: int, rated: bool) -> float | None:
    if not rated:
        return float(x)
    return x / n if n else None


def cause_table(answer: CauseAnswer) -> Table:
    """One row a slice, by score."""
    columns = ["slice", "before", "after", "change", "rate", "mix", "score"]
    rows: list[list[Any]] = [["(all)", answer.before, answer.after, answer.change, None, None, None]]
    for one in answer.slices:
        cut = ", ".join(f"{name} = {value}" for name, value in zip(one.fields, one.values, strict=True))
        rows.append([cut, one.before, one.after, one.change, one.rate, one.mix, one.score])
    return Table(columns, rows)
