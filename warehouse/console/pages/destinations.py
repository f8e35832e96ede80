"""Destinations: where results go, how late each is, and why one fails."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warehouse.console.destinations import lines
from warehouse.console.forms import form
from warehouse.errors import RegistryError
from warehouse.registry import Registry


async def destinations(request: Request) -> Response:
    """GET /destinations."""
    at = request.app.state.now()
    found = await request.app.state.reader.registry(lambda registry: lines(registry, at))
    page: Response = request.app.state.pages.page(request, "destinations.html", lines=found)
    return page


async def hurry(request: Request) -> Response:
    """POST /destinations: try one at once, whatever it waits for."""
    asked, who = await form(request), request.state.who
    name = asked.one("name")

    def note(registry: Registry) -> None:
        registry.hurry_destination(name)
        registry.audit(who.name, "destination.now", name)

    try:
        await request.app.state.reader.registry(note)
    except RegistryError:
        raise HTTPException(404) from None
    return RedirectResponse("/destinations", 303)
