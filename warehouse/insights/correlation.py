"""What people who convert do on the way, more or less often than the others."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
import scipy
from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.chains import Cells, Chains
from warehouse.insights.journey import Journey, Plan, plan, settled
from warehouse.insights.question import Answer, require
from warehouse.insights.tables import Table, flat
from warehouse.lake import Lake
from warehouse.statements import statement

_NAME: Final = "CASE e.type WHEN 'track' THEN e.event ELSE e.type || ':' || coalesce(e.event, '*') END"
_PRIOR: Final = 1.0
_BOUND: Final = 1.959963984540054


class Correlation(Journey, frozen=True, kw_only=True):
    """Which other behaviours between the first step and the last go with conversion."""

    least: Annotated[int, Meta(description="So many units at least must have done it, and not done it.")] = 25
    limit: Annotated[int, Meta(description="Behaviours to show, the strongest first.")] = 50


class Behaviour(Struct, frozen=True):
    """One event. `n` did it, `converted` of them; `n_without` did not, `converted_without` of them.

    `lift`: the rate of those who did it over that of all. `odds`: the odds ratio with one unit added to each
    of the four counts, `low` and `high` its 95 % interval. `p` is two-sided, `q` the same corrected for all
    behaviours that were tested (Benjamini-Hochberg).
    """

    event: str
    n: int
    converted: int
    n_without: int
    converted_without: int
    lift: float | None
    odds: float
    low: float
    high: float
    p: float
    q: float


class CorrelationAnswer(Answer, frozen=True, kw_only=True):
    """Of mature units only: `entered`, and `converted` of them; `tested` behaviours had enough units."""

    question: Correlation
    entered: int
    converted: int
    tested: int
    behaviours: list[Behaviour]


def correlation(lake: Lake, question: Correlation, now: int) -> CorrelationAnswer:
    """`now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        way = plan(asked, question)
        require(question, least=(1, 10_000), limit=(1, 10_000))
        sql = _sql(asked, question, way)
        (_, yes, no), (_, n, _), *rows = asked.rows(sql)
        if not yes:
            asked.known(way.steps)
        enough = [
            (event, int(a), int(b))
            for event, a, b in rows
            if a + b >= question.least and yes + no - a - b >= question.least
        ]
        return CorrelationAnswer(
            question=settled(question),
            entered=yes + no,
            converted=yes,
            tested=len(enough),
            behaviours=behaviours(enough, yes, no)[: question.limit],
            **asked.told(sql, n, yes + no),
        )


def behaviours(counts: list[tuple[str, int, int]], converted: int, others: int) -> list[Behaviour]:
    """From (event, how many of the converted did it, how many of the others); the surest first."""
    if not counts:
        return []
    a = np.array([one for _, one, _ in counts], dtype=float)
    b = np.array([other for _, _, other in counts], dtype=float)
    cells = [a + _PRIOR, b + _PRIOR, converted - a + _PRIOR, others - b + _PRIOR]
    log_odds = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    error = np.sqrt(sum(1 / cell for cell in cells))
    p = 2 * scipy.stats.norm.sf(np.abs(log_odds / error))
    q = scipy.stats.false_discovery_control(p, method="bh")
    overall = converted / (converted + others)
    found = []
    for at, (event, one, other) in enumerate(counts):
        n = one + other
        numbers = (log_odds[at], log_odds[at] - _BOUND * error[at], log_odds[at] + _BOUND * error[at])
        odds, low, high = (float(np.exp(number)) for number in numbers)
        without = converted + others - n, converted - one
        lift = one / n / overall if overall else None
        found.append(Behaviour(event, n, one, *without, lift, odds, low, high, float(p[at]), float(q[at])))
    return sorted(found, key=lambda one: (one.q, -abs(float(np.log(one.odds))), one.event))


def _sql(asked: Asked, question: Correlation, way: Plan) -> str:
    chains = Chains(asked, way, Cells(columns={"name": _NAME}, everything=True))
    return statement(
        "insights/correlation",
        chains=chains.ctes,
        last=chains.size,
        times=", ".join(chains.times),
        within=chains.within,
        complete=asked.values.bind(asked.complete_us),
        is_step=chains.is_step,
    )


def correlation_table(answer: CorrelationAnswer) -> Table:
    """One row a behaviour."""
    return flat(answer.behaviours, Behaviour)
