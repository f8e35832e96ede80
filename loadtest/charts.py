"""Charts of a run over time, drawn as SVG inside its report: nothing to load, nothing to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import msgspec

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 760, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 28
_COLOURS: Final = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#57606a")
_MOST_POINTS: Final = 600
_TICKS: Final = 4


class Chart(msgspec.Struct, frozen=True):
    """Lines over the seconds of a run: name -> (second, value) in order; `unit` is that of the values."""

    title: str
    unit: str
    lines: Mapping[str, Points]


def drawn(chart: Chart) -> str:
    """The chart as a figure of HTML; one without any point says so."""
    lines = {name: thinned(points) for name, points in chart.lines.items() if points}
    caption = f"<figcaption>{escape(chart.title)} ({escape(chart.unit)})</figcaption>"
    if not lines:
        return f"<figure>{caption}<p>no values</p></figure>"
    last = max(points[-1][0] for points in lines.values()) or 1.0
    top = max(value for points in lines.values() for _, value in points) or 1.0
    paths = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{_path(points, last, top)}"/>'
        for colour, points in zip(_colours(len(lines)), lines.values(), strict=True)
    )
    svg = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(chart.title, quote=True)}">'
        f"{_axes(last, top)}{paths}</svg>"
    )
    return f"<figure>{caption}{svg}{_legend(list(lines))}</figure>"


def thinned(points: Points, most: int = _MOST_POINTS) -> Points:
    """At most `most` of the points: of each stretch the highest, so that no peak disappears."""
    if len(points) <= most:
        return points
    step = -(-len(points) // most)
    stretches = (points[at : at + step] for at in range(0, len(points), step))
    return [max(stretch, key=lambda point: point[1]) for stretch in stretches]


def _path(points: Points, last: float, top: float) -> str:
    return " ".join(f"{_x(second, last):.1f},{_y(value, top):.1f}" for second, value in points)


def _x(second: float, last: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * second / last


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top


def _axes(last: float, top: float) -> str:
    marks = []
    for tick in range(_TICKS + 1):
        value, second = top * tick / _TICKS, last * tick / _TICKS
        y, x = _y(value, top), _x(second, last)
        marks.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d8dee4"/>')
        marks.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>')
        marks.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{second:.4g} s</text>')
    return "".join(marks)


def _legend(names: Sequence[str]) -> str:
    pairs = zip(_colours(len(names)), names, strict=True)
    items = "".join(f'<span style="color:{colour}">&#9644;</span> {escape(name)} ' for colour, name in pairs)
    return f"<p>{items}</p>"


def _colours(number: int) -> list[str]:
    return [_COLOURS[index % len(_COLOURS)] for index in range(number)]
