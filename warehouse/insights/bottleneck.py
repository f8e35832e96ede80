"""The step of a funnel that is furthest below what it was, or should be, and the slice that explains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import sqrt
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.chains import Cells, Chains
from warehouse.insights.errors import BadQuestion
from warehouse.insights.journey import Journey, Plan, plan, settled
from warehouse.insights.question import Answer, require
from warehouse.insights.slices import Counts, Slice, against, slices
from warehouse.insights.tables import Table
from warehouse.insights.trend import NONE, OTHER
from warehouse.lake import Lake
from warehouse.statements import statement

_SURE: Final = -1.959963984540054
_FIELDS: Final = ("device_type", "country", "channel")
# field -> value -> how many reached step 1, 2, …
Table_ = dict[str, dict[str, list[int]]]


class Bottleneck(Journey, frozen=True, kw_only=True):
    """The step furthest below its own history or a benchmark, and which slice of users explains it."""

    periods: Annotated[int, Meta(description="So many ranges of the same length before are its history.")] = 4
    benchmark: Annotated[
        tuple[float, ...],
        Meta(description="Instead: rates to expect, 0 to 1, from step 2 on; repeatable."),
    ] = ()
    by: Annotated[tuple[str, ...], Meta(description="Fields to look for the slice in; repeatable.")] = _FIELDS
    least: Annotated[int, Meta(description="Steps that fewer units came to are not judged.")] = 30
    top: Annotated[int, Meta(description="Values of each field; the rest is (other).")] = 20


class Compared(Struct, frozen=True):
    """One step from the second on. `n` came to the step before, `rate` of them on; `n_before` and `expected`:
    in the history (0 and the given rate with a benchmark). `below`: rate less expected.

    `z`: how many standard errors that is; `lost`: units that did not come on for it (`below` times `n`).
    """

    step: str
    n: int
    rate: float | None
    n_before: int
    expected: float | None
    below: float | None
    z: float | None
    lost: float | None


class BottleneckAnswer(Answer, frozen=True, kw_only=True):
    """`step`: the bottleneck, by title; null where no step with enough units is below what is expected.

    Steps that are surely below (z under -1.96) come before those that may be so by chance. `slices`: of that
    step, by field those that pull it down most first; the parts of one field add up to its `below`. Only
    journeys whose window is over are compared.
    """

    question: Bottleneck
    step: str | None
    steps: list[Compared]
    slices: list[Slice]


def bottleneck(lake: Lake, question: Bottleneck, now: int) -> BottleneckAnswer:
    """`now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        way = plan(asked, question)
        _check(question)
        sql = _sql(asked, question, way)
        rows = asked.rows(sql)
        titles = [one.title for one in way.steps]
        n = sum(row[3] for row in rows if row[0] and row[1] == 0)
        if not any(row[-1] for row in rows):
            asked.known(way.steps)
        then, before = (_counted([row for row in rows if row[0] == now], question) for now in (True, False))
        steps = _compared(titles, then, before, question)
        worst = _worst(steps, question)
        return BottleneckAnswer(
            question=settled(question),
            step=None if worst is None else titles[worst],
            steps=steps,
            slices=[] if worst is None else _slices(worst, then, before, question),
            **asked.told(sql, n, then[""][""][0]),
        )


def _check(question: Bottleneck) -> None:
    require(question, periods=(1, 52), by=(1, 8), least=(1, 1_000_000), top=(1, 500))
    steps = len(question.steps) - 1
    if question.benchmark and len(question.benchmark) != steps:
        raise BadQuestion(f"benchmark: {steps} rates would do, not {len(question.benchmark)}")
    if not all(0 <= rate <= 1 for rate in question.benchmark):
        raise BadQuestion("benchmark: rates from 0 to 1 would do")


def _sql(asked: Asked, question: Bottleneck, way: Plan) -> str:
    """Columns: whether of the range, number of the field, value, entered, and maturely reached each step."""
    length = asked.period.until - asked.period.since
    since = asked.values.bind(asked.period.since)
    names = [f"f{number}" for number in range(len(question.by))]
    columns = {name: asked.field(field).text for name, field in zip(names, question.by, strict=True)}
    columns |= {"load_seq": "e.load_seq"}
    every = f"floor((epoch_us(e.timestamp) - {since}) / {length})::INTEGER"
    earlier = 0 if question.benchmark else question.periods * length
    chains = Chains(asked, way, Cells(every=every, columns=columns, earlier=earlier))
    first = "coalesce(arg_min({0}, (moment, load_seq)), '{1}') AS {0}"
    return statement(
        "insights/bottleneck",
        chains=chains.ctes,
        begun=chains.begun,
        values=", ".join(first.format(name, NONE) for name in names),
        within=chains.within,
        complete=asked.values.bind(asked.complete_us),
        grouped=_grouped(names),
        names=", ".join([*names, "''"]),
        counts=", ".join(
            f"count(*) FILTER (mature AND level >= {step}) AS n{step}" for step in range(1, chains.size + 1)
        ),
        sets=", ".join(["(now)", *(f"(now, {name})" for name in names)]),
    )


def _grouped(names: Sequence[str]) -> str:
    cases = " ".join(f"WHEN grouping({name}) = 0 THEN {at}" for at, name in enumerate(names, 1))
    return f"CASE {cases} ELSE 0 END"


def _counted(rows: Sequence[Sequence[Any]], question: Bottleneck) -> Table_:
    """field -> value -> counts; "" is everybody."""
    nobody = [0] * len(question.steps)
    found: Table_ = {name: {} for name in ("", *question.by)}
    found[""][""] = nobody
    for _, field, value, _, *counts in rows:
        found[question.by[field - 1] if field else ""][value if field else ""] = list(counts)
    return found


def _compared(titles: Sequence[str], now: Table_, before: Table_, question: Bottleneck) -> list[Compared]:
    found = []
    for step in range(1, len(titles)):
        came, on = now[""][""][step - 1], now[""][""][step]
        came_before, on_before = (0, 0) if question.benchmark else before[""][""][step - 1 : step + 1]
        rate = on / came if came else None
        expected = question.benchmark[step - 1] if question.benchmark else None
        if came_before:
            expected = on_before / came_before
        below, z = _below(came, rate, came_before, expected)
        lost = None if below is None else below * came
        found.append(Compared(titles[step], came, rate, came_before, expected, below, z, lost))
    return found


def _below(
    n: int, rate: float | None, n_before: int, expected: float | None
) -> tuple[float | None, float | None]:
    """How far a rate is below what is expected, and in standard errors."""
    if rate is None or expected is None:
        return None, None
    pooled = (n * rate + n_before * expected) / (n + n_before) if n_before else expected
    error = sqrt(pooled * (1 - pooled) * (1 / n + (1 / n_before if n_before else 0)))
    return rate - expected, (rate - expected) / error if error else None


def _worst(steps: Sequence[Compared], question: Bottleneck) -> int | None:
    """The number of the step that is furthest below, those that are surely so first."""
    ranked = [
        (one.z is None or one.z > _SURE, one.below, number)
        for number, one in enumerate(steps, 1)
        if one.below is not None and one.below < 0 and one.n >= question.least
    ]
    return min(ranked)[2] if ranked else None


def _slices(step: int, now: Table_, before: Table_, question: Bottleneck) -> list[Slice]:
    """Of all fields; the field whose one slice pulls down most comes first."""
    fields = []
    for field in question.by:
        kept = _kept(step, [now[field], before[field]], question.top)
        then, earlier = (_pairs(one[field], step, kept) for one in (now, before))
        if question.benchmark:
            fields.append(against(field, then, question.benchmark[step - 1]))
        else:
            fields.append(slices(field, then, earlier))
    return [one for found in sorted(filter(None, fields), key=lambda found: found[0].part) for one in found]


def _kept(step: int, tables: Sequence[dict[str, list[int]]], top: int) -> set[str]:
    came: dict[str, int] = defaultdict(int)
    for table in tables:
        for value, counts in table.items():
            came[value] += counts[step - 1]
    return set(sorted(came, key=lambda value: (-came[value], value))[:top])


def _pairs(table: dict[str, list[int]], step: int, kept: set[str]) -> dict[str, Counts]:
    """value -> (came to the step before, came on), what is not kept as other."""
    found: dict[str, Counts] = defaultdict(lambda: (0, 0))
    for value, counts in table.items():
        name = value if value in kept else OTHER
        came, on = found[name]
        found[name] = came + counts[step - 1], on + counts[step]
    return found


def bottleneck_table(answer: BottleneckAnswer) -> Table:
    """One row a step, then one a slice of the bottleneck."""
    columns = ["step", "slice", "n", "rate", "n_before", "expected", "below", "z"]
    rows: list[list[Any]] = [
        [step.step, "all", step.n, step.rate, step.n_before, step.expected, step.below, step.z]
        for step in answer.steps
    ]
    for one in answer.slices:
        rates = [one.n, one.rate, one.n_before, one.rate_before]
        rows.append([answer.step, f"{one.field} = {one.value}", *rates, one.part, None])
    return Table(columns, rows)
