"""What is changed of boards: made, read in, filled from Explore, arranged, shared, copied and dropped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warehouse.access.roles import Right
from warehouse.boards import changes
from warehouse.boards.definition import Board, Tile, checked, read_board
from warehouse.boards.errors import BadBoard
from warehouse.boards.keeping import kept, loaded
from warehouse.console.asking import address
from warehouse.console.forms import Form, form
from warehouse.console.pages.boards import all_boards, kept_board, one_board
from warehouse.errors import RegistryError
from warehouse.registry.boards import KeptBoard


async def make(request: Request) -> Response:
    """POST /boards: an empty board, or one that is read in."""
    asked = await form(request)
    try:
        if asked.one("do") == "import":
            made = read_board(asked.secret("text"))
        else:
            made = changes.rename(Board(name="-"), asked.one("name"))
        id = await _create(request, checked(made))
    except (BadBoard, RegistryError) as error:
        return await all_boards(request, reason=str(error), status=400)
    return RedirectResponse(f"/boards/{id}?edit=1", 303)


async def keep(request: Request) -> Response:
    """POST /boards/keep: a question of Explore is saved, put on a board, or forgotten."""
    asked = await form(request)
    try:
        return RedirectResponse(await _keep(request, asked), 303)
    except (BadBoard, RegistryError) as error:
        return await all_boards(request, reason=str(error), status=400)


async def _keep(request: Request, asked: Form) -> str:
    who, registry = request.state.who, request.app.state.reader.registry
    if asked.one("drop").isdecimal():
        id, anybody = int(asked.one("drop")), who.may(Right.MANAGE)
        await registry(lambda known: known.drop_question(id, who.name, anybody=anybody))
        return "/boards"
    given = {name: list(values) for name, values in _fields(asked.one("address")).items()}
    added = _tile(asked, given)
    if asked.one("do") == "board":
        return await _onto(request, asked.one("board"), asked.one("name"), added)
    name, shared = asked.one("name"), asked.one("shared") == "yes"
    await registry(
        lambda known: known.save_question(name, who.name, added.insight, address(given), shared=shared)
    )
    return "/boards"


async def _onto(request: Request, board: str, name: str, added: Tile) -> str:
    """The place of the board, an own one or a new one of that name, on which the tile stands now."""
    if not board.isdecimal():
        id = await _create(request, changes.add(Board(name=name or added.insight), added))
    else:
        id = int(board)
        await _change(request, id, partial(changes.add, tile=added))
    return f"/boards/{id}"


def _tile(asked: Form, given: dict[str, list[str]]) -> Tile:
    question = {name: tuple(values) for name, values in given.items()}
    made = Tile(insight=asked.one("insight"), title=asked.one("title")[:200], question=question)
    return changes.add(Board(name="-"), made).tiles[0]


def _fields(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, max_num_fields=100, errors="strict")
    except ValueError as error:
        raise BadBoard("the question cannot be read: its address is not one of Explore's") from error


async def change(request: Request) -> Response:
    """POST /boards/ID: one change of a board."""
    asked = await form(request)
    id = request.path_params["id"]
    try:
        place = await _do(request, id, asked)
    except (BadBoard, RegistryError) as error:
        return await one_board(request, reason=str(error), status=400)
    return RedirectResponse(place, 303)


async def _do(request: Request, id: int, asked: Form) -> str:
    """The place to go on at, after the change was made."""
    who, registry = request.state.who, request.app.state.reader.registry
    anybody, here = who.may(Right.MANAGE), f"/boards/{id}?edit=1"
    match asked.one("do"):
        case "copy":
            found = loaded(await kept_board(request))
            name = asked.one("name") or f"{found.name} 2"
            return f"/boards/{await _create(request, changes.rename(found, name))}?edit=1"
        case "drop":
            await registry(lambda known: known.drop_board(id, who.name, anybody=anybody))
            return "/boards"
        case "share" | "unshare":
            shared = asked.one("do") == "share"
            await registry(lambda known: known.share_board(id, who.name, shared, anybody=anybody))
            return here
        case _:
            await _change(request, id, lambda board: _edited(board, asked))
            return here


def _edited(board: Board, asked: Form) -> Board:
    match asked.one("do"):
        case "move":
            return changes.move(board, _number(asked, "tile"), _number(asked, "to"))
        case "remove":
            return changes.remove(board, _number(asked, "tile"))
        case "look":
            looks = {name: asked.one(name) for name in ("title", "size", "shows")}
            return changes.restyle(board, _number(asked, "tile"), looks)
        case "rename":
            return changes.rename(board, asked.one("name"))
        case "settle":
            where, refresh = asked.all("where"), asked.one("refresh") or "0"
            return changes.settle(board, asked.one("since"), asked.one("until"), where, refresh)
    raise BadBoard(f"{asked.one('do')[:40]!r} cannot be done; move, remove, look, rename or settle would do")


def _number(asked: Form, name: str) -> int:
    text = asked.one(name)
    if not text.removeprefix("-").isdecimal() or len(text) > 6:
        raise BadBoard(f"{name} {text[:20]!r}: a number would do")
    return int(text)


async def _change(request: Request, id: int, edit: Callable[[Board], Board]) -> None:
    who = request.state.who
    anybody = who.may(Right.MANAGE)
    await request.app.state.reader.registry(
        lambda known: known.change_board(id, who.name, lambda text: kept(edit(loaded(text))), anybody=anybody)
    )


async def _create(request: Request, board: Board) -> int:
    name, text = kept(board)
    owner = request.state.who.name
    made: KeptBoard = await request.app.state.reader.registry(
        lambda known: known.create_board(name, owner, text)
    )
    return made.id
