"""Explain: one screen from a request to its verdict, segment, object, row, session and customer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from warehouse.access.roles import Right
from warehouse.console.pages.install import NO_KEY, origin
from warehouse.console.streams import Part, stream, watched
from warehouse.errors import LakeMissing
from warehouse.explain import Explanation
from warehouse.explain import explain as find
from warehouse.lake import Lake
from warehouse.landing import open_store
from warehouse.registry import Registry
from warehouse.sent import Sent, curl, sent
from warehouse.settings import WarehouseSettings

EVERY_S: Final = 2.0
LONGEST: Final = 1_000


async def page(request: Request) -> Response:
    """GET /explain/<message id>."""
    wanted = request.path_params["message_id"][:LONGEST]
    values = await looked(request, wanted)
    status = 200 if values["found"] else 404
    shown: Response = request.app.state.pages.page(
        request, "explain.html", status, wanted=wanted, done=is_done(values["found"]), **values
    )
    return shown


async def live(request: Request) -> Response:
    """GET /explain/<message id>/live: the same anew, until the event is where it belongs."""
    wanted = request.path_params["message_id"][:LONGEST]

    async def look() -> Part:
        values = await looked(request, wanted)
        html = request.app.state.pages.part(
            request, "_explained.html", wanted=wanted, done=is_done(values["found"]), **values
        )
        return Part(html, is_done(values["found"]))

    return stream(watched(look, request.app.state.stopping, EVERY_S))


async def said(request: Request) -> Response:
    """GET /explain/<message id>/said: the part with the event as JSON and as a line of curl."""
    wanted = request.path_params["message_id"][:LONGEST]
    html = request.app.state.pages.part(request, "_said.html", **await looked(request, wanted))
    return Response(html, media_type="text/html; charset=utf-8")


async def looked(request: Request, message_id: str) -> dict[str, Any]:
    """What became of it, and what it said."""
    where: WarehouseSettings = request.app.state.queries.where

    def ask(lake: Lake | None) -> tuple[Sequence[Explanation], Sent | None]:
        store = open_store(where.landing_url)
        found = find(lake, store, where.folders, message_id)
        seq = found[0].load_seq if found and found[0].table == "events" else None
        return found, sent(lake, store, where.folders, message_id, seq) if found else None

    try:
        found, said = await request.state.lake(ask)
    except LakeMissing:
        found, said = await asyncio.to_thread(ask, None)
    return {"found": found, **await readable(request, said)}


async def readable(request: Request, said: Sent | None) -> dict[str, str | None]:
    """The event and a line of curl, without what this visitor may not see."""
    if said is None or said.text is None:
        return {"said": None, "line": None}
    who = request.state.who
    keys = await request.app.state.reader.registry(Registry.keys)
    text = said.text
    if not who.may(Right.MANAGE):
        for key in keys:
            text = text.replace(key.secret, NO_KEY)
    valid = [key.secret for key in keys if key.revoked_at is None]
    key = valid[-1] if valid and who.may(Right.MANAGE) else NO_KEY
    return {"said": text, "line": curl(text, said.type, origin(request, request.app.state.settings), key)}


def is_done(found: Sequence[Explanation]) -> bool:
    """Whether nothing more becomes of it: it is in the lake and, where it is stored, a customer's."""
    first = found[0] if found else None
    return first is not None and first.stage == "lake" and (first.table != "events" or bool(first.customer))
