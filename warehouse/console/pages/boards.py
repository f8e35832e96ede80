"""Boards: which there are, and one of them with its tiles."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.boards.definition import REFRESHES, Board, Tile, checked, written
from warehouse.boards.errors import BadBoard
from warehouse.boards.keeping import loaded
from warehouse.console.asking import address, answered, given_in
from warehouse.console.charts import chart
from warehouse.console.moments import cell
from warehouse.console.pages.explore import links
from warehouse.console.pages.overview import RANGES
from warehouse.errors import LakeMissing, RegistryError
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.names import group_names
from warehouse.registry.boards import KeptBoard

_ROWS: Final = 50
ROTATE_S: Final = 30


async def listed(request: Request) -> Response:
    """GET /boards: boards and saved questions, one's own and those that are shared."""
    return await all_boards(request)


async def all_boards(request: Request, *, reason: str = "", status: int = 200) -> Response:
    name = request.state.who.name
    found = await request.app.state.reader.registry(
        lambda known: (known.boards(name), known.saved_questions(name))
    )
    page: Response = request.app.state.pages.page(
        request, "boards.html", status, boards=found[0], questions=found[1], reason=reason, me=name
    )
    return page


async def board(request: Request) -> Response:
    """GET /boards/ID: its tiles, which come by themselves; since, until, where in the address narrow all of
    them.
    """
    return await one_board(request)


async def one_board(request: Request, *, reason: str = "", status: int = 200) -> Response:
    found = await kept_board(request)
    asked = given_in(request)
    one, reason = _narrowed(loaded(found), asked, reason)
    narrowed = {name: asked[name] for name in ("since", "until", "where") if any(asked.get(name, ()))}
    mine = found.owner == request.state.who.name or request.state.who.may(Right.MANAGE)
    page: Response = request.app.state.pages.page(
        request,
        "board.html",
        status,
        board=one,
        kept=found,
        titles=[_title(tile) for tile in one.tiles],
        address=address(narrowed),
        ranges=[(each, f"?{urlencode({'since': each})}") for each in RANGES],
        changes=mine and request.state.who.may(Right.SEGMENTS),
        edit="edit" in asked and mine,
        wall="wall" in asked,
        next=await _next(request, found) if "wall" in asked else "",
        rotate=ROTATE_S,
        refreshes=REFRESHES,
        reason=reason,
    )
    return page


def _narrowed(found: Board, asked: dict[str, list[str]], reason: str) -> tuple[Board, str]:
    """The board as the address narrows it; as it is, and why, where it cannot be so."""
    texts = {name: (asked.get(name) or [""])[0] for name in ("since", "until")}
    bounds = {name: text[:60] for name, text in texts.items() if text}
    where = tuple(one for one in asked.get("where", ()) if one)[:20]
    if not bounds and not where:
        return found, reason
    until = {"until": ""} if "since" in bounds else {}
    try:
        narrowed = {**until, **bounds, "where": where or found.where}
        return checked(msgspec.structs.replace(found, **narrowed)), reason
    except BadBoard as error:
        return found, str(error)


async def _next(request: Request, found: KeptBoard) -> str:
    """The board that comes after this one on a wall."""
    name = request.state.who.name
    ids = [one.id for one in await request.app.state.reader.registry(lambda known: known.boards(name))]
    return f"/boards/{ids[(ids.index(found.id) + 1) % len(ids)]}?wall=1"


def _title(tile: Tile) -> str:
    about = INSIGHTS[tile.insight].question.positional
    return tile.title or ", ".join(tile.given.get(about, ())) or ""


async def tile(request: Request) -> Response:
    """GET /boards/ID/tiles/NO: the answer of one tile, asked through the scope of whoever looks."""
    one, reason = _narrowed(loaded(await kept_board(request)), given_in(request), "")
    number = request.path_params["number"]
    if number >= len(one.tiles):
        raise HTTPException(404)
    if reason:
        return _part(request, "_refused.html", reason=reason)
    shown = one.tiles[number]
    given, insight = one.given(shown), INSIGHTS[shown.insight]
    try:
        found = await answered(request, insight, given)
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    table = insight.table(found)
    drawn = chart(insight.name, found, table) if shown.shows == "picture" else None
    return _part(
        request,
        "_tile.html",
        insight=insight,
        answer=found,
        table=table,
        rows=[[cell(value) for value in row] for row in table.rows[:_ROWS]],
        chart=msgspec.json.encode(drawn).decode() if drawn else "",
        number=number,
        place=f"/explore/{insight.name}?{address(given)}",
        links=links(request, insight.name, found, given),
    )


async def export(request: Request) -> Response:
    """GET /boards/ID.yaml: the board as text that can be read in again."""
    found = await kept_board(request)
    name = {"Content-Disposition": f'attachment; filename="board-{found.id}.yaml"'}
    return Response(written(loaded(found)), media_type="application/yaml", headers=name)


async def segments(request: Request) -> Response:
    """GET /boards/segments: tags and cohorts to offer as filters."""
    try:
        names = await request.state.lake(group_names)
    except LakeMissing:
        names = []
    return _part(request, "_names.html", names=names)


async def kept_board(request: Request) -> KeptBoard:
    id, who = request.path_params["id"], request.state.who
    asker = None if who.may(Right.MANAGE) else who.name
    try:
        found: KeptBoard = await request.app.state.reader.registry(lambda known: known.board(id, asker))
    except RegistryError as error:
        raise HTTPException(404) from error
    return found


def _part(request: Request, name: str, **values: Any) -> Response:
    html: str = request.app.state.pages.part(request, name, **values)
    return Response(html, media_type="text/html; charset=utf-8")
