"""The page that shows runs: plain HTML, one file, nothing to load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from loadtest.charts import Chart, drawn
from loadtest.promises import Outcome

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;margin:.5rem 0}"
    "td,th{border:1px solid #d0d7de;padding:.25rem .6rem;text-align:left}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.yes{color:#116329}.no{color:#a40e26;font-weight:bold}"
    "code{background:#f6f8fa;padding:.1rem .3rem}figure{margin:1.5rem 0}figcaption{font-weight:600}"
    "svg{width:100%;height:auto}svg text{font-size:11px;fill:#57606a}"
)


def page(
    outcomes: Sequence[Outcome],
    machine: Mapping[str, str],
    charts: Sequence[Chart] = (),
    title: str = "proof",
) -> str:
    where = ", ".join(f"{escape(name)}: {escape(value)}" for name, value in machine.items())
    sections = "\n".join(_section(outcome) for outcome in outcomes)
    pictures = "\n".join(drawn(chart) for chart in charts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Sojourn: {escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>Sojourn: {escape(title)}</h1>\n"
        f"<p>{where}</p>\n{sections}\n{pictures}\n</body></html>\n"
    )


def _section(outcome: Outcome) -> str:
    promises = "".join(
        f'<li class="{"yes" if held else "no"}">{"held" if held else "not held"}: {escape(text)}</li>'
        for text, held in outcome.promises.items()
    )
    figures = "".join(
        f'<tr><th>{escape(name)}</th><td class="n">{escape(value)}</td></tr>'
        for name, value in _flat(outcome.figures)
    )
    links = "".join(f', <a href="{escape(file)}">{escape(text)}</a>' for text, file in outcome.links.items())
    return (
        f"<h2>{escape(outcome.name)}</h2>\n<p><code>{escape(outcome.command)}</code>, {outcome.began_at}, "
        f"{outcome.seconds:g} s{links}</p>\n<ul>{promises}</ul>\n"
        f"<table>{figures or '<tr><td>no figures</td></tr>'}</table>"
    )


def _flat(figures: Mapping[str, Any] | None, before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in (figures or {}).items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name} ")
        else:
            yield f"{before}{name}", f"{value:,}" if isinstance(value, int) else str(value)
