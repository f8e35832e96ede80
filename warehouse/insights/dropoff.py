"""Who left a funnel, and where."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.chains import Cells, Chains
from warehouse.insights.journey import Journey, Plan, plan, settled
from warehouse.insights.question import Answer, require
from warehouse.insights.tables import Table, flat
from warehouse.insights.who import who
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso

MOST_LISTED = 100_000


class Dropoff(Journey, frozen=True, kw_only=True):
    """Who reached a step and not the next: their ids."""

    step: Annotated[int, Meta(description="The step that was the last.")] = 1
    limit: Annotated[int, Meta(description="Ids to list, those who reached it last first.")] = 1000


class Left(Struct, frozen=True):
    """One who left. `id`: of a customer, device, user, session or group; null where it is not known.

    `entered` and `at_step`: when they did step 1 and this step, ISO 8601, UTC; `mature`: their window
    is over.
    """

    id: str | None
    entered: str
    at_step: str
    mature: bool


class DropoffAnswer(Answer, frozen=True, kw_only=True):
    """`n` reached the step, `left` of them did not reach the next; `who` lists them."""

    question: Dropoff
    left: int
    who: list[Left]


def dropoff(lake: Lake, question: Dropoff, now: int) -> DropoffAnswer:
    """`now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        way = plan(asked, question)
        last = len(way.steps) - 1
        require(question, step=(1, last), limit=(1, MOST_LISTED))
        sql = _sql(asked, question, way)
        rows = asked.rows(sql)
        if not rows:
            asked.known(way.steps)
        n, mature, left = rows[0][3:6] if rows else (0, 0, 0)
        return DropoffAnswer(
            question=settled(question),
            left=left,
            who=[Left(id, iso(began), iso(at), over) for id, began, at, _, _, _, over in rows],
            **asked.told(sql, n, mature),
        )


def _sql(asked: Asked, question: Dropoff, way: Plan) -> str:
    chains = Chains(asked, way, Cells())
    return statement(
        "insights/dropoff",
        chains=chains.ctes,
        who=who(asked),
        step=question.step,
        within=chains.within,
        complete=asked.values.bind(asked.complete_us),
        limit=question.limit,
    )


def dropoff_table(answer: DropoffAnswer) -> Table:
    """One row for each who left."""
    return flat(answer.who, Left)
