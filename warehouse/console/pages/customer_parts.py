"""What comes to a customer's page after it is there: new events, and what the kept models foresee."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.console.pages.customers import view_of
from warehouse.console.streams import Part, stream, watched
from warehouse.console.timelines import Event, shown
from warehouse.errors import CatalogUnavailable, LakeMissing
from warehouse.insights.prediction.chances import Ranked, models_of, ranked
from warehouse.lake import Lake
from warehouse.timeline import View, timeline

_EVERY_S: Final = 3.0
_FRESH: Final = 20
_HOUR_US: Final = 3_600_000_000


async def chances(request: Request) -> Response:
    """GET /customers/<id>/chances: what the kept models of the project foresee, and why."""
    wanted, reason = request.path_params["any_id"], None
    found: list[Ranked] = []
    try:
        found = await request.state.lake(lambda lake: foreseen(request, lake), gone=request.is_disconnected)
    except Terminal as error:
        reason = str(error)
    html: str = request.app.state.pages.part(
        request, "_chances.html", found=found, customer_id=wanted, reason=reason
    )
    return Response(html, media_type="text/html; charset=utf-8")


def foreseen(request: Request, lake: Lake) -> list[Ranked]:
    """By each kept model; who asks again within the hour is answered from memory."""
    moment, kept, scope = request.app.state.now(), request.app.state.answers, request.state.who.scope.key()
    rows = lake.query("SELECT project FROM customers WHERE customer_id = ?", [request.path_params["any_id"]])
    found = []
    for model in models_of(lake.registry, rows[0][0]) if rows else []:
        key = ("chances", scope, model.project, model.name, model.version, moment // _HOUR_US)
        known: Ranked | None = kept.get(key)
        if known is None:
            known = ranked(lake, model, moment)
            kept.keep(key, known)
        found.append(known)
    return found


class Follower:
    """One visitor's view of what comes to a timeline; a snapshot that was seen is not read again."""

    def __init__(self, any_id: str, view: View) -> None:
        self._id, self._view = any_id, view
        self._snapshot = -1
        self._seen: set[str] | None = None

    def fresh(self, lake: Lake) -> Sequence[Event]:
        """Events that were not there at the last look, the newest first; none at the first."""
        snapshot = lake.snapshot()
        if snapshot == self._snapshot:
            return []
        self._snapshot = snapshot
        found = timeline(lake, self._id, self._view)
        groups = shown(msgspec.to_builtins(found), "time").groups if found else []
        events = [event for group in groups for one in group.sessions for event in one.events]
        known, self._seen = self._seen, {event.message_id for event in events}
        new = [event for event in events if known is not None and event.message_id not in known]
        return sorted(new, key=lambda event: event.at, reverse=True)


async def live(request: Request) -> Response:
    """GET /customers/<id>/live: events that come to the customer's timeline from now on."""
    view = msgspec.structs.replace(view_of(request), limit=_FRESH, cursor=None)
    follower = Follower(request.path_params["any_id"], view)

    async def look() -> Part:
        try:
            events: Sequence[Any] = await request.state.lake(follower.fresh)
        except (LakeMissing, CatalogUnavailable):
            events = []
        return Part(request.app.state.pages.part(request, "_fresh.html", events=events) if events else "")

    return stream(watched(look, request.app.state.stopping, _EVERY_S))
