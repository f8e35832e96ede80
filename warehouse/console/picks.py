"""Which cells of an answer's table have customers behind them, and where those are listed.

`key` is how the picture names the same number (series and label), so that a click on it finds the link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, get_args
from urllib.parse import quote, urlencode

import msgspec

from warehouse.console.charts import cohort_label
from warehouse.console.moments import day
from warehouse.insights.marketing.campaigns import ALL
from warehouse.insights.marketing.journeys import OTHER
from warehouse.insights.paths import paths_table
from warehouse.insights.picking import Pick, Stage

# Row and column of the table, and what is picked there.
Cell = tuple[int, int, str, Pick]


class Linked(msgspec.Struct, frozen=True):
    """A cell's link: how the picture names it, and the address of its customers."""

    key: str
    place: str


Links = Mapping[tuple[int, int], Linked]


def linked(name: str, answer: Any, given: Mapping[str, Sequence[str]], rows: int) -> Links:
    """The links of the first rows of the answer's table, by row and column."""
    if name not in _CELLS:
        return {}
    fixed = {**given, "since": [answer.since], "until": [answer.until]}
    asked = urlencode([(field, text) for field, texts in fixed.items() for text in texts])
    start = f"/explore/{name}/customers?{asked}&pick="
    return {
        (row, column): Linked(key, start + quote(msgspec.json.encode(pick)))
        for row, column, key, pick in _CELLS[name](answer)
        if row < rows
    }


def _trend(answer: Any) -> Iterator[Cell]:
    drawn = len({one.at for one in answer.points if one.at}) > 1
    width, many = 1 + len(answer.question.by), len(answer.series) > 1
    for row, point in enumerate([*answer.points, *answer.totals]):
        by = tuple(point.by)
        for number, (title, value) in enumerate(zip(answer.series, point.values, strict=True)):
            name = ", ".join([*by, *([title] if many or not by else [])])
            key = f"{name}|{day(point.at)}" if point.at else f"{title}|{', '.join(by) or '*'}"
            if value:
                shown = key if drawn == (point.at is not None) else ""
                yield row, width + number, shown, Pick(at=point.at, by=by, series=number)


def _funnel(answer: Any) -> Iterator[Cell]:
    width, row = 2 + len(answer.question.by), 0
    for at, by, steps in [
        (None, [], answer.steps),
        *((one.at, one.by, one.steps) for one in answer.parts),
    ]:
        for number, step in enumerate(steps, 1):
            key = f"{', '.join(by) or answer.unit}|{number}. {step.step}" if at is None else ""
            if step.n:
                yield row, width, key, Pick(at=at, by=tuple(by), step=number)
            row += 1


def _retention(answer: Any) -> Iterator[Cell]:
    width = 3 + len(answer.question.by)
    for row, cohort in enumerate(answer.rows):
        for column, cell in enumerate(cohort.cells):
            if cell.units:
                pick = Pick(at=cohort.at, by=tuple(cohort.by), column=column)
                yield row, width + column, f"{cohort_label(cohort)}|{answer.columns[column]}", pick


def _lifecycle(answer: Any) -> Iterator[Cell]:
    for row, one in enumerate(answer.stages):
        for column, name in enumerate(get_args(Stage), 1):
            if getattr(one, name):
                yield row, column, f"{name}|{day(one.at)}", Pick(at=one.at, stage=name)


def _stickiness(answer: Any) -> Iterator[Cell]:
    for row, one in enumerate(answer.bars):
        if one.units:
            yield row, 1, f"share|{one.intervals}", Pick(intervals=one.intervals)


def _paths(answer: Any) -> Iterator[Cell]:
    for row, (step, source, target, units, *_) in enumerate(paths_table(answer).rows):
        yield row, 1, f"{step}. {source}", Pick(step=step, item=source)
        if units is not None:
            edge = Pick(step=step, item=source, target=target)
            yield row, 3, f"{step}. {source}>{step + 1}. {target}", edge


def _rfm(answer: Any) -> Iterator[Cell]:
    if answer.customers:
        return
    for row, one in enumerate(answer.segments):
        by = (one.by,) if answer.question.by else ()
        yield row, 2, f"customers|{one.segment}", Pick(item=one.segment, by=by)


def _clusters(answer: Any) -> Iterator[Cell]:
    if answer.members:
        return
    for row, one in enumerate(answer.clusters):
        yield row, 1, f"customers|{one.description}", Pick(cluster=one.cluster)


def _engagement(answer: Any) -> Iterator[Cell]:
    """The first row is of all items, without a name."""
    for row, one in enumerate([answer.total, *answer.items] if answer.total else []):
        item = one.item or ""
        if one.units and (item or row == 0):
            yield row, 2, f"use|{item}", Pick(item=item)
        if one.first_units and (item or row == 0):
            yield row, 4, f"first_use|{item}", Pick(item=item, did="first")


def _attribution(answer: Any) -> Iterator[Cell]:
    for row, one in enumerate(answer.credits):
        for number, model in enumerate(answer.question.models):
            if one.conversions[number]:
                pick = Pick(item=one.touch, model=model)
                yield row, 2 + 2 * number, f"{model}|{one.touch}", pick


def _campaigns(answer: Any) -> Iterator[Cell]:
    for row, one in enumerate([*answer.campaigns, answer.totals]):
        name = "" if one.campaign == ALL else one.campaign
        if one.customers and one.campaign != OTHER:
            yield row, 2, "", Pick(item=one.campaign)
        if one.conversions:
            yield row, 3, f"conversions|{name}", Pick(item=one.campaign, did="converted")
        if one.new_customers:
            yield row, 5, f"new_customers|{name}", Pick(item=one.campaign, did="first")


_CELLS: Final[Mapping[str, Callable[[Any], Iterator[Cell]]]] = {
    "trend": _trend,
    "funnel": _funnel,
    "retention": _retention,
    "lifecycle": _lifecycle,
    "stickiness": _stickiness,
    "paths": _paths,
    "rfm": _rfm,
    "clusters": _clusters,
    "engagement": _engagement,
    "attribution": _attribution,
    "campaigns": _campaigns,
}
