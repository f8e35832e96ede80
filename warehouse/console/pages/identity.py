"""Why the ids of a customer are one person, and what people decide about it: split, merge, block, undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warehouse.access.roles import Right
from warehouse.bonds import Bonds, bonds
from warehouse.console.forms import Form, form
from warehouse.console.graph import graph
from warehouse.console.streams import Part, stream, watched
from warehouse.lake import Lake
from warehouse.registry import Command
from warehouse.registry.decisions import Pair
from warehouse.visited import Identity, known_as

KINDS: Final = ("split", "merge", "block", "undo")
_COMMANDS: Final = 10
_LINKS: Final = 200
_REASON: Final = 1_000
_EVERY_S: Final = 1.0

Known = tuple[str, Sequence[Identity], Bonds]


async def identity(request: Request) -> Response:
    """GET /customers/<any id>/identity: the evidence as a picture and a table, and what was decided."""

    def ask(lake: Lake) -> Known | None:
        known = known_as(lake, request.path_params["any_id"])
        return (*known, bonds(lake, known[0])) if known else None

    found: Known | None = await request.state.lake(ask)
    if found is None:
        raise HTTPException(404)
    customer, ids, held = found
    reader, names = request.app.state.reader, {(one.kind, one.value) for one in ids}
    decided = await reader.registry(lambda registry: registry.decisions())
    about = [one for one in reversed(decided) if any(names & set(_ends(pair)) for pair in one.pairs)]
    commands = await filed(request)
    page: Response = request.app.state.pages.page(
        request,
        "identity.html",
        customer_id=customer,
        ids=ids,
        held=held,
        links=held.links[-_LINKS:],
        graph=graph([(one.kind, one.value) for one in ids], held),
        decisions=about,
        commands=commands,
        waits=waits(commands),
        may_decide=request.state.who.may(Right.DECIDE),
    )
    return page


def _ends(pair: Pair) -> tuple[tuple[str, str], tuple[str, str]]:
    return (pair.left_kind, pair.left_value), (pair.right_kind, pair.right_value)


async def decide(request: Request) -> Response:
    """POST /customers/<id>/identity: file what is to be decided; the writer obeys it."""
    asked, who = await form(request), request.state.who
    customer = request.path_params["any_id"]
    kind, args = wish(asked, customer)
    if not str(args["reason"]):
        raise HTTPException(400)

    def file(registry: Any) -> None:
        id = registry.file_command(kind, args, by=who.name)
        registry.audit(who.name, f"identity.{asked.one('kind')}", f"command {id}: {args}"[:2_000])

    await request.app.state.reader.registry(file)
    return RedirectResponse(f"/customers/{quote(customer, safe='')}/identity#commands", 303)


def wish(asked: Form, customer: str) -> tuple[str, dict[str, Any]]:
    """The command of a form: its kind and arguments, as `sojourn identity` has them. 400 for what is none."""
    kind, reason = asked.one("kind"), asked.one("reason")[:_REASON]
    if kind == "undo":
        if not asked.one("no").isdecimal():
            raise HTTPException(400)
        return "undo", {"no": int(asked.one("no")), "reason": reason}
    given = [id for id in asked.fields.get("id", []) if id]
    ids = [customer, *given] if kind in ("split", "merge") else given
    if kind not in KINDS or len(ids) < 2:
        raise HTTPException(400)
    # The customer says which project it is; an id may be of several.
    return "decide", {"kind": kind, "ids": ids, "project": asked.one("project") or None, "reason": reason}


async def live(request: Request) -> Response:
    """GET /customers/<id>/identity/live: what came of the commands, until none waits."""

    async def look() -> Part:
        found = await filed(request)
        html = request.app.state.pages.part(request, "_commands.html", commands=found, waits=waits(found))
        return Part(html, not waits(found))

    return stream(watched(look, request.app.state.stopping, _EVERY_S))


async def filed(request: Request) -> list[Command]:
    """The newest decisions that were asked for."""
    found: list[Command] = await request.app.state.reader.registry(lambda registry: registry.commands(100))
    return [one for one in found if one.kind in ("decide", "undo")][:_COMMANDS]


def waits(commands: Sequence[Command]) -> bool:
    return any(one.finished_at is None for one in commands)
