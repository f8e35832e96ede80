"""One change of a board at a time: tiles come, move, are named, sized and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from warehouse.boards.definition import MOST_TILES, Board, Tile, checked
from warehouse.boards.errors import BadBoard

T = TypeVar("T")


def add(board: Board, tile: Tile) -> Board:
    """The tile stands last. BadBoard where there is no room, or its question cannot be read."""
    if len(board.tiles) >= MOST_TILES:
        raise BadBoard(f"the board has {MOST_TILES} tiles; one with fewer would do")
    return checked(msgspec.structs.replace(board, tiles=(*board.tiles, tile)))


def move(board: Board, number: int, to: int) -> Board:
    """The tile (counted from 0) stands at that place, or at the nearest there is."""
    tiles = list(board.tiles)
    tile = tiles.pop(_place(board, number))
    tiles.insert(max(0, min(to, len(tiles))), tile)
    return msgspec.structs.replace(board, tiles=tuple(tiles))


def remove(board: Board, number: int) -> Board:
    at = _place(board, number)
    return msgspec.structs.replace(board, tiles=(*board.tiles[:at], *board.tiles[at + 1 :]))


def restyle(board: Board, number: int, looks: Mapping[str, str]) -> Board:
    """Another title, size, or picture instead of table. BadBoard where there is no such size."""
    at = _place(board, number)
    tile = _converted(Tile, {**msgspec.to_builtins(board.tiles[at]), **looks})
    return msgspec.structs.replace(board, tiles=(*board.tiles[:at], tile, *board.tiles[at + 1 :]))


def settle(board: Board, since: str, until: str, where: Sequence[str], refresh: str) -> Board:
    """What is asked of every tile, and how often. BadBoard names what will not do."""
    if not refresh.isascii() or not refresh.isdecimal():
        raise BadBoard(f"refresh {refresh[:20]!r}: a number of seconds would do")
    told = msgspec.to_builtins(board) | {"since": since, "until": until, "where": list(where)}
    return checked(_converted(Board, {**told, "refresh": int(refresh)}))


def rename(board: Board, name: str) -> Board:
    return checked(_converted(Board, {**msgspec.to_builtins(board), "name": name.strip()}))


def _place(board: Board, number: int) -> int:
    if not 0 <= number < len(board.tiles):
        raise BadBoard(f"tile {number + 1}: the board has {len(board.tiles)}")
    return number


def _converted(of: type[T], told: object) -> T:
    try:
        return msgspec.convert(told, of)
    except msgspec.ValidationError as error:
        raise BadBoard(f"the board cannot be changed so: {error}") from None
