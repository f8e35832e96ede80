"""Who is behind a number of an answer: the customers (or devices, sessions …) in one bar, step, cell or node.

What an answer's statement has found by name is asked once more, with another SELECT at its end; so those who
are listed are those who were counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from warehouse.insights.buyers.rfm import RfmAnswer
from warehouse.insights.errors import BadQuestion
from warehouse.insights.funnel import FunnelAnswer
from warehouse.insights.lifecycle import LifecycleAnswer
from warehouse.insights.paths import PathsAnswer
from warehouse.insights.question import Answer, Question
from warehouse.insights.retention import RetentionAnswer
from warehouse.insights.stickiness import StickinessAnswer
from warehouse.insights.trend import OTHER, Trend, TrendAnswer
from warehouse.insights.who import IDS
from warehouse.lake import Lake
from warehouse.statements import statement

Ask = Callable[[Lake, Question], Answer]
Stage = Literal["active", "new", "returning", "resurrecting", "dormant"]
MOST_LISTED: Final = 100_000
_TRIES: Final = 3
_STAGES: Final = {
    "active": "number = {number}",
    "new": "number = {number} AND is_new",
    "returning": "number = {number} AND stayed",
    "resurrecting": "number = {number} AND NOT stayed AND NOT is_new",
    "dormant": "number + 1 = {number} AND after IS DISTINCT FROM number + 1",
}


class Pick(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which number of an answer is meant; each insight has its own fields.

    `at`, `by`: as in the answer's row. trend: `series` from 0. funnel: `step` from 1, `stopped`: who went no
    further. retention: `column` from 0. lifecycle: `stage`. stickiness: `intervals`. paths: `step`, `item`,
    and `target` of an edge. rfm: the scores `r`, `f`, `m`; 0: any.
    """

    at: str | None = None
    by: Annotated[tuple[str, ...], Meta(max_length=3)] = ()
    series: Annotated[int, Meta(ge=0, le=30)] = 0
    step: Annotated[int, Meta(ge=1, le=30)] = 1
    stopped: bool = False
    column: Annotated[int, Meta(ge=0, le=400)] = 0
    stage: Stage = "active"
    intervals: Annotated[int, Meta(ge=1, le=1_000)] = 1
    item: str = ""
    target: str | None = None
    r: Annotated[int, Meta(ge=0, le=5)] = 0
    f: Annotated[int, Meta(ge=0, le=5)] = 0
    m: Annotated[int, Meta(ge=0, le=5)] = 0


class Members(Struct, frozen=True):
    """`n` units in all; `ids`: a page of them in order; `unknown`: how many of this page have no known id."""

    unit: str
    n: int
    ids: list[str]
    unknown: int


class _Picked(Struct, frozen=True):
    """A SELECT of `owner` over what the answer's statement has found, and its parameters."""

    sql: str
    params: Mapping[str, Any] = {}


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
    asked = _countable(question)
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
    if name not in _PICKED:
        raise BadQuestion(f"{name} lists nobody by its numbers; {', '.join(_PICKED)} do")
    if not (0 <= offset <= MOST_LISTED and 1 <= limit <= MOST_LISTED):
        raise BadQuestion(f"from {offset}, {limit} of them: 0 and 1 to {MOST_LISTED} would do")
    picked = _PICKED[name](answer, pick)
    return _listed(lake, answer, picked, offset, limit)


def _countable(question: Question) -> Question:
    """Asked so that its statement knows single units."""
    if isinstance(question, Trend):
        return msgspec.structs.replace(question, raw=True)
    if getattr(question, "optional", ()):
        raise BadQuestion("optional: those behind optional steps cannot be listed; without them would do")
    return question


def _listed(lake: Lake, answer: Answer, picked: _Picked, offset: int, limit: int) -> Members:
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


