"""A customer's page: who it is and why, and what was done in which visit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warehouse import search
from warehouse.bonds import Bonds, bonds
from warehouse.console.bonds import Shown
from warehouse.console.bonds import shown as shown_bonds
from warehouse.console.persons import person
from warehouse.console.timelines import PAGE_EVENTS, shown
from warehouse.errors import BadView
from warehouse.insights.filters import TYPES
from warehouse.lake import Lake
from warehouse.profile import profile
from warehouse.statements import statement
from warehouse.tags.answers import Held, held
from warehouse.timeline import View, timeline
from warehouse.times import iso

LOOKS = 12


class Standing(Struct, frozen=True):
    """In which tags and cohorts a customer is; a cohort with the moment since when."""

    tags: Sequence[Held]
    cohorts: Sequence[tuple[str, str]]


async def find(request: Request) -> Response:
    """GET /find?id=… goes to the customer known under this id, whatever kind of id it is, else lists those
    whose ids begin so, or of whom that was said.

    Where nothing is known the page looks again by itself (`look` counts), for ids alone: a new event may be
    on its way.
    """
    wanted = request.query_params.get("id", "").strip()
    if not wanted:
        return RedirectResponse("/", 303)
    alike = "look" not in request.query_params
    found = await request.state.lake(lambda lake: search.find(lake, wanted, alike=alike))
    if not found:
        return missing(request, wanted)
    if isinstance(found, str):
        return to_customer(request, found)
    page: Response = request.app.state.pages.page(
        request, "found.html", hits=found, wanted=wanted, more=len(found) == search.MOST
    )
    return page


def to_customer(request: Request, customer_id: str) -> Response:
    target = f"/customers/{quote(customer_id, safe='')}"
    if "hx-request" in request.headers:
        return Response(headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


async def customer(request: Request) -> Response:
    """GET /customers/<any id>?by=time&type=…&name=…&before=<cursor>: the profile and one screen of the
    timeline.
    """
    wanted = request.path_params["any_id"]
    view = view_of(request)
    try:
        found = await ask(request, wanted, view)
    except BadView as error:
        raise HTTPException(404) from error
    if found is None:
        return missing(request, wanted)
    who, what = found
    if who["customer_id"] != wanted:
        return RedirectResponse(f"/customers/{quote(who['customer_id'], safe='')}", 303)
    page: Response = request.app.state.pages.page(
        request,
        "customer.html",
        who=person(who),
        why=await why(request, who) if view.cursor is None else None,
        standing=await standing(request, who["customer_id"]) if view.cursor is None else None,
        view=shown(what, request.query_params.get("by", "device")),
        asked=asked_of(view),
        types=TYPES,
        first=view.cursor is None,
    )
    return page


def view_of(request: Request) -> View:
    """The part of the timeline that an address means; a type that is none is left out."""
    given = request.query_params
    types = tuple(one for one in given.getlist("type") if one in TYPES)
    names = tuple(one for one in (given.get("name", "").strip(),) if one)
    return View(PAGE_EVENTS, cursor=given.get("before") or None, types=types, names=names)


def asked_of(view: View) -> dict[str, str]:
    """The filter as a form shows it, and as the end of an address."""
    pairs = [*(("type", one) for one in view.types), *(("name", one) for one in view.names)]
    query = f"&{urlencode(pairs)}" if pairs else ""
    return {"type": "".join(view.types[:1]), "name": "".join(view.names), "query": query}


async def standing(request: Request, customer_id: str) -> Standing:
    """The tags and cohorts of a customer now."""

    def ask(lake: Lake) -> Standing:
        rows = lake.query(statement("customers/cohorts"), [customer_id])
        return Standing(held(lake, customer_id), [(name, iso(since)) for name, since in rows])

    found: Standing = await request.state.lake(ask)
    return found


async def why(request: Request, who: dict[str, Any]) -> Shown:
    """Why the ids of a customer are one customer's, and what people decided of them."""
    reader = request.app.state.reader
    found: Bonds = await request.state.lake(lambda lake: bonds(lake, who["customer_id"]))
    edges = [*found.by_id.values(), *(one.edge for one in found.kept_out)]
    asked = any("decision" in (edge.evidence, edge.rule) for edge in edges)
    decided = await reader.registry(lambda registry: registry.decisions()) if asked else []
    ids = {(one["kind"], one["value"]) for one in who["identities"]}
    return shown_bonds(found, ids, decided)


async def ask(request: Request, any_id: str, view: View) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Profile and timeline as JSON data, or None when nothing is known under this id."""

    def question(lake: Lake) -> tuple[dict[str, Any], dict[str, Any]] | None:
        what = timeline(lake, any_id, view)
        who = profile(lake, what.customer_id) if what else None
        return (msgspec.to_builtins(who), msgspec.to_builtins(what)) if who else None

    answer: tuple[dict[str, Any], dict[str, Any]] | None = await request.state.lake(question)
    return answer


def missing(request: Request, wanted: str) -> Response:
    look = request.query_params.get("look", "0")
    looks = int(look) if look.isdecimal() else LOOKS
    again = f"/find?{urlencode({'id': wanted, 'look': looks + 1})}" if looks < LOOKS else ""
    page: Response = request.app.state.pages.page(request, "missing.html", 404, wanted=wanted, again=again)
    return page
