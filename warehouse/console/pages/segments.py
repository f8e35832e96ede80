"""Segments: tags and saved cohorts, how many are in them, and who."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warehouse.cohorts import answers as cohorts
from warehouse.console.charts import Chart, Series
from warehouse.console.moments import day
from warehouse.console.render import texts_for
from warehouse.errors import LakeMissing
from warehouse.insights.errors import UnknownName
from warehouse.lake import Lake
from warehouse.registry.tags import TagRule
from warehouse.tags import answers as tags
from warehouse.tags.answers import Day
from warehouse.tags.drafts import written

_MEMBERS: Final = 100
_BACK: Final = "30d"


async def segments(request: Request) -> Response:
    """GET /segments: every tag and cohort, with its size."""
    try:
        kept = await request.state.lake(lambda lake: (tags.in_use(lake), cohorts.cohorts(lake)))
    except LakeMissing:
        kept = ([], [])
    said = {name: request.query_params.get(name, "")[:80] for name in ("published", "gone", "filed")}
    projects = dict.fromkeys(one.project for listed in kept for one in listed)
    return _page(request, "segments.html", tags=kept[0], cohorts=kept[1], said=said, projects=[*projects])


async def tag(request: Request) -> Response:
    """GET /segments/tags/NAME: its rule, how many had it by day, and who has it now."""
    name, project = request.path_params["name"], request.query_params.get("project")
    moment = request.app.state.now()

    def ask(lake: Lake) -> Any:
        found = tags.known(lake, name, project)
        days = tags.history(lake, found, _BACK, None, moment)
        return found, days, tags.members(lake, found, _MEMBERS)

    found, days, members = await _known(request, ask)
    versions = await request.app.state.reader.registry(
        lambda known: known.tag_versions(found.project, found.tag)
    )
    return _page(
        request,
        "tag.html",
        tag=found,
        rule=msgspec.json.format(bytes(found.rule), indent=2).decode(),
        versions=[(one, _rule(one)) for one in reversed(versions)],
        members=members,
        **_changes(request, days),
    )


async def cohort(request: Request) -> Response:
    """GET /segments/cohorts/NAME: where it comes from, and who is in it."""
    name, project = request.path_params["name"], request.query_params.get("project")

    moment = request.app.state.now()

    def ask(lake: Lake) -> Any:
        found = cohorts.cohort(lake, name, project)
        days = cohorts.history(lake, found, _BACK, None, moment)
        return found, days, cohorts.members(lake, found, _MEMBERS)

    found, days, members = await _known(request, ask)
    return _page(request, "cohort.html", cohort=found, members=members, **_changes(request, days))


def _changes(request: Request, days: Sequence[Day]) -> dict[str, Any]:
    """Sizes by day, and who came and went, as pictures and numbers."""
    t, labels = texts_for(request), [day(one.day) for one in days]
    sizes = Chart("line", labels, [Series(t("segments.had"), [float(one.members) for one in days])])
    moved = Chart(
        "stack",
        labels,
        [
            Series(t("segments.entered"), [float(one.entered) for one in days]),
            Series(t("segments.left"), [-float(one.left) for one in days]),
        ],
    )
    charts = [msgspec.json.encode(one).decode() for one in (sizes, moved)] if days else []
    return {"days": days, "charts": charts}


def _rule(version: TagRule) -> str:
    """As YAML; empty where the tag was taken out of use."""
    return written(version.tag, msgspec.json.decode(version.text)) if version.text else ""


async def _known(request: Request, ask: Callable[[Lake], Any]) -> Any:
    try:
        return await request.state.lake(ask)
    except (LakeMissing, UnknownName) as error:
        raise HTTPException(404) from error


def _page(request: Request, name: str, **values: Any) -> Response:
    page: Response = request.app.state.pages.page(request, name, **values)
    return page
