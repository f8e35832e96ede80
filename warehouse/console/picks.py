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
from warehouse.insights.members import Pick, Stage
from warehouse.insights.paths import paths_table

# Row and column of the table, and what is picked there.
Cell = tuple[int, int, str, Pick]


class Linked(msgspec.Struct, frozen=True):
    """A cell's link: how the picture names it, and the address of its customers."""

    key: str
    place: str


Links = Mapping[tuple[int, int], Linked]


def linked(name: str, answer: Any, given: Mapping[str, Sequence[str]], rows: int) -> Links:
    """The links of the first rows of the answer's table, by row and column."""
    if name not in _CELLS or getattr(answer.question, "optional", None):
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


_CELLS: Final[Mapping[str, Callable[[Any], Iterator[Cell]]]] = {
    "trend": _trend,
    "funnel": _funnel,
    "retention": _retention,
    "lifecycle": _lifecycle,
    "stickiness": _stickiness,
    "paths": _paths,
}