def _trend(answer: TrendAnswer, pick: Pick) -> _Picked:
    if pick.series >= len(answer.series):
        raise BadQuestion(f"series {pick.series}: 0 to {len(answer.series) - 1} would do")
    same, params = _same(pick, answer.question.by)
    if pick.at is None:
        since = _micros(answer.since)
        sql = statement("insights/members/trend_whole", series=pick.series, since=since, same=same)
        return _Picked(sql, params)
    sql = statement("insights/members/trend", series=pick.series, same=same)
    return _Picked(sql, {**params, "moment": _second(pick.at)})


def _funnel(answer: FunnelAnswer, pick: Pick) -> _Picked:
    if pick.step > len(answer.steps):
        raise BadQuestion(f"step {pick.step}: 1 to {len(answer.steps)} would do")
    same, params = _same(pick, answer.question.by)
    far = f"{'=' if pick.stopped else '>='} {pick.step}"
    if pick.at is None:
        return _Picked(statement("insights/members/funnel", same=same, far=far), params)
    sql = statement("insights/members/funnel_entered", same=same, far=far)
    return _Picked(sql, {**params, "moment": _second(pick.at)})


def _retention(answer: RetentionAnswer, pick: Pick) -> _Picked:
    cohorts = [one.at for one in answer.rows if tuple(one.by) == pick.by]
    if pick.at not in cohorts or pick.column >= len(answer.columns):
        raise BadQuestion(f"there is no cohort of {pick.at!r} with a column {pick.column}")
    same, params = _same(pick, answer.question.by, f"coalesce({{name}}, '{OTHER}')")
    sql = statement(
        "insights/members/retention",
        of="hits" if pick.column else "entered",
        cohort=cohorts.index(pick.at),
        column=f"column_no = {pick.column}" if pick.column else "TRUE",
        same=same,
    )
    return _Picked(sql, params)


def _lifecycle(answer: LifecycleAnswer, pick: Pick) -> _Picked:
    stages = [one.at for one in answer.stages]
    if pick.at not in stages:
        raise BadQuestion(f"there is no interval that begins at {pick.at!r}")
    stage = _STAGES[pick.stage].format(number=stages.index(pick.at) + 1)
    return _Picked(statement("insights/members/lifecycle", stage=stage))


def _stickiness(_: StickinessAnswer, pick: Pick) -> _Picked:
    return _Picked(statement("insights/members/stickiness", intervals=pick.intervals))


def _paths(_: PathsAnswer, pick: Pick) -> _Picked:
    sql = statement("insights/members/paths", step=pick.step)
    return _Picked(sql, {"item": pick.item, "target": pick.target})


def _rfm(answer: RfmAnswer, pick: Pick) -> _Picked:
    by = (answer.question.by,) if answer.question.by else ()
    same, params = _same(pick, by, "part")
    sql = statement("insights/members/rfm", r=pick.r, f=pick.f, m=pick.m, same=same)
    return _Picked(sql, params)


def _same(pick: Pick, by: Sequence[str], form: str = "{name}") -> tuple[str, dict[str, Any]]:
    """SQL: whether a row is of the picked values of a breakdown; of none, every one is."""
    if not pick.by:
        return "TRUE", {}
    if len(pick.by) != len(by):
        raise BadQuestion(f"by: {len(by)} values would do, not {len(pick.by)}")
    tests = [f"{form.format(name=f'b{number}')} = $by{number}" for number in range(len(by))]
    return " AND ".join(tests), {f"by{number}": value for number, value in enumerate(pick.by)}


def _second(at: str) -> int:
    try:
        return int(datetime.fromisoformat(at).timestamp())
    except (ValueError, OverflowError):
        raise BadQuestion(f"at {at[:40]!r} is no moment; one of the answer's would do") from None


def _micros(at: str) -> int:
    moment = datetime.fromisoformat(at)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


_PICKED: Final[Mapping[str, Callable[[Any, Pick], _Picked]]] = {
    "trend": _trend,
    "funnel": _funnel,
    "retention": _retention,
    "lifecycle": _lifecycle,
    "stickiness": _stickiness,
    "paths": _paths,
    "rfm": _rfm,
}
