"""Which units stand behind each number of an answer, as a SELECT over what its statement has found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.buyers.rfm import RfmAnswer, namer
from warehouse.insights.engagement import EngagementAnswer
from warehouse.insights.errors import BadQuestion
from warehouse.insights.funnel import FunnelAnswer
from warehouse.insights.lifecycle import LifecycleAnswer
from warehouse.insights.marketing.models import Model
from warehouse.insights.paths import PathsAnswer
from warehouse.insights.retention import RetentionAnswer
from warehouse.insights.stickiness import StickinessAnswer
from warehouse.insights.trend import OTHER, TrendAnswer
from warehouse.statements import statement

Stage = Literal["active", "new", "returning", "resurrecting", "dormant"]
Did = Literal["any", "converted", "first"]
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
    and `target` of an edge. rfm: the scores `r`, `f`, `m`; 0: any; or `item`, a segment. clusters: `cluster`.
    engagement: `item`, "" of all, and `did`. attribution: `item`, a touch, and `model`. campaigns: `item`; by
    `did` who visited through it, whose conversion is credited to it, or whose first one.
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
    cluster: Annotated[int, Meta(ge=0, le=100)] = 0
    did: Did = "any"
    model: Model | None = None


class Picked(Struct, frozen=True):
    """A SELECT of `owner` over what the answer's statement has found, and its parameters."""

    sql: str
    params: Mapping[str, Any] = {}


def _trend(answer: TrendAnswer, pick: Pick) -> Picked:
    if pick.series >= len(answer.series):
        raise BadQuestion(f"series {pick.series}: 0 to {len(answer.series) - 1} would do")
    same, params = _same(pick, answer.question.by)
    if pick.at is None:
        since = micros(answer.since)
        sql = statement("insights/members/trend_whole", series=pick.series, since=since, same=same)
        return Picked(sql, params)
    sql = statement("insights/members/trend", series=pick.series, same=same)
    return Picked(sql, {**params, "moment": _second(pick.at)})


def _funnel(answer: FunnelAnswer, pick: Pick) -> Picked:
    if pick.step > len(answer.steps):
        raise BadQuestion(f"step {pick.step}: 1 to {len(answer.steps)} would do")
    same, params = _same(pick, answer.question.by)
    far = f"{'=' if pick.stopped else '>='} {pick.step}"
    if pick.at is None:
        return Picked(statement("insights/members/funnel", same=same, far=far), params)
    sql = statement("insights/members/funnel_entered", same=same, far=far)
    return Picked(sql, {**params, "moment": _second(pick.at)})


def _retention(answer: RetentionAnswer, pick: Pick) -> Picked:
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
    return Picked(sql, params)


def _lifecycle(answer: LifecycleAnswer, pick: Pick) -> Picked:
    stages = [one.at for one in answer.stages]
    if pick.at not in stages:
        raise BadQuestion(f"there is no interval that begins at {pick.at!r}")
    stage = _STAGES[pick.stage].format(number=stages.index(pick.at) + 1)
    return Picked(statement("insights/members/lifecycle", stage=stage))


def _stickiness(_: StickinessAnswer, pick: Pick) -> Picked:
    return Picked(statement("insights/members/stickiness", intervals=pick.intervals))


def _paths(_: PathsAnswer, pick: Pick) -> Picked:
    sql = statement("insights/members/paths", step=pick.step)
    return Picked(sql, {"item": pick.item, "target": pick.target})


def _rfm(answer: RfmAnswer, pick: Pick) -> Picked:
    by = (answer.question.by,) if answer.question.by else ()
    same, params = _same(pick, by, "part")
    within = _of_segment(answer, pick) if pick.item else "TRUE"
    sql = statement("insights/members/rfm", r=pick.r, f=pick.f, m=pick.m, within=within, same=same)
    return Picked(sql, params)


def _of_segment(answer: RfmAnswer, pick: Pick) -> str:
    """SQL: whether scores are those of a segment. BadQuestion where it has nobody."""
    name = namer(answer.question.scheme)
    scores = sorted({(one.r, one.f, one.m) for one in answer.cells if name(one.r, one.f, one.m) == pick.item})
    if not scores:
        raise BadQuestion(f"there is nobody in a segment {pick.item[:40]!r}")
    return f"(r, f, m) IN ({', '.join(map(str, scores))})"


def _engagement(answer: EngagementAnswer, pick: Pick) -> Picked:
    """Items stand in the answer by their places; the rest is the last of them."""
    places = {one.item: place for place, one in enumerate(answer.items, 1)}
    if pick.item and pick.item not in places:
        raise BadQuestion(f"item {pick.item[:80]!r} is none of the answer's")
    of = f"place = {places[pick.item]}" if pick.item else "TRUE"
    first = "first_use" if pick.did == "first" else "TRUE"
    return Picked(statement("insights/members/engagement", of=of, first=first))


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


def micros(at: str) -> int:
    """µs UTC of a moment as answers tell it."""
    moment = datetime.fromisoformat(at)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


PICKED: Final[Mapping[str, Callable[[Any, Pick], Picked]]] = {
    "trend": _trend,
    "funnel": _funnel,
    "retention": _retention,
    "lifecycle": _lifecycle,
    "stickiness": _stickiness,
    "paths": _paths,
    "rfm": _rfm,
    "engagement": _engagement,
}
