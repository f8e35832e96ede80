"""What of an answer a picture shows: a plain description that the page's script draws.

Each is made from the answer's own structs; an insight without one is shown as bars of its table's first
numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from warehouse.console.moments import MOMENT, day
from warehouse.console.texts import SEGMENT
from warehouse.insights.tables import Table

_MOST_BARS: Final = 30
_MOST_POINTS: Final = 1_000
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOST_LINES: Final = 12


class Series(msgspec.Struct, frozen=True):
    """Numbers under one name, in the order of the chart's labels; null where there is none."""

    name: str
    values: Sequence[float | None]


class Link(msgspec.Struct, frozen=True):
    """A stream from one node to another."""

    source: str
    target: str
    value: float


class Chart(msgspec.Struct, frozen=True, omit_defaults=True):
    """`kind` is how it is drawn; `percent`: numbers are shares, 0 to 1. `rows` are those of a heat map,
    `band` the names of the series between which numbers were to be expected, `marked` places that stand out.
    `ours`: names of series are words of the console's, to be shown in its language; so are labels where its
    texts have them under `labels_of`.
    """

    kind: Literal["line", "bar", "stack", "heat", "flow"]
    labels: Sequence[str] = ()
    series: Sequence[Series] = ()
    rows: Sequence[str] = ()
    links: Sequence[Link] = ()
    percent: bool = False
    band: Sequence[str] = ()
    marked: Sequence[int] = ()
    ours: bool = False
    labels_of: str = ""


def chart(name: str, answer: Any, table: Table | None) -> Chart | None:
    """The picture of an answer; None where there is nothing to draw."""
    drawn = _DRAWN.get(name)
    found = drawn(answer) if drawn else bars(table) if table else None
    return found if found is not None and (found.labels or found.links) else None


def _trend(answer: Any) -> Chart | None:
    moments = sorted({one.at for one in answer.points if one.at})
    if len(moments) < 2:
        return _totals(answer)
    places = {at: number for number, at in enumerate(moments)}
    lines: dict[str, list[float | None]] = {}
    for point in answer.points:
        if point.at is None:
            continue
        values = [point.formula] if answer.question.formula else point.values
        names = ["formula"] if answer.question.formula else answer.series
        for series, value in zip(names, values, strict=True):
            name = ", ".join([*point.by, *([series] if len(names) > 1 or not point.by else [])])
            lines.setdefault(name, [None] * len(moments))[places[point.at]] = value
    return Chart("line", [day(at) for at in moments], _first(lines))


def _overview(answer: Any) -> Chart:
    labels = [day(one.at) for one in answer.moments]
    series = [
        Series("visits", [float(one.numbers.visits) for one in answer.moments]),
        Series("before", [float(one.before.visits) if one.before else None for one in answer.moments]),
    ]
    return Chart("line", labels, series, band=("before",), ours=True)


def _totals(answer: Any) -> Chart | None:
    """The whole range: each value of the breakdown, without the sum of them."""
    parts = [one for one in answer.totals if one.by or not answer.question.by][:_MOST_BARS]
    labels = [", ".join(one.by) or "*" for one in parts]
    series = [
        Series(name, [one.values[number] for one in parts]) for number, name in enumerate(answer.series)
    ]
    return Chart("bar", labels, series)


def _funnel(answer: Any) -> Chart:
    labels = [f"{number}. {one.step}" for number, one in enumerate(answer.steps, 1)]
    parts = {
        ", ".join(part.by): [float(one.n) for one in part.steps]
        for part in answer.parts
        if part.at is None and part.by
    }
    whole: dict[str, Sequence[float | None]] = {answer.unit: [float(one.n) for one in answer.steps]}
    return Chart("bar", labels, _first(parts or whole))


def _retention(answer: Any) -> Chart:
    rows = [row for row in answer.rows or answer.totals if row.cells]
    labels = [cohort_label(row) for row in rows]
    series = [
        Series(label, [cell.rate for cell in row.cells]) for label, row in zip(labels, rows, strict=True)
    ]
    return Chart("heat", list(answer.columns), series, rows=labels, percent=True)


def cohort_label(row: Any) -> str:
    return f"{day(row.at) if row.at else '*'} {', '.join(row.by)} ({row.n})".replace("  ", " ")


def _paths(answer: Any) -> Chart:
    def node(step: int, item: str) -> str:
        return f"{step}. {item}"

    links = [
        Link(node(one.step, one.source), node(one.step + 1, one.target), float(one.walks))
        for one in answer.edges
    ]
    return Chart("flow", links=links)


def _lifecycle(answer: Any) -> Chart:
    labels = [day(one.at) for one in answer.stages]
    series = [
        Series(name, [_signed(name, getattr(one, name)) for one in answer.stages])
        for name in ("new", "returning", "resurrecting", "dormant")
    ]
    return Chart("stack", labels, series, ours=True)


def _signed(name: str, number: float | None) -> float | None:
    """Those who went away are drawn below the line."""
    return -number if name == "dormant" and number is not None else number


