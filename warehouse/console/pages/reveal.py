"""A masked field of one customer, shown to who says why: in the audit log before it is on the page."""

from __future__ import annotations

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from warehouse.access.revealing import LONGEST, SHORTEST, Revealed, reason_of, require_masked, values
from warehouse.console.forms import body_of, form
from warehouse.customers import find_customer
from warehouse.errors import BadReveal
from warehouse.lake import Lake


class Wish(msgspec.Struct, frozen=True):
    """What a program asks: which field, and why."""

    field: str
    reason: str


class TooMany(Exception):
    """So many were shown in this hour that the next has to wait."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many fields were shown to you in this hour; try again in {wait_s} seconds")
        self.wait_s = wait_s


async def reveal(request: Request) -> Response:
    """GET: the form that asks why. POST: the field's values. 404 where nothing of it is hidden."""
    if request.method != "POST":
        field = request.query_params.get("field", "")
        customer = await _hidden(request, field)
        return _page(request, Revealed(customer, field, []))
    asked = await form(request)
    field = asked.one("field")
    customer = await _hidden(request, field)
    try:
        found = await _shown(request, customer, field, asked.one("reason"))
    except BadReveal as error:
        return _page(request, Revealed(customer, field, []), status=400, reason=str(error))
    except TooMany as error:
        return _page(request, Revealed(customer, field, []), status=429, wait=error.wait_s)
    return _page(request, found)


async def answer(request: Request) -> Response:
    """POST /api/customers/{id}/reveal with {"field": …, "reason": …}: the values as JSON."""
    try:
        wish = msgspec.json.decode(await body_of(request), type=Wish)
        customer = await _hidden(request, wish.field)
        found = await _shown(request, customer, wish.field, wish.reason)
    except (BadReveal, msgspec.MsgspecError) as error:
        return JSONResponse({"error": str(error)}, 400)
    except HTTPException as error:
        return JSONResponse(
            {"error": "no such customer, or nothing of this field is hidden"}, error.status_code
        )
    except TooMany as error:
        return JSONResponse({"error": str(error)}, 429, {"Retry-After": str(error.wait_s)})
    return Response(msgspec.json.encode(found), media_type="application/json")


async def _hidden(request: Request, field: str) -> str:
    """The customer, some of whose field is hidden from who asks, as they see the lake: no id is found by a
    value that they may not see.
    """

    def look(lake: Lake) -> str | None:
        found = find_customer(lake, request.path_params["any_id"])
        if found is not None:
            require_masked(values(lake, found, field), field)
        return found

    try:
        customer: str | None = await request.state.lake(look)
    except BadReveal as error:
        raise HTTPException(404) from error
    if customer is None:
        raise HTTPException(404)
    return customer


async def _shown(request: Request, customer: str, field: str, reason: str) -> Revealed:
    """The values, read after the audit log says so. BadReveal, TooMany."""
    why, who, most = reason_of(reason), request.state.who, request.app.state.settings.console_reveals
    detail = f"{field} of {customer}: {why}"[:2_000]
    reader = request.app.state.reader
    if wait_s := await reader.registry(lambda known: known.count_reveal(who.name, detail, most)):
        raise TooMany(wait_s)
    unmasked = msgspec.structs.replace(who.scope, masks=())
    found = await reader.lake(lambda lake: values(lake, customer, field), scope=unmasked)
    return Revealed(customer, field, found)


def _page(
    request: Request, found: Revealed, *, status: int = 200, reason: str = "", wait: int = 0
) -> Response:
    page: Response = request.app.state.pages.page(
        request, "reveal.html", status, found=found, reason=reason, wait=wait, least=SHORTEST, most=LONGEST
    )
    if wait:
        page.headers["Retry-After"] = str(wait)
    return page
