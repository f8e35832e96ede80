"""Tags and saved cohorts as JSON: /api/tags, /api/cohorts, /api/customers/ID/tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.cohorts import answers as cohorts
from warehouse.console.insights import now
from warehouse.errors import LakeMissing, UnknownId
from warehouse.insights.errors import BadQuestion, UnknownName
from warehouse.lake import Lake
from warehouse.tags import answers as tags

_LISTED = 100


class TagTold(Struct, frozen=True):
    """A tag, its newest members, and its days."""

    tag: tags.InUse
    members: list[tags.Member]
    days: list[tags.Day]


class CustomerTags(Struct, frozen=True):
    """A customer's tags as of a moment, ISO 8601 UTC."""

    customer: str
    as_of: str
    tags: list[tags.Explained]


class CohortTold(Struct, frozen=True):
    """A cohort, and who is in it, then who was."""

    cohort: cohorts.Cohort
    members: list[cohorts.CohortMember]


async def all_tags(request: Request) -> Response:
    """The tags in use, with their sizes."""
    project = request.query_params.get("project")
    return await _answered(
        request, lambda lake: [one for one in tags.in_use(lake) if project in (None, one.project)]
    )


async def one_tag(request: Request) -> Response:
    """One tag: its rule, its newest members (`limit`), and how many there were by day (`since`, `until`)."""
    name, given = request.path_params["name"], request.query_params
    moment = now()

    def ask(lake: Lake) -> Any:
        tag = tags.known(lake, name, given.get("project"))
        return TagTold(
            tag,
            tags.members(lake, tag, _limit(request)),
            tags.history(lake, tag, given.get("since", "30d"), given.get("until"), moment),
        )

    return await _answered(request, ask)


async def of_customer(request: Request) -> Response:
    """Which tags a customer has, since when, and by which events."""

    def ask(lake: Lake) -> Any:
        return CustomerTags(*tags.explain(lake, request.path_params["any_id"]))

    return await _answered(request, ask)


async def all_cohorts(request: Request) -> Response:
    """The saved cohorts, with their sizes."""
    return await _answered(request, cohorts.cohorts)


async def one_cohort(request: Request) -> Response:
    """One saved cohort, and who is and was in it (`limit`)."""

    def ask(lake: Lake) -> Any:
        found = cohorts.cohort(lake, request.path_params["name"], request.query_params.get("project"))
        return CohortTold(found, cohorts.members(lake, found, _limit(request)))

    return await _answered(request, ask)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(_LISTED))
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadQuestion(f"limit {text[:40]!r} is no number; {_LISTED} would do")
    return int(text)


async def _answered(request: Request, ask: Callable[[Lake], Any]) -> Response:
    try:
        found, status = await request.state.lake(ask), 200
    except (LakeMissing, UnknownName, UnknownId) as error:
        found, status = {"error": str(error)}, 404
    except Terminal as error:
        found, status = {"error": str(error)}, 400
    return Response(msgspec.json.encode(found), status, media_type="application/json")
