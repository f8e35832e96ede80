"""Segments: tags and saved cohorts, how many are in them, and who."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warehouse.cohorts import answers as cohorts
from warehouse.console.charts import Chart, Series
from warehouse.errors import LakeMissing
from warehouse.insights.errors import UnknownName
from warehouse.lake import Lake
from warehouse.tags import answers as tags

_MEMBERS: Final = 100
_BACK: Final = "30d"


async def segments(request: Request) -> Response:
    """GET /segments: every tag and cohort, with its size."""
    try:
        kept = await request.state.lake(lambda lake: (tags.in_use(lake), cohorts.cohorts(lake)))
    except LakeMissing:
        kept = ([], [])
    said = {name: request.query_params.get(name, "")[:80] for name in ("published", "gone", "filed")}
    return _page(request, "segments.html", tags=kept[0], cohorts=kept[1], said=said)


async def tag(request: Request) -> Response:
    """GET /segments/tags/NAME: its rule, how many had it by day, and who has it now."""
    name, project = request.path_params["name"], request.query_params.get("project")
    moment = request.app.state.now()

    def ask(lake: Lake) -> Any:
        found = tags.known(lake, name, project)
        days = tags.history(lake, found, _BACK, None, moment)
        return found, days, tags.members(lake, found, _MEMBERS)

    found, days, members = await _known(request, ask)
    sizes = [Series("size", [float(day.members) for day in days])]
    chart = Chart("line", [day.day for day in days], sizes)
    return _page(
        request,
        "tag.html",
        tag=found,
        rule=msgspec.json.format(bytes(found.rule), indent=2).decode(),
        chart=msgspec.json.encode(chart).decode() if days else "",
        days=days,
        members=members,
    )


async def cohort(request: Request) -> Response:
    """GET /segments/cohorts/NAME: where it comes from, and who is in it."""
    name, project = request.path_params["name"], request.query_params.get("project")

    def ask(lake: Lake) -> Any:
        found = cohorts.cohort(lake, name, project)
        return found, cohorts.members(lake, found, _MEMBERS)

    found, members = await _known(request, ask)
    return _page(request, "cohort.html", cohort=found, members=members)


async def _known(request: Request, ask: Callable[[Lake], Any]) -> Any:
    try:
        return await request.state.lake(ask)
    except (LakeMissing, UnknownName) as error:
        raise HTTPException(404) from error


def _page(request: Request, name: str, **values: Any) -> Response:
    page: Response = request.app.state.pages.page(request, name, **values)
    return page
