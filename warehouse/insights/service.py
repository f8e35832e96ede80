"""Service: how soon tickets are answered and resolved, and who has to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.period import span
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.insights.trend import NONE
from warehouse.lake import Lake
from warehouse.statements import statement

_ROLES: Final = ("opened", "answered", "resolved")


class Service(Question, frozen=True, kw_only=True):
    """How soon tickets that were opened in the range were answered and resolved, and how many ask again."""

    opened: Annotated[Selector | str, Meta(description="A ticket is opened.")] = "Ticket Opened"
    answered: Annotated[Selector | str, Meta(description="It is answered; the first counts.")] = (
        "Ticket Answered"
    )
    resolved: Annotated[Selector | str, Meta(description="It is resolved; the first counts.")] = (
        "Ticket Resolved"
    )
    ticket: Annotated[str, Meta(description="The field that names the ticket.")] = "properties.ticket_id"
    within: Annotated[str, Meta(description="How long after the range answers are looked for.")] = "30d"
    again: Annotated[str, Meta(description="Who opens another one so soon asks again.")] = "7d"
    limit: Annotated[float, Meta(description="Share of those who ask again that is too much.")] = 0.15
    by: Annotated[tuple[str, ...], Meta(description="Fields of the opening to break down by.")] = ()
    top: Annotated[int, Meta(description="Values of a breakdown to show, those with most tickets.")] = 10


class Served(Struct, frozen=True):
    """Tickets of one breakdown; an empty `by` is all. Times are seconds, null where nothing was.

    `repeated` of `mature` tickets were followed by another one of the same unit within `again`; mature: so
    much time has passed. `repeat_share` over the question's limit is `too_many`.
    """

    by: list[str]
    tickets: int
    answered: int
    response_median_s: float | None
    response_p90_s: float | None
    resolved: int
    resolution_median_s: float | None
    resolution_p90_s: float | None
    mature: int
    repeated: int
    repeat_share: float | None
    too_many: bool


class ServiceAnswer(Answer, frozen=True, kw_only=True):
    """All tickets first, then by breakdown, those with most first. `n`: units who opened one."""

    question: Service
    rows: list[Served]


def service(lake: Lake, question: Service, now: int) -> ServiceAnswer:
    """Tickets by the events about them. `now`: µs UTC. BadQuestion, UnknownName."""
    if not 0 < question.limit <= 1:
        raise BadQuestion(f"limit {question.limit}: a share such as 0.15 would do")
    require(question, top=(1, 500), by=(0, 3))
    with asking(lake, question, now) as asked:
        selectors = [asked.selector(getattr(question, role)) for role in _ROLES]
        sql = _sql(asked, question, selectors)
        rows = asked.rows(sql)
        if not rows[0][1]:
            asked.known(selectors[:1])
        served = [_served(row, question) for row in rows]
        return ServiceAnswer(question=question, rows=served, **asked.told(sql, rows[0][-1], rows[0][-2]))


def _sql(asked: Asked, question: Service, selectors: Sequence[Selector]) -> str:
    which = {role: asked.is_one(one) for role, one in zip(_ROLES, selectors, strict=True)}
    names = [f"b{place}" for place in range(len(question.by))]
    columns = {**which, "ticket": asked.field(question.ticket).text}
    columns |= {
        name: f"coalesce({asked.field(field).text}, '{NONE}')"
        for name, field in zip(names, question.by, strict=True)
    }
    again, listed = span("again", question.again), ", ".join(names)
    having = [f"({' OR '.join(which.values())})", f"{columns['ticket']} IS NOT NULL"]
    return statement(
        "insights/service",
        happened=asked.happened(columns, having, later=max(again, span("within", question.within))),
        until=asked.values.bind(asked.period.until),
        again=again,
        complete=asked.values.bind(asked.complete_us),
        said="".join(f", arg_min({name}, moment) FILTER (opened) AS {name}" for name in names),
        values=f"CASE WHEN grouping({listed}) = 0 THEN [{listed}] END" if names else "NULL",
        grouped="".join(f", o.{name}" for name in names),
        sets=f"(), ({listed})" if names else "()",
        most=question.top + 1,
    )


def _served(row: Sequence[Any], question: Service) -> Served:
    mature, repeated = row[8:10]
    share = repeated / mature if mature else None
    too_many = share is not None and share > question.limit
    values = [row[0] or [], *row[1:10], share, too_many]
    return Served(*values)


def service_table(answer: ServiceAnswer) -> Table:
    """One row a breakdown, all tickets first."""
    names = list(Served.__struct_fields__[1:])
    columns = [*answer.question.by, *names]
    rows = []
    for one in answer.rows:
        by = one.by or ["(all)"] * len(answer.question.by)
        rows.append([*by, *(getattr(one, name) for name in names)])
    return Table(columns, rows)