def _stickiness(answer: Any) -> Chart:
    labels = [str(one.intervals) for one in answer.bars]
    return Chart(
        "bar", labels, [Series("share", [one.share for one in answer.bars])], percent=True, ours=True
    )


def _survey(answer: Any) -> Chart:
    """The score by interval and breakdown; of everybody with what lies within its error. Of one interval the
    whole range by breakdown.
    """
    moments = sorted({one.at for one in answer.rows if one.at})
    if len(moments) < 2:
        whole = [one for one in answer.rows if one.at is None][:_MOST_BARS]
        return Chart(
            "bar",
            [", ".join(one.by) or "*" for one in whole],
            [Series("score", [one.score for one in whole])],
            ours=True,
        )
    names = ("score",) if answer.question.by else ("score", "low", "high")
    lines: dict[str, list[float | None]] = {}
    for one in answer.rows:
        for name in names if one.at else ():
            line = lines.setdefault(", ".join(one.by) or name, [None] * len(moments))
            line[moments.index(one.at)] = getattr(one, name)
    labels = [day(at) for at in moments]
    return Chart("line", labels, _first(lines), band=names[1:], ours=not answer.question.by)


def _attribution(answer: Any) -> Chart:
    shown = answer.credits[:_MOST_BARS]
    series = [
        Series(model, [one.conversions[number] for one in shown])
        for number, model in enumerate(answer.question.models)
    ]
    return Chart("bar", [one.touch for one in shown], series, ours=True)


def _rfm(answer: Any) -> Chart:
    customers = Series("customers", [one.customers for one in answer.segments])
    return Chart("bar", [one.segment for one in answer.segments], [customers], labels_of=SEGMENT)


def _overlap(answer: Any) -> Chart:
    """Each cohort as those in it alone, and those in others as well."""
    series = [
        Series("only", [float(one.only) for one in answer.sizes]),
        Series("shared", [float(one.customers - one.only) for one in answer.sizes]),
    ]
    return Chart("stack", [one.cohort for one in answer.sizes], series, ours=True)


def _anomaly(answer: Any) -> Chart:
    names = ("value", "expected", "low", "high")
    series = [Series(name, [getattr(one, name) for one in answer.points]) for name in names]
    marked = [number for number, one in enumerate(answer.points) if one.anomalous]
    labels = [day(one.at) for one in answer.points]
    return Chart("line", labels, series, band=("low", "high"), marked=marked, ours=True)


def _action_effect(answer: Any) -> Chart:
    arms = ("treated", "holdout")
    series = [Series(arm, [getattr(one, arm).rate for one in answer.outcomes]) for arm in arms]
    return Chart("bar", [one.outcome for one in answer.outcomes], series, percent=True, ours=True)


def _of(rows: str, label: str, *numbers: str, percent: bool = False) -> Callable[[Any], Chart]:
    """Bars of some fields of the answer's rows."""

    def draw(answer: Any) -> Chart:
        shown = getattr(answer, rows)[:_MOST_BARS]
        series = [Series(name, [getattr(one, name) for one in shown]) for name in numbers]
        return Chart("bar", [str(getattr(one, label)) for one in shown], series, percent=percent)

    return draw


def bars(table: Table) -> Chart | None:
    """The first column with text against the first with numbers; a line where the texts are moments."""
    rows = table.rows[:_MOST_POINTS]
    texts = [n for n in range(len(table.columns)) if any(isinstance(row[n], str) for row in rows)]
    numbers = [
        n
        for n in range(len(table.columns))
        if n not in texts and any(type(row[n]) in (int, float) for row in rows)
    ]
    if not rows or not texts or not numbers:
        return None
    labels = [str(row[texts[0]]) for row in rows]
    values = [row[numbers[0]] for row in rows]
    if all(_DATE.fullmatch(one) or MOMENT.fullmatch(one) for one in labels):
        return Chart("line", [day(one) for one in labels], [Series(table.columns[numbers[0]], values)])
    return Chart("bar", labels[:_MOST_BARS], [Series(table.columns[numbers[0]], values[:_MOST_BARS])])


def _first(lines: Mapping[str, Sequence[float | None]]) -> list[Series]:
    return [Series(name, values) for name, values in list(lines.items())[:_MOST_LINES]]


_DRAWN: Final[Mapping[str, Callable[[Any], Chart | None]]] = {
    "overview": _overview,
    "trend": _trend,
    "funnel": _funnel,
    "retention": _retention,
    "paths": _paths,
    "lifecycle": _lifecycle,
    "stickiness": _stickiness,
    "survey": _survey,
    "attribution": _attribution,
    "action_effect": _action_effect,
    "anomaly": _anomaly,
    "overlap": _overlap,
    "campaigns": _of("campaigns", "campaign", "conversions", "new_customers"),
    "engagement": _of("items", "item", "use", "first_use", percent=True),
    "rfm": _rfm,
    "clusters": _of("clusters", "description", "customers"),
    "correlation": _of("behaviours", "event", "lift"),
}
