"""Alerts as JSON: /api/alerts and /api/alerts/NO. They are changed elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.console import insights
from warehouse.errors import RegistryError
from warehouse.insights.period import period
from warehouse.insights.reading import read_texts
from warehouse.watches.telling import told


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Which alerts are asked for."""

    project: Annotated[str | None, Meta(description="Only of this project.")] = None
    watch: Annotated[str | None, Meta(description="Only of this watch.")] = None
    state: Annotated[
        Literal["open", "acknowledged", "closed"] | None, Meta(description="Only such as stand so.")
    ] = None
    since: Annotated[str, Meta(description="Of intervals since: 30d, a day, a moment.")] = "3000d"
    limit: Annotated[int, Meta(ge=1, le=10_000, description="The newest of them.")] = 100


async def listed(request: Request) -> Response:
    """GET with the fields of `Wanted` in the address."""
    try:
        wanted = read_texts(Wanted, request.query_params.multi_items())
        since = period(wanted.since, None, "UTC", insights.now()).since
    except Terminal as error:
        return _json({"error": str(error)}, 400)
    fields = msgspec.structs.asdict(wanted) | {"since": since}
    found = await request.app.state.reader.registry(lambda registry: registry.alerts(**fields))
    return _json({"alerts": [told(one) for one in found]}, 200)


async def one(request: Request) -> Response:
    """GET one alert by its number."""
    number = request.path_params["number"]
    try:
        found = await request.app.state.reader.registry(lambda registry: registry.alert(number))
    except RegistryError as error:
        return _json({"error": str(error)}, 404)
    return _json(told(found), 200)


def _json(value: object, status: int) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
