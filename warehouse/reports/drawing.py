"""Pictures as SVG, from the same description that the console's script draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, log10
from typing import Final

from markupsafe import Markup, escape

from warehouse.console.charts import Chart

WIDTH: Final = 720
_HEIGHT: Final = 220
_LEFT: Final = 64
_TOP: Final = 12
_ROW: Final = 22
_PALETTE: Final = (
    *("#0f766e", "#b45309", "#4b5f8a", "#a2335c", "#5b7f1d", "#6d3f9c"),
    *("#2f7fb5", "#8a5a00", "#7a7f85", "#c0563b", "#3d8f72", "#9b6fb0"),
)
_SOFT: Final = "#5d646d"
_MOST_LABELS: Final = 8
_LONGEST: Final = 24


def svg(chart: Chart, title: str) -> Markup:
    """The picture; empty for streams, which are told by their table."""
    drawn = {"line": _lines, "bar": _bars, "stack": _bars, "heat": _heat}.get(chart.kind)
    if drawn is None or not chart.labels or not chart.series:
        return Markup("")
    height = _TOP + _ROW * (len(chart.rows) + 1) if chart.kind == "heat" else _HEIGHT + 24
    parts = Markup("").join(drawn(chart))
    legend = Markup("") if chart.kind == "heat" else Markup("").join(_legend(chart, height))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" '
        'aria-label="{2}">{3}{4}</svg>'
    ).format(WIDTH, height + 22, title, parts, legend)


def _lines(chart: Chart) -> Iterator[Markup]:
    low, high = _reach(chart, stacked=False)
    yield from _frame(chart, low, high)
    for number, series in enumerate(chart.series):
        dash = Markup(' stroke-dasharray="4 3"') if series.name in chart.band else Markup("")
        for run in _runs(series.values):
            points = " ".join(
                f"{_across(at, len(chart.labels)):.1f},{_up(value, low, high):.1f}" for at, value in run
            )
            yield Markup('<polyline fill="none" stroke="{}" stroke-width="2"{} points="{}"/>').format(
                _colour(number), dash, points
            )
            if len(run) == 1:
                at, value = run[0]
                yield _dot(_across(at, len(chart.labels)), _up(value, low, high), _colour(number))
    for at in chart.marked:
        odd = chart.series[0].values[at]
        if odd is not None:
            yield _dot(_across(at, len(chart.labels)), _up(odd, low, high), "#b3261e", 4.5)


def _bars(chart: Chart) -> Iterator[Markup]:
    stacked = chart.kind == "stack"
    low, high = _reach(chart, stacked=stacked)
    yield from _frame(chart, low, high)
    slot = (WIDTH - _LEFT - 8) / len(chart.labels)
    wide = slot * 0.8 / (1 if stacked else len(chart.series))
    for at in range(len(chart.labels)):
        above, below = 0.0, 0.0
        for number, series in enumerate(chart.series):
            value = series.values[at] or 0.0
            base = (above if value >= 0 else below) if stacked else 0.0
            above, below = above + max(value, 0.0), below + min(value, 0.0)
            tops = sorted((_up(base, low, high), _up(base + value, low, high)))
            left = _LEFT + slot * (at + 0.1) + (0 if stacked else number * wide)
            yield Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(
                left, tops[0], wide, tops[1] - tops[0], _colour(number)
            )


def _heat(chart: Chart) -> Iterator[Markup]:
    left = 190
    wide = (WIDTH - left - 8) / len(chart.labels)
    most = max((value or 0.0 for one in chart.series for value in one.values), default=0.0) or 1.0
    for at, label in enumerate(chart.labels):
        yield _text(left + wide * (at + 0.5), _TOP + 8, label, "middle")
    for number, series in enumerate(chart.series):
        top = _TOP + _ROW * (number + 1)
        yield _text(left - 6, top + 10, series.name, "end")
        for at, value in enumerate(series.values):
            if value is None:
                continue
            yield Markup(
                '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" fill="#0f766e" '
                'fill-opacity="{:.3f}"/>'
            ).format(left + wide * at + 1, top - 4, wide - 2, _ROW - 2, 0.08 + 0.5 * max(value, 0.0) / most)
            yield _text(left + wide * (at + 0.5), top + 10, _short(value, chart.percent), "middle", "#22262b")


def _frame(chart: Chart, low: float, high: float) -> Iterator[Markup]:
    """Four lines with their values, and as many labels as there is room for."""
    for part in range(5):
        value = low + (high - low) * part / 4
        y = _up(value, low, high)
        yield Markup('<line x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e1d8"/>').format(
            _LEFT, WIDTH - 8, y=y
        )
        yield _text(_LEFT - 6, y + 4, _short(value, chart.percent), "end")
    size = len(chart.labels)
    step = -(-size // _MOST_LABELS)
    for at in range(0, size, step):
        x = _across(at, size) if chart.kind == "line" else _LEFT + (WIDTH - _LEFT - 8) / size * (at + 0.5)
        room = WIDTH // (min(size, _MOST_LABELS) * 8)
        yield _text(x, _HEIGHT + 8, chart.labels[at][: max(6, room)], "middle")


def _legend(chart: Chart, height: float) -> Iterator[Markup]:
    if len(chart.series) < 2:
        return
    x = float(_LEFT)
    for number, series in enumerate(chart.series):
        name = series.name[:_LONGEST]
        if x > WIDTH - 60:
            return
        yield Markup('<rect x="{:.1f}" y="{}" width="10" height="10" fill="{}"/>').format(
            x, height + 2, _colour(number)
        )
        yield _text(x + 14, height + 11, name, "start")
        x += 28 + 7.5 * sum(2 if ord(letter) > 0x2E80 else 1 for letter in name)


def _reach(chart: Chart, *, stacked: bool) -> tuple[float, float]:
    values = [[value or 0.0 for value in one.values] for one in chart.series]
    if stacked:
        columns = list(zip(*values, strict=True))
        lows = [sum(min(one, 0.0) for one in column) for column in columns]
        highs = [sum(max(one, 0.0) for one in column) for column in columns]
    else:
        lows = highs = [one for row in values for one in row]
    low, high = min([0.0, *lows]), max([0.0, *highs])
    return _round(low, high) if high > low else (0.0, 1.0)


def _round(low: float, high: float) -> tuple[float, float]:
    """So far out that four steps of a round number fit."""
    rough = (high - low) / 4
    size = 10.0 ** floor(log10(rough))
    steps = (size * part for part in (1, 2, 2.5, 5, 10, 20))
    step = next(one for one in steps if floor(low / one) * one + 4 * one >= high)
    return floor(low / step) * step, floor(low / step) * step + 4 * step


def _runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    run: list[tuple[int, float]] = []
    for at, value in enumerate(values):
        if value is None and run:
            yield run
            run = []
        elif value is not None:
            run.append((at, value))
    if run:
        yield run


def _across(at: int, size: int) -> float:
    return _LEFT + (WIDTH - _LEFT - 40) * (at / (size - 1) if size > 1 else 0.5)


def _up(value: float, low: float, high: float) -> float:
    return _TOP + (_HEIGHT - _TOP - 10) * (1 - (value - low) / (high - low))


def _dot(x: float, y: float, colour: str, size: float = 3.0) -> Markup:
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}"/>').format(x, y, size, colour)


def _text(x: float, y: float, words: str, anchor: str, colour: str = _SOFT) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="11" fill="{}">{}</text>').format(
        x, y, anchor, colour, escape(words)
    )


def _short(value: float, percent: bool) -> str:
    if percent:
        return f"{value:.0%}"
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2g}"


def _colour(number: int) -> str:
    return _PALETTE[number % len(_PALETTE)]
