"""Who is behind a number of an answer: the customers (or devices, sessions …) in one bar, step, cell or node.

What an answer's statement has found by name is asked once more, with another SELECT at its end; so those who
are listed are those who were counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from warehouse.insights.buyers.clusters import MOST_MEMBERS, UNKNOWN, Clusters, ClustersAnswer
from warehouse.insights.errors import BadQuestion
from warehouse.insights.funnel import Funnel, skippable
from warehouse.insights.marketing.attribution import AttributionAnswer
from warehouse.insights.marketing.campaigns import CampaignsAnswer
from warehouse.insights.marketing.credited import credited
from warehouse.insights.optional import required, towards
from warehouse.insights.picking import PICKED, Pick, Picked
from warehouse.insights.question import Answer, Question
from warehouse.insights.trend import Trend
from warehouse.insights.who import IDS
from warehouse.lake import Lake
from warehouse.statements import statement

Ask = Callable[[Lake, Question], Answer]
MOST_LISTED: Final = 100_000
_TRIES: Final = 3
LISTS: Final = (*PICKED, "attribution", "campaigns", "clusters")


class Members(Struct, frozen=True):
    """`n` units in all; `ids`: a page of them in order; `unknown`: how many of this page have no known id."""

    unit: str
    n: int
    ids: list[str]
    unknown: int


def read_pick(text: str) -> Pick:
    """A pick as JSON. BadQuestion says which field will not do."""
    try:
        return msgspec.json.decode(text, type=Pick)
    except msgspec.MsgspecError as error:
        raise BadQuestion(f"pick: {error}") from None


def members(
    lake: Lake, name: str, question: Question, pick: Pick, ask: Ask, *, offset: int = 0, limit: int = 100
) -> tuple[Answer, Members]:
    """The answer of the insight `name`, as `ask` gives it, and who is behind one of its numbers. BadQuestion
    where nobody can be told of it.
    """
    asked, pick = _countable(question, pick)
    for _ in range(_TRIES):
        answer = ask(lake, asked)
        with lake.transaction():
            if lake.snapshot() == answer.snapshot:
                return answer, listed(lake, name, answer, pick, offset=offset, limit=limit)
    raise BadQuestion("the lake changes faster than this can be answered; try again")


def listed(
    lake: Lake, name: str, answer: Answer, pick: Pick, *, offset: int = 0, limit: int = 100
) -> Members:
    """Who is behind a number of this answer of the insight `name`, read from the snapshot that the lake has
    now. BadQuestion where nobody can be told of it.
    """
    if name not in LISTS:
        raise BadQuestion(f"{name} lists nobody by its numbers; {', '.join(LISTS)} do")
    if not (0 <= offset <= MOST_LISTED and 1 <= limit <= MOST_LISTED):
        raise BadQuestion(f"from {offset}, {limit} of them: 0 and 1 to {MOST_LISTED} would do")
    if isinstance(answer, ClustersAnswer):
        return _clustered(answer, pick, offset, limit)
    if isinstance(answer, AttributionAnswer | CampaignsAnswer):
        return _listed(lake, answer, credited(lake, answer, pick), offset, limit)
    return _listed(lake, answer, PICKED[name](answer, pick), offset, limit)


def _countable(question: Question, pick: Pick) -> tuple[Question, Pick]:
    """Asked so that its answer knows single units, and the same number in it."""
    if isinstance(question, Trend):
        return msgspec.structs.replace(question, raw=True), pick
    if isinstance(question, Clusters):
        return msgspec.structs.replace(question, customers=MOST_MEMBERS), pick
    if isinstance(question, Funnel) and question.optional:
        return _one_funnel(question, pick)
    return question, pick


def _one_funnel(question: Funnel, pick: Pick) -> tuple[Question, Pick]:
    """The funnel without steps that may be skipped, in which the step picked is counted. BadQuestion."""
    optional = skippable(question)
    if pick.step in optional and pick.stopped:
        raise BadQuestion(f"step {pick.step} may be skipped: nobody stops there; all who reached it would")
    before = sum(number < pick.step for number in optional)
    step = msgspec.structs.replace(pick, step=max(1, pick.step - before))
    only = towards(question, optional, pick.step) if pick.step in optional else required(question, optional)
    return only, step


def _clustered(answer: ClustersAnswer, pick: Pick, offset: int, limit: int) -> Members:
    sizes = {one.cluster: one.customers for one in answer.clusters}
    if pick.cluster not in sizes:
        raise BadQuestion(f"cluster {pick.cluster}: 1 to {len(sizes)} would do")
    if len(answer.members) < answer.n:
        raise BadQuestion(
            f"{answer.n} are too many to be listed; a filter that leaves {MOST_MEMBERS} would do"
        )
    found = [one.customer for one in answer.members if one.cluster == pick.cluster]
    known = sorted(one for one in found if one != UNKNOWN)
    page = known[offset : offset + limit]
    nameless = max(0, min(len(found), offset + limit) - max(len(known), offset))
    return Members(answer.unit, sizes[pick.cluster], page, nameless)


def _listed(lake: Lake, answer: Answer, picked: Picked, offset: int, limit: int) -> Members:
    sql = statement(
        "insights/members/listed",
        found=found(answer.sql),
        picked=picked.sql.rstrip(),
        who=f"{IDS[answer.unit]} WHERE project = $project",
    )
    params = {"project": answer.project, "limit": limit, "offset": offset, **picked.params}
    rows = lake.query(sql, params)
    if not rows and offset:
        rows = [(None, n) for _, n in lake.query(sql, {**params, "limit": 1, "offset": 0})]
        return Members(answer.unit, rows[0][1] if rows else 0, [], 0)
    ids = [id for id, _ in rows if id is not None]
    return Members(answer.unit, rows[0][1] if rows else 0, ids, len(rows) - len(ids))


def found(sql: str) -> str:
    """The named SELECTs of an insight's statement, without the one at its end."""
    return sql[: sql.rindex("\n)\nSELECT") + 2]
