"""Boards as the registry keeps them."""

from __future__ import annotations

import msgspec

from warehouse.boards.definition import Board, checked
from warehouse.boards.errors import BadBoard
from warehouse.registry.boards import KeptBoard


def kept(board: Board) -> tuple[str, str]:
    """(name, text) of a board that can be used. BadBoard."""
    return board.name, msgspec.json.encode(checked(board)).decode()


def loaded(found: KeptBoard | str) -> Board:
    """BadBoard where another version of this program wrote it."""
    try:
        return msgspec.json.decode(found if isinstance(found, str) else found.text, type=Board)
    except msgspec.MsgspecError as error:
        raise BadBoard(f"the board cannot be read: {error}; import it again") from None
