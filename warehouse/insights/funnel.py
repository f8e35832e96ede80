"""Funnels: how many came how far through some steps, and how long it took them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from warehouse.insights.ambiguity import ambiguous
from warehouse.insights.asked import MANY, Asked, asking
from warehouse.insights.chains import Cells, Chains
from warehouse.insights.clock import Clock, local_time
from warehouse.insights.errors import BadQuestion
from warehouse.insights.journey import Journey, Plan, plan, settled
from warehouse.insights.optional import check_optional, required, towards, woven
from warehouse.insights.period import Interval, span
from warehouse.insights.question import Answer, require
from warehouse.insights.tables import Table
from warehouse.insights.trend import MOST_INTERVALS, NONE, OTHER
from warehouse.lake import Lake
from warehouse.statements import statement

_SECONDS: Final = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 28 * 86_400, "whole": 1 << 40}
_PER_STEP: Final = 6
_NEVER: Final = 1 << 62
_ONE_VALUE: Final = "SELECT '' AS b0, 1 AS place"
_COUNTS: Final = """
    count(*) FILTER (level >= {step}) AS n{step},
    count(*) FILTER (level >= {step} AND mature) AS m{step},
    median({gap}) FILTER (level >= {step}) AS gap_median{step},
    avg({gap}) FILTER (level >= {step}) AS gap_mean{step},
    median(t{step} - t1) FILTER (level >= {step}) AS all_median{step},
    avg(t{step} - t1) FILTER (level >= {step}) AS all_mean{step}"""


class Funnel(Journey, frozen=True, kw_only=True):
    """How many of those who did step 1 went on to the next, and the next, within a time."""

    every: Annotated[Interval, Meta(description="Also by when they entered: length of an interval.")] = (
        "whole"
    )
    by: Annotated[tuple[str, ...], Meta(description="Fields to break down by; repeatable.")] = ()
    attribution: Annotated[
        Literal["first_touch", "last_touch", "step"],
        Meta(
            description="Whose value counts: of the first or last step event that has one, or of --at-step."
        ),
    ] = "first_touch"
    at_step: Annotated[int, Meta(description="The step whose event has the value.")] = 1
    top: Annotated[int, Meta(description="Values of a breakdown to show; the rest is (other).")] = 10
    optional: Annotated[
        tuple[int, ...], Meta(description="Steps that may be skipped, by number; repeatable.")
    ] = ()


class Reached(Struct, frozen=True):
    """One step. `n`: units that reached it; `n_mature`: those of them whose window is over.

    `rate` is of step 1, `step_rate` of the step before, `mature_rate` of step 1 among the mature: 0 to 1,
    null of nobody. Seconds since the step before and since step 1: `median_s`, `mean_s`, `total_median_s` and
    `total_mean_s`, null for step 1.
    """

    step: str
    n: int
    n_mature: int
    rate: float | None
    step_rate: float | None
    mature_rate: float | None
    median_s: float | None
    mean_s: float | None
    total_median_s: float | None
    total_mean_s: float | None


class Part(Struct, frozen=True):
    """The funnel of one interval and value. `at`: when those in it entered, ISO 8601; null: at any time.

    `by`: the values of the breakdown, in the question's order; `complete`: nothing more can come
    but late events.
    """

    at: str | None
    by: list[str]
    steps: list[Reached]
    complete: bool


class FunnelAnswer(Answer, frozen=True, kw_only=True):
    """`steps`: of everybody; `parts`: by value, those with most entries first, then by interval.

    The question comes back with every switch set. Of optional steps `sql` says nothing: each is the last step
    of a funnel of its own. `ambiguous`: units that may have come further, since in one moment they have
    several events of which one is several steps.
    """

    question: Funnel
    steps: list[Reached]
    parts: list[Part]
    ambiguous: int


def funnel(lake: Lake, question: Funnel, now: int) -> FunnelAnswer:
    """Counts, rates and times of each step. `now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        optional = skippable(question)
        found = _answered(asked, required(question, optional))
        if not optional:
            return found
        beside = {
            number: _answered(Asked(lake, question, now), towards(question, optional, number))
            for number in sorted(optional)
        }
    return _woven(question, found, beside)


def skippable(question: Funnel) -> tuple[int, ...]:
    """The optional steps. BadQuestion where they cannot be skipped like that."""
    parted = bool(question.by) and (question.attribution, question.at_step) != ("step", 1)
    check_optional(question, question.optional, parted)
    return question.optional


def _answered(asked: Asked, question: Funnel) -> FunnelAnswer:
    way = plan(asked, question)
    _check(asked, question)
    chains = _chains(asked, question, way)
    sql = _sql(asked, question, way, chains, chains.ctes)
    rows = _climbed(asked, question, way, chains) or asked.rows(sql)
    titles = [one.title for one in way.steps]
    parts = [_part(row, question, titles, asked) for row in rows if row[2] is not None]
    nobody = [None] * (_PER_STEP * len(titles))
    steps = _steps(next((row[-len(nobody) :] for row in rows if row[2] is None), nobody), titles)
    if not steps[-1].n:
        asked.known(way.steps)
    told = asked.told(sql, steps[0].n, steps[0].n_mature)
    doubtful = ambiguous(asked, way, chains)
    return FunnelAnswer(question=settled(question), steps=steps, parts=parts, ambiguous=doubtful, **told)


def _woven(question: Funnel, found: FunnelAnswer, beside: Mapping[int, FunnelAnswer]) -> FunnelAnswer:
    """The answer with its optional steps; all begin with the same entries, so their parts are the same."""
    size = len(question.steps)
    steps = woven(size, found.steps, {number: one.steps[-1] for number, one in beside.items()})
    parts = []
    for at, part in enumerate(found.parts):
        own = {number: one.parts[at].steps[-1] for number, one in beside.items()}
        parts.append(msgspec.structs.replace(part, steps=woven(size, part.steps, own)))
    doubtful = max(one.ambiguous for one in (found, *beside.values()))
    return msgspec.structs.replace(
        found, question=settled(question), steps=steps, parts=parts, ambiguous=doubtful
    )


def _check(asked: Asked, question: Funnel) -> None:
    intervals = (asked.period.until - asked.period.since) // (_SECONDS[question.every] * 1_000_000) + 1
    if intervals > MOST_INTERVALS:
        raise BadQuestion(f"every {question.every!r} makes {intervals} intervals; {MOST_INTERVALS} would do")
    require(question, by=(0, 3), top=(1, 500), at_step=(1, len(question.steps)))


def _climbed(asked: Asked, question: Funnel, way: Plan, chains: Chains) -> list[tuple[Any, ...]] | None:
    """The same rows where many events are best walked through; None: the whole statement has to be run."""
    if question.by or question.every != "whole" or asked.days(MANY) < MANY:
        return None
    from warehouse.insights.climbs import Climbs, climbable

    reached = Climbs(asked, way).reached() if climbable(asked, way) else None
    if reached is None:
        return None
    with asked.lake.table("climbed", reached):
        return asked.rows(_sql(asked, question, way, chains, "reached AS (SELECT * FROM climbed)"))


def _names(question: Funnel) -> list[str]:
    return [f"b{number}" for number in range(len(question.by))]


def _chains(asked: Asked, question: Funnel, way: Plan) -> Chains:
    """How far everyone came, apart by interval and by the value of a step where the question asks so."""
    names = _names(question)
    of_step = question.attribution == "step" and bool(names)
    found = dict(zip(names, (asked.field(name).text for name in question.by), strict=True))
    if of_step:
        found = {name: f"coalesce({sql}, '{NONE}')" for name, sql in found.items()}
    columns = found | ({"load_seq": "e.load_seq"} if names else {})
    every = Clock(asked, question.every).local if question.every != "whole" else ""
    return Chains(asked, way, Cells(every, tuple(names) if of_step else (), question.at_step, columns))


def _sql(asked: Asked, question: Funnel, way: Plan, chains: Chains, ctes: str) -> str:
    """Columns: beginning and end of the interval (µs UTC), place and values of the breakdown, six a step.

    `ctes`: SELECTs by name, the last of them `reached`.
    """
    clock, parted, names = Clock(asked, question.every), question.every != "whole", _names(question)
    bind, shown = asked.values.bind, names or ["b0"]
    return statement(
        "insights/funnel",
        chains=ctes,
        shown=_shown(chains, names, question.attribution, parted),
        ranked=statement("insights/chain/ranked", names=", ".join(names), top=question.top)
        if names
        else _ONE_VALUE,
        names=", ".join(shown),
        named=", ".join(
            f"CASE WHEN t.place IS NULL THEN '{OTHER}' ELSE s.{one} END AS {one}" for one in shown
        ),
        nothing=", ".join(f"NULL AS {one}" for one in shown),
        top=question.top,
        **_cuts(chains, shown),
        parted=str(parted).upper(),
        broken=str(bool(names)).upper(),
        within=chains.within,
        end=bind(asked.period.until if way.both else _NEVER),
        complete=bind(asked.complete_us),
        counts=",".join(_counts(step) for step in range(1, chains.size + 1)),
        zone=clock.zone,
        every=clock.every,
        begin=clock.begin,
        stop=clock.end,
        since=bind(asked.period.since),
        until=bind(asked.period.until),
        cells=f"SELECT DISTINCT {', '.join(names)}, place FROM named" if names else _ONE_VALUE,
    )


def _shown(chains: Chains, names: Sequence[str], attribution: str, parted: bool) -> str:
    """SELECT of what was reached, with `local` and the values of the breakdown."""
    local = "" if parted else ", NULL::TIMESTAMP AS local"
    if not names:
        return f"SELECT *, '' AS b0{local} FROM reached"
    if attribution == "step":
        return f"SELECT *{local} FROM reached"
    how = "arg_min" if attribution == "first_touch" else "arg_max"
    return statement(
        "insights/chain/touch",
        shown=", ".join(f"coalesce(touch.{name}, '{NONE}') AS {name}" for name in names) + local,
        touched=", ".join(f"{how}({name}, (moment, load_seq)) AS {name}" for name in names),
        is_step=chains.is_step,
    )


def _cuts(chains: Chains, names: Sequence[str]) -> dict[str, str]:
    """How rows become one a unit: where journeys are kept apart, the one that came furthest first."""
    taken = ", ".join(f"'{name}': {name}" for name in ("level", *chains.times))
    if chains.keys == ["owner"]:
        return {"best": f"{{{taken}}} AS best, latest", "each_point": "", "each_value": "", "each": ""}
    furthest = f"(level, -greatest({', '.join(chains.times)}), t1)"
    return {
        "best": f"arg_max({{{taken}}}, {furthest}) AS best, max(latest) AS latest",
        "each_point": f"GROUP BY owner, local, {', '.join(names)}, place",
        "each_value": f"GROUP BY owner, {', '.join(names)}, place",
        "each": "GROUP BY owner",
    }


def _counts(step: int) -> str:
    return _COUNTS.format(step=step, gap=f"t{step} - t{step - 1}" if step > 1 else "NULL::BIGINT")


def _part(row: Sequence[Any], question: Funnel, titles: Sequence[str], asked: Asked) -> Part:
    begin, end, _, *rest = row
    width = max(len(question.by), 1)
    until = asked.period.until if end is None else end
    over = until if settled(question).range == "both" else until + span("within", question.within)
    return Part(
        None if begin is None else local_time(begin, asked.question.timezone),
        rest[:width] if question.by else [],
        _steps(rest[width:], titles),
        over <= asked.complete_us,
    )


def _steps(values: Sequence[Any], titles: Sequence[str]) -> list[Reached]:
    rows = [values[at : at + _PER_STEP] for at in range(0, len(values), _PER_STEP)]
    found = []
    for number, (title, row) in enumerate(zip(titles, rows, strict=True)):
        n, mature = row[0] or 0, row[1] or 0
        first, before = rows[0], rows[max(number - 1, 0)]
        times = [None if one is None or not number else one / 1e6 for one in row[2:]]
        shares = _share(n, first[0]), _share(n, before[0]), _share(mature, first[1])
        found.append(Reached(title, n, mature, *shares, *times))
    return found


def _share(part: int, whole: int | None) -> float | None:
    return part / whole if whole else None


def funnel_table(answer: FunnelAnswer) -> Table:
    """One row a step: of everybody, then of each part."""
    fields = list(Reached.__struct_fields__)
    whole = Part(None, [], answer.steps, True)
    rows = []
    for part in [whole, *answer.parts]:
        by = part.by or ["all"] * len(answer.question.by)
        rows += [[part.at or "all", *by, *(getattr(step, name) for name in fields)] for step in part.steps]
    return Table(["entered", *answer.question.by, *fields], rows)
