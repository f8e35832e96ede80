"""Boards as text and in the registry, and the commands over them."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.boards import changes
from warehouse.boards.definition import Board, Tile, read_board, written
from warehouse.boards.errors import BadBoard
from warehouse.boards.keeping import kept, loaded
from warehouse.cli.board import board
from warehouse.errors import RegistryError
from warehouse.registry import Registry

TEXT = """\
name: Shop 店
since: 7d
where:
- country = DE
refresh: 60
tiles:
- title: Orders
  insight: trend
  question:
    events:
    - Order Completed
    - Product Viewed
    formula: A / B
  size: whole
  shows: picture
- insight: retention
  question:
    intervals: '4'
    bots: 'true'
  size: half
  shows: table
"""


def three() -> Board:
    tiles = tuple(Tile(insight="trend", title=name, question={"top": 5}) for name in "abc")
    return Board(name="three", tiles=tiles)


def test_a_board_is_read_and_written_alike() -> None:
    found = read_board(TEXT)
    assert read_board(written(found)) == found
    assert (
        read_board(TEXT.replace("'4'", "4").replace("'true'", "true")).tiles[1].given == found.tiles[1].given
    )
    assert written(read_board(msgspec.json.encode(found).decode())) == written(found)


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in itertools.pairwise("abcdefghij"):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    with pytest.raises(BadBoard, match="more than 500000 parts"):
        read_board("\n".join(lines))
    with pytest.raises(BadBoard):
        read_board("a: &a [*a]")


def test_what_is_asked_of_a_board_is_asked_of_its_tiles() -> None:
    tile = Tile(insight="trend", question={"since": "90d", "until": "2026-11-01", "where": "a = 1"})
    plain = Board(name="x", tiles=(tile,))
    assert plain.given(tile) == {"since": ["90d"], "until": ["2026-11-01"], "where": ["a = 1"]}
    bounded = msgspec.structs.replace(plain, since="7d", where=("b = 2",))
    assert bounded.given(tile) == {"since": ["7d"], "where": ["a = 1", "b = 2"]}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (TEXT.replace("insight: trend", "insight: trand"), "tile 1: insight 'trand' is not known here"),
        (TEXT.replace("formula:", "formule:"), "near it: 'formula'"),
        (TEXT.replace("since: 7d", "since: never"), "tile 1: since"),
        (TEXT.replace("refresh: 60", "refresh: 1"), "refresh"),
        (TEXT.replace("size: whole", "size: huge"), "size"),
        (TEXT.replace("name: Shop 店", "name: ''"), "name"),
        (TEXT.replace("name: Shop 店", 'name: "a\\0b"'), "name"),
        ("- 1", "the board cannot be read"),
        ("a: [", "line"),
        ("", "one board"),
        ("x" * 300_000, "200000 would do"),
    ],
    ids=range(11),
)
def test_what_will_not_do_is_named(wrong: str, says: str) -> None:
    with pytest.raises(BadBoard) as told:
        read_board(wrong)
    assert says in str(told.value)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 9)), max_size=6))
def test_moving_keeps_every_tile(moves: list[tuple[int, int]]) -> None:
    found = three()
    for number, to in moves:
        moved = found.tiles[number]
        found = changes.move(found, number, to)
        assert found.tiles[max(0, min(to, 2))] == moved
    assert sorted(tile.title for tile in found.tiles) == ["a", "b", "c"]


def test_tiles_are_styled_removed_and_bounded() -> None:
    found = changes.restyle(three(), 1, {"title": "B", "size": "whole", "shows": "table"})
    assert [tile.title for tile in changes.remove(found, 0).tiles] == ["B", "c"]
    for wrong in ({"size": "huge"}, {"title": "x" * 201}):
        with pytest.raises(BadBoard):
            changes.restyle(found, 1, wrong)
    with pytest.raises(BadBoard, match="tile 4: the board has 3"):
        changes.remove(found, 3)
    with pytest.raises(BadBoard, match="tile 0"):
        changes.move(found, -1, 0)
    full = Board(name="full", tiles=three().tiles[:1] * 40)
    with pytest.raises(BadBoard, match="40 tiles"):
        changes.add(full, full.tiles[0])
    with pytest.raises(BadBoard, match="refresh"):
        changes.settle(found, "", "", [], "31")


def test_only_the_owner_changes_a_board(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 7)
    made = registry.create_board("three", "ann", kept(three())[1])
    with pytest.raises(RegistryError, match="already"):
        registry.create_board("three", "ann", made.text)
    assert registry.boards("bob") == []
    with pytest.raises(RegistryError, match="no board"):
        registry.drop_board(made.id, "bob")
    registry.share_board(made.id, "ann", True)
    assert [one.name for one in registry.boards("bob")] == ["three"]
    with pytest.raises(RegistryError, match="a copy of it would do"):
        registry.change_board(made.id, "bob", lambda text: ("three", text))
    renamed = registry.change_board(made.id, "ann", lambda text: kept(changes.rename(loaded(text), "four")))
    assert (renamed.name, loaded(renamed).name) == ("four", "four")
    registry.drop_board(made.id, "root", anybody=True)
    assert registry.boards(None) == []
    assert [line.action for line in registry.audited(10)][:2] == ["board.drop", "board.change"]
    registry.close()


def test_a_saved_question_is_its_owners(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 7)
    registry.save_question("orders", "ann", "trend", "since=7d")
    again = registry.save_question("orders", "ann", "trend", "since=9d", shared=True)
    assert [one.address for one in registry.saved_questions("bob")] == ["since=9d"]
    with pytest.raises(RegistryError, match="bob has saved no question"):
        registry.drop_question(again.id, "bob")
    registry.drop_question(again.id, "ann")
    assert registry.saved_questions("ann") == []
    for name, address in (("", "a=1"), ("x" * 101, "a=1"), ("a\x00", "a=1"), ("a", "x" * 20_001)):
        with pytest.raises(RegistryError):
            registry.save_question(name, "ann", "trend", address)
    registry.close()


def test_boards_are_carried_by_commands(tmp_path: Path) -> None:
    Registry.open(tmp_path / "registry.sqlite", now=lambda: 7).close()
    file = tmp_path / "shop.yaml"
    file.write_text(TEXT, "utf-8")

    def run(*args: str) -> str:
        done = CliRunner().invoke(board, [*args, "--data", str(tmp_path)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    made = msgspec.json.decode(run("import", str(file), "--owner", "ann", "--shared", "--json"))
    again = msgspec.json.decode(run("import", str(file), "--owner", "ann", "--json"))
    assert (made["no"], made["tiles"], made["shared"]) == (again["no"], 2, True)
    assert run("export", "Shop 店") == TEXT
    assert msgspec.json.decode(run("export", "1", "--json"))["name"] == "Shop 店"
    assert "Order Completed" in run("show", "1")
    assert msgspec.json.decode(run("show", "1", "--json"))["board"]["refresh"] == 60
    assert [one["name"] for one in msgspec.json.decode(run("list", "--json"))] == ["Shop 店"]
    assert "Shop 店" in run("list")
    with pytest.raises(BadBoard, match="none has that name; there is 1"):
        run("show", "2")
