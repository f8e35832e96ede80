"""A customer's page: who it is and why, and what was done in which visit."""

from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warehouse.console.timelines import shown
from warehouse.customers import timeline
from warehouse.lake import Lake

LOOKS = 12


async def find(request: Request) -> Response:
    """GET /find?id=… goes to the customer known under this id, whatever kind of id it is.

    Where nothing is known the page looks again by itself (`look` counts): a new event may be on its way.
    """
    wanted = request.query_params.get("id", "").strip()
    if not wanted:
        return RedirectResponse("/", 303)
    found = await ask(request, wanted)
    if found is None:
        return missing(request, wanted)
    target = f"/customers/{quote(found['customer_id'], safe='')}"
    if "hx-request" in request.headers:
        return Response(headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


async def customer(request: Request) -> Response:
    """GET /customers/<any id>?by=time&before=20: one screen of sessions, the newest first."""
    wanted = request.path_params["any_id"]
    found = await ask(request, wanted)
    if found is None:
        return missing(request, wanted)
    if found["customer_id"] != wanted:
        return RedirectResponse(f"/customers/{quote(found['customer_id'], safe='')}", 303)
    skip = request.query_params.get("skip", "0")
    view = shown(
        found, by=request.query_params.get("by", "device"), skip=int(skip) if skip.isdecimal() else 0
    )
    page: Response = request.app.state.pages.page(request, "customer.html", view=view)
    return page


async def ask(request: Request, any_id: str) -> dict[str, Any] | None:
    """The timeline as JSON data, or None when nothing is known under this id."""

    def question(lake: Lake) -> dict[str, Any] | None:
        found = timeline(lake, any_id)
        return None if found is None else msgspec.to_builtins(found)

    answer: dict[str, Any] | None = await request.app.state.reader.lake(question)
    return answer


def missing(request: Request, wanted: str) -> Response:
    look = request.query_params.get("look", "0")
    looks = int(look) if look.isdecimal() else LOOKS
    again = f"/find?{urlencode({'id': wanted, 'look': looks + 1})}" if looks < LOOKS else ""
    page: Response = request.app.state.pages.page(request, "missing.html", 404, wanted=wanted, again=again)
    return page
