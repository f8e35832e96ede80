"""What a board is: tiles, each a question of an insight, and what is asked of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from sdk_contract.yaml_places import YamlError, read_trees
from warehouse.boards.errors import BadBoard
from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.period import period
from warehouse.insights.reading import from_texts

Word = str | int | float | bool
Size = Literal["third", "half", "whole"]
Shows = Literal["picture", "table"]
Given = dict[str, list[str]]
MOST_TILES: Final = 40
LONGEST: Final = 200_000
REFRESHES: Final = (0, 30, 60, 300, 900)
_DAY_US: Final = 86_400_000_000


class Tile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question and how its answer is shown."""

    insight: Annotated[str, Meta(description="Name of the insight.")]
    title: Annotated[str, Meta(max_length=200, description="What stands over it.")] = ""
    question: Annotated[
        Mapping[str, Word | tuple[Word, ...]], Meta(description="The question's fields as in an address.")
    ] = {}
    size: Annotated[Size, Meta(description="How much of the width it takes.")] = "half"
    shows: Annotated[Shows, Meta(description="Its picture, or its table alone.")] = "picture"

    @property
    def given(self) -> Given:
        """The question's fields as texts."""
        return {name: _texts(value) for name, value in self.question.items()}


class Board(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tiles in their order. `since`, `until` and `where` are asked of each of them; empty: as it says
    itself. `refresh`: asked again after so many seconds, 0: never.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100, description="What it is called.")]
    tiles: Annotated[tuple[Tile, ...], Meta(max_length=MOST_TILES, description="In their order.")] = ()
    since: Annotated[str, Meta(max_length=60, description="Of every tile: 7d, a day, a moment.")] = ""
    until: Annotated[str, Meta(max_length=60, description="Of every tile.")] = ""
    where: Annotated[tuple[str, ...], Meta(max_length=20, description="Filters of every tile.")] = ()
    refresh: Annotated[Literal[0, 30, 60, 300, 900], Meta(description="Seconds until it is asked again.")] = 0

    def given(self, tile: Tile) -> Given:
        """What a tile asks, within what is asked of the whole board."""
        found = tile.given
        for name, value in (("since", self.since), ("until", self.until)):
            if value:
                found[name] = [value]
        if self.since and not self.until:
            found.pop("until", None)
        if self.where:
            found["where"] = [*found.get("where", ()), *self.where]
        return found


def checked(board: Board) -> Board:
    """The board, when each of its questions can be read. BadBoard names the tile and the field."""
    if not board.name.isprintable() or board.name != board.name.strip():
        raise BadBoard(f"name {board.name[:80]!r}: visible characters without blanks around them would do")
    for number, tile in enumerate(board.tiles, 1):
        try:
            _check(board, tile)
        except BadQuestion as error:
            raise BadBoard(f"tile {number}: {error}") from None
    return board


def _check(board: Board, tile: Tile) -> None:
    if tile.insight not in INSIGHTS:
        raise unknown("insight", tile.insight, INSIGHTS)
    asked = from_texts(INSIGHTS[tile.insight].question, board.given(tile))
    # At some moment after every day that somebody may name.
    period(asked.since, asked.until, asked.timezone, 100_000 * _DAY_US)


def read_board(text: str) -> Board:
    """A board as YAML or JSON. BadBoard says which field will not do."""
    if len(text) > LONGEST:
        raise BadBoard(f"the text has {len(text)} characters; {LONGEST} would do")
    try:
        trees = read_trees(text)
        if len(trees) != 1:
            raise BadBoard("a file holds one board: a name and tiles")
        return checked(msgspec.convert(trees[0].root, Board))
    except YamlError as error:
        raise BadBoard(str(error)) from None
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadBoard(f"the board cannot be read: {error}") from None


def written(board: Board) -> str:
    """The board as YAML that `read_board` reads; what is usual is left out."""
    plain = msgspec.to_builtins(board)
    told = {name: plain[name] for name in ("name", "since", "until", "where", "refresh") if plain[name]}
    told["tiles"] = [_plain(tile) for tile in board.tiles]
    return yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=120)


def _plain(tile: Tile) -> dict[str, object]:
    told = msgspec.to_builtins(tile)
    told["question"] = {name: _short(texts) for name, texts in tile.given.items()}
    order = ("title", "insight", "question", "size", "shows")
    return {name: told[name] for name in order if told[name] not in ("", {})}


def _short(texts: list[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else texts


def _texts(value: Word | tuple[Word, ...]) -> list[str]:
    values = value if isinstance(value, tuple) else (value,)
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
