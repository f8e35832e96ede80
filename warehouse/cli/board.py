"""sojourn board: boards as text, to keep under version control and to carry elsewhere."""

from __future__ import annotations

import getpass
from typing import Any

import click
import msgspec

from warehouse.boards.definition import Board, read_board, written
from warehouse.boards.errors import BadBoard
from warehouse.boards.keeping import kept, loaded
from warehouse.cli.options import chosen, data_option, json_option, open_registry, print_json, print_table
from warehouse.registry import Registry
from warehouse.registry.boards import KeptBoard
from warehouse.times import iso

_WHICH = click.argument("which", metavar="NAME|NO")


@click.group()
def board() -> None:
    """Boards: answers to several questions on one page of the console."""


@board.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the boards of everybody."""
    found = [_told(one) for one in open_registry(chosen(data)).boards(None)]
    if as_json:
        print_json(found)
        return
    columns = ("no", "name", "owner", "shared", "tiles", "saved_at")
    print_table(columns, [[str(one[name]) for name in columns] for one in found])


@board.command()
@_WHICH
@data_option
@json_option
def show(which: str, data: str | None, as_json: bool) -> None:
    """Show a board: its tiles with what they ask."""
    found = one_board(open_registry(chosen(data)), which)
    one = loaded(found)
    if as_json:
        print_json({**_told(found), "board": one})
        return
    click.echo(f"{one.name} of {found.owner}{', shared' if found.shared else ''}")
    rows = [[tile.insight, tile.title, _asked(one, number)] for number, tile in enumerate(one.tiles)]
    print_table(("insight", "title", "question"), rows)


@board.command()
@_WHICH
@data_option
@json_option
def export(which: str, data: str | None, as_json: bool) -> None:
    """Print a board as YAML that `sojourn board import` reads."""
    one = loaded(one_board(open_registry(chosen(data)), which))
    if as_json:
        print_json(one)
    else:
        click.echo(written(one), nl=False)


@board.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--owner", metavar="USER", help="Whose it is.  [default: you]")
@click.option("--shared", is_flag=True, help="Everybody may look at it.")
@data_option
@json_option
def import_(file: Any, owner: str | None, shared: bool, data: str | None, as_json: bool) -> None:
    """Make the board that FILE holds; one of its name and owner becomes what FILE says."""
    registry, whose = open_registry(chosen(data)), owner or getpass.getuser()
    name, text = kept(read_board(file.read()))
    same = next((one for one in registry.boards(None) if (one.owner, one.name) == (whose, name)), None)
    if same is None:
        made = registry.create_board(name, whose, text, shared=shared)
    else:
        made = registry.change_board(same.id, whose, lambda _: (name, text))
    if shared and not made.shared:
        registry.share_board(made.id, whose, True)
    told = _told(registry.board(made.id, None))
    if as_json:
        print_json(told)
    else:
        click.echo(f"board {made.id}, {name}, of {whose}: {told['tiles']} tiles")


def one_board(registry: Registry, which: str) -> KeptBoard:
    boards = registry.boards(None)
    found = [one for one in boards if which in (str(one.id), one.name)]
    if len(found) != 1:
        near = ", ".join(f"{one.id} ({one.name} of {one.owner})" for one in (found or boards)[:10])
        raise BadBoard(f"board {which[:80]!r}: {'none has' if not found else 'several have'} that name; "
                       f"there is {near or 'none at all'}")  # fmt: skip
    return found[0]


def _told(found: KeptBoard) -> dict[str, Any]:
    told = msgspec.structs.asdict(found) | {"saved_at": iso(found.saved_at)}
    told["no"], told["tiles"] = told.pop("id"), len(loaded(told.pop("text")).tiles)
    return told


def _asked(board: Board, number: int) -> str:
    given = board.given(board.tiles[number])
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in given.items())
