"""A manifest as one HTML file: nothing of another host, no script; the same manifest gives the same bytes."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from warehouse.console.moments import cell
from warehouse.console.texts import Texts
from warehouse.reports.drawing import svg
from warehouse.reports.manifest import Manifest


def html(manifest: Manifest) -> bytes:
    """UTF-8."""
    pictures = [svg(one.chart, one.title) if one.chart else "" for one in manifest.sections]
    rows = [[[cell(value) for value in row] for row in one.rows] for one in manifest.sections]
    zone = ZoneInfo(manifest.timezone)
    days = [datetime.fromisoformat(one).astimezone(zone) for one in (manifest.since, manifest.until)]
    page = _template().render(
        t=Texts(manifest.language),
        report=manifest,
        parts=list(zip(manifest.sections, pictures, rows, strict=True)),
        first=f"{days[0]:%Y-%m-%d}",
        after=f"{days[1]:%Y-%m-%d}",
        digest=manifest.digest,
    )
    return page.encode()


@cache
def _template() -> Template:
    env = Environment(
        loader=PackageLoader("warehouse.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return env.get_template("report.html")
