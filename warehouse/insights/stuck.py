"""Who has stayed in a step of a funnel for too long."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.chains import Cells, Chains
from warehouse.insights.dropoff import MOST_LISTED
from warehouse.insights.journey import Journey, Plan, plan, settled
from warehouse.insights.period import span
from warehouse.insights.question import Answer, require
from warehouse.insights.tables import Table, flat
from warehouse.insights.who import who
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso


class Stuck(Journey, frozen=True, kw_only=True):
    """Who has stayed in a step longer than a limit, as of `complete_until`."""

    longer: Annotated[str, Meta(description="Longer than this is stuck: 12h, 3d.")] = "3d"
    limit: Annotated[int, Meta(description="Ids to list, the longest first.")] = 1000


class Standing(Struct, frozen=True):
    """One step. `n` have it as their last, `stuck` of them for too long; `median_s`: seconds they stand."""

    step: str
    n: int
    stuck: int
    median_s: float


class Waiting(Struct, frozen=True):
    """One who is stuck. `since`: when they reached the step, ISO 8601, UTC; `waited_s`: seconds since."""

    id: str | None
    step: str
    since: str
    waited_s: float


class StuckAnswer(Answer, frozen=True, kw_only=True):
    """`steps`: those in which somebody stands, all but the last step; `who`: those who are stuck.

    Somebody stands in the furthest step they reached, since they reached it
    first. `n` entered, `n_mature` of them long enough ago to be stuck.
    """

    question: Stuck
    steps: list[Standing]
    who: list[Waiting]


def stuck(lake: Lake, question: Stuck, now: int) -> StuckAnswer:
    """`now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        way = plan(asked, question)
        require(question, limit=(1, MOST_LISTED))
        sql = _sql(asked, question, way)
        (_, _, _, n, mature, _), *rows = asked.rows(sql)
        if not n:
            asked.known(way.steps)
        titles = [one.title for one in way.steps]
        steps = [
            Standing(titles[level - 1], number, late, waited / 1e6)
            for level, _, _, number, late, waited in rows
            if number is not None
        ]
        who = [
            Waiting(id, titles[level - 1], iso(since), waited / 1e6)
            for level, id, since, number, _, waited in rows
            if number is None
        ]
        return StuckAnswer(question=settled(question), steps=steps, who=who, **asked.told(sql, n, mature))


def _sql(asked: Asked, question: Stuck, way: Plan) -> str:
    chains = Chains(asked, way, Cells())
    return statement(
        "insights/stuck",
        chains=chains.ctes,
        who=who(asked),
        times=", ".join(chains.times),
        complete=asked.values.bind(asked.complete_us),
        last=chains.size,
        longer=asked.values.bind(span("longer", question.longer)),
        limit=question.limit,
    )


def stuck_table(answer: StuckAnswer) -> Table:
    """One row for each who is stuck."""
    return flat(answer.who, Waiting)
