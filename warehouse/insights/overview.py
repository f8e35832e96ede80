"""Overview: what a cockpit shows of visits, beside the period before, by day and by where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.clock import Clock, local_time
from warehouse.insights.conditions import condition
from warehouse.insights.errors import BadQuestion
from warehouse.insights.fields import Field, field
from warehouse.insights.filters import Filter
from warehouse.insights.memberships import membership
from warehouse.insights.period import Interval, Period
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso

_DAY: Final = 86_400_000_000
# No clock of any zone differs by less, so that one look at it serves all visits of these µs.
_QUARTER: Final = 900_000_000
_PARTS: Final = ("channel", "campaign_name", "country", "device_type", "entry_page")
_MOST: Final = 8


class Overview(Question, frozen=True, kw_only=True):
    """Visitors, visits, conversion, revenue, customers; beside the period of the same length before."""

    positional: ClassVar[str] = "by"

    by: Annotated[
        tuple[str, ...], Meta(description="Fields of visits to list: channel, country; repeatable.")
    ] = _PARTS
    top: Annotated[int, Meta(description="Values of each field to show, those with the most visits.")] = 8
    every: Annotated[
        Interval | None, Meta(description="Length of an interval; chosen by the length of the range.")
    ] = None
    currency: Annotated[str | None, Meta(description="Of the revenue; the most frequent one.")] = None


class Numbers(Struct, frozen=True):
    """`visitors`: devices; `customers`: whose visits they were; `converted`: visits with a key event of the
    tracking plan, `conversion` their share. `revenue` in the answer's currency; `seconds`: of a visit, mean.
    Who visits were of (`visitors`, `customers`) is null in parts.
    """

    visits: int
    visitors: int | None
    customers: int | None
    pages: int
    bounced: int
    converted: int
    revenue: float
    seconds: float
    bounce_rate: float | None
    conversion: float | None


class Moment(Struct, frozen=True):
    """An interval that begins `at`, by the question's clock; `before`: what the one as far into the period
    before held, null where that had none.
    """

    at: str
    numbers: Numbers
    before: Numbers | None
    complete: bool


class Part(Struct, frozen=True):
    """One value of a field; null where visits have none."""

    field: str
    value: str | None
    numbers: Numbers


class OverviewAnswer(Answer, frozen=True, kw_only=True):
    """`n`: customers whose visits began in the range; all are mature once everything until its end is in."""

    question: Overview
    currency: str | None
    now: Numbers
    before: Numbers
    moments: list[Moment]
    parts: list[Part]


def overview(lake: Lake, question: Overview, now: int) -> OverviewAnswer:
    """What visits there were, and what came of them. `now`: µs UTC. BadQuestion, UnknownName."""
    require(question, top=(1, 100), by=(0, _MOST))
    if question.bots or question.unit != "customer":
        raise BadQuestion("bots and unit: visits are of people, and counted by customer; leave both out")
    with asking(lake, question, now) as asked:
        fields = [_of_visits(name) for name in question.by]
        every = question.every or _every(asked.period)
        sql = _sql(asked, question, fields, every)
        return _answer(asked, question, sql, asked.rows(sql))


def overview_table(answer: OverviewAnswer) -> Table:
    """One row for each period, interval and value."""
    names = list(Numbers.__struct_fields__)
    rows = [["range", None, answer.now], ["range before", None, answer.before]]
    rows += [["interval", one.at, one.numbers] for one in answer.moments]
    rows += [[one.field, one.value, one.numbers] for one in answer.parts]
    return Table(
        ["what", "value", *names], [[a, b, *(getattr(c, name) for name in names)] for a, b, c in rows]
    )


def _every(period: Period) -> Interval:
    days = (period.until - period.since) / _DAY
    return "hour" if days <= 2 else "day" if days <= 92 else "week" if days <= 400 else "month"


def _of_visits(name: str) -> Field:
    """A column of sessions, by its name alone or as session.NAME."""
    found = field(name if name.startswith("session.") else f"session.{name}")
    column = found.name.removeprefix("session.")
    return Field(column, "session", f's."{column}"::VARCHAR', f'TRY_CAST(s."{column}"::VARCHAR AS DOUBLE)')


def _holds(asked: Asked, one: Filter) -> str:
    """SQL: whether a filter lets the visit `s` pass; of customers tags and cohorts are known."""
    of = field(one.field) if one.field.startswith(("tag", "cohort")) else None
    if of is None or of.group is None:
        return condition(one, _of_visits(one.field), asked.values)
    members = membership(asked.lake, asked.project, *of.group, asked.values.bind)
    if one.op not in ("=", "!=") or not isinstance(one.value, bool):
        raise BadQuestion(f"{one.field}: true or false would do, as in `not {one.field}`")
    inside = f"coalesce(i.customer_id IN ({members}), FALSE)"
    return inside if (one.op == "=") == one.value else f"(NOT {inside})"


def _sql(asked: Asked, question: Overview, fields: Sequence[Field], every: Interval) -> str:
    """Columns: period (0 now, 1 before), which set it is of, interval (µs), value; the numbers; currency."""
    bind, period = asked.values.bind, asked.period
    length = period.until - period.since
    earlier = Period(period.since - length, period.since, period.timezone)
    clock = Clock(asked, every)
    holds = " AND ".join(_holds(asked, one) for one in asked.where) or "TRUE"
    shown = "".join(f", {one.text} AS f{number}" for number, one in enumerate(fields))
    return statement(
        "insights/overview",
        project=bind(asked.project),
        since=bind(earlier.since),
        begin=bind(period.since),
        until=bind(period.until),
        first=f"DATE '{_date(earlier.since)}'",
        last=f"DATE '{_date(period.until - 1)}'",
        local=clock.of("moment"),
        zone=clock.zone,
        quarter=_QUARTER,
        length=length,
        shown=shown,
        holds=holds,
        members=statement("insights/overview_members") if "i.customer_id" in holds else "",
        currency=bind(question.currency) if question.currency else "(SELECT mode(currency) FROM visited)",
        sums=statement("insights/overview_sums"),
        parts=_parts(len(fields)),
        top=question.top,
    )


def _parts(fields: int) -> str:
    """The part of the statement that tells values apart; nothing where none are."""
    if not fields:
        return ""
    names = [f"f{number}" for number in range(fields)]
    tests = [f"WHEN grouping({name}) = 0 THEN" for name in names]
    return statement(
        "insights/overview_parts",
        which=f"CASE {' '.join(f'{test} {number + 2}' for number, test in enumerate(tests))} END",
        value=f"CASE {' '.join(f'{test} {name}' for test, name in zip(tests, names, strict=True))} END",
        sums=statement("insights/overview_sums"),
        sets=", ".join(f"({name})" for name in names),
    )


def _answer(asked: Asked, question: Overview, sql: str, rows: Sequence[Sequence[Any]]) -> OverviewAnswer:
    whole: dict[bool, Numbers] = {}
    moments: dict[bool, dict[int, Numbers]] = {False: {}, True: {}}
    parts: list[Part] = []
    currency = None
    for later, which, at, value, *numbers, of in rows:
        found, currency = _numbers(numbers), of
        if which == 0:
            whole[later] = found
        elif which == 1:
            moments[later][at] = found
        else:
            parts.append(Part(question.by[which - 2], value, found))
    none = _numbers([0] * 8)
    now = whole.get(True, none)
    n = now.customers or 0
    told = asked.told(sql, n, n if asked.period.until <= asked.complete_us else 0)
    return OverviewAnswer(
        question=question,
        currency=currency,
        now=now,
        before=whole.get(False, none),
        moments=_moments(asked, moments),
        parts=parts,
        **told,
    )


def _moments(asked: Asked, found: dict[bool, dict[int, Numbers]]) -> list[Moment]:
    """In the order of time; those that nothing was in, now and before, are left out."""
    times = sorted(found[True].keys() | found[False].keys())
    ends = [*times, asked.period.until][1:]
    return [
        Moment(
            local_time(at, asked.period.timezone),
            found[True].get(at, _numbers([0] * 8)),
            found[False].get(at),
            min(end, asked.period.until) <= asked.complete_us,
        )
        for at, end in zip(times, ends, strict=True)
    ]


def _numbers(row: Sequence[Any]) -> Numbers:
    visits, visitors, customers, pages, bounced, converted, revenue, seconds = row
    return Numbers(
        visits, visitors, customers, pages, bounced, converted, float(revenue or 0),
        seconds / visits if visits else 0.0, bounced / visits if visits else None,
        converted / visits if visits else None,
    )  # fmt: skip


def _date(moment: int) -> str:
    return iso(moment)[:10]
