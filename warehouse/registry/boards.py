"""Boards and questions that people saved, each its owner's own or shared with everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.audit import Audit

SCRIPT = """
    CREATE TABLE boards (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, owner TEXT NOT NULL,
        shared INTEGER NOT NULL, text TEXT NOT NULL, saved_at INTEGER NOT NULL, UNIQUE (owner, name));
    CREATE TABLE saved_questions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, owner TEXT NOT NULL,
        shared INTEGER NOT NULL, insight TEXT NOT NULL, address TEXT NOT NULL, saved_at INTEGER NOT NULL,
        UNIQUE (owner, name))
    """
MOST: Final = 500
_LONGEST_NAME: Final = 100
_LONGEST_ADDRESS: Final = 20_000
_BOARD: Final = "id, name, owner, shared, text, saved_at"
_QUESTION: Final = "id, name, owner, shared, insight, address, saved_at"
_SEEN: Final = "(? IS NULL OR owner = ? OR shared)"


class KeptBoard(msgspec.Struct, frozen=True):
    """A board as the registry keeps it: `text` is JSON; `saved_at` is µs UTC."""

    id: int
    name: str
    owner: str
    shared: bool
    text: str
    saved_at: int


class SavedQuestion(msgspec.Struct, frozen=True):
    """A question of an insight: `address` holds its fields as in a web address; `saved_at` is µs UTC."""

    id: int
    name: str
    owner: str
    shared: bool
    insight: str
    address: str
    saved_at: int


class Boards(Audit):
    """The part of the registry that keeps them. Who asks sees the own and the shared ones, None sees all;
    only owners, and None, change them.
    """

    def create_board(self, name: str, owner: str, text: str, *, shared: bool = False) -> KeptBoard:
        """RegistryError where the owner has one of that name, or too many."""
        with self._transaction():
            self._check_name("boards", name, owner)
            sql = "INSERT INTO boards (name, owner, shared, text, saved_at) VALUES (?, ?, ?, ?, ?)"
            made = self._con.execute(sql, (name, owner, shared, text, self._now())).lastrowid
            self._note(owner, "board.create", f"{made} {name}")
        return self.board(int(made or 0), owner)

    def boards(self, asker: str | None) -> list[KeptBoard]:
        """By name."""
        sql = f"SELECT {_BOARD} FROM boards WHERE {_SEEN} ORDER BY name, id"
        rows = _dicts(_BOARD, self._all(sql, (asker, asker)))
        return [msgspec.convert(row, KeptBoard, strict=False) for row in rows]

    def board(self, id: int, asker: str | None) -> KeptBoard:
        """RegistryError where there is none that they may see."""
        found = next((one for one in self.boards(asker) if one.id == id), None)
        if found is None:
            raise RegistryError(f"there is no board {id}; `sojourn board list` shows them")
        return found

    def change_board(
        self, id: int, by: str, change: Callable[[str], tuple[str, str]], *, anybody: bool = False
    ) -> KeptBoard:
        """What `change` makes of the text: (name, text). RegistryError where it is not theirs; `anybody`: it
        may be another's.
        """
        with self._transaction():
            known = self._own_board(id, by, anybody=anybody)
            name, text = change(known.text)
            if name != known.name:
                self._check_name("boards", name, known.owner)
            sql = "UPDATE boards SET name = ?, text = ?, saved_at = ? WHERE id = ?"
            self._con.execute(sql, (name, text, self._now(), id))
            self._note(by, "board.change", f"{id} {name}")
        return self.board(id, None)

    def share_board(self, id: int, by: str, shared: bool, *, anybody: bool = False) -> None:
        with self._transaction():
            known = self._own_board(id, by, anybody=anybody)
            self._con.execute("UPDATE boards SET shared = ? WHERE id = ?", (shared, id))
            self._note(by, "board.share" if shared else "board.unshare", f"{id} {known.name}")

    def drop_board(self, id: int, by: str, *, anybody: bool = False) -> None:
        with self._transaction():
            known = self._own_board(id, by, anybody=anybody)
            self._con.execute("DELETE FROM boards WHERE id = ?", (id,))
            self._note(by, "board.drop", f"{id} {known.name}")

    def save_question(
        self, name: str, owner: str, insight: str, address: str, *, shared: bool = False
    ) -> SavedQuestion:
        """Save, or replace the own one of that name. RegistryError where something is too long."""
        if len(address) > _LONGEST_ADDRESS:
            raise RegistryError(f"the question has {len(address)} characters; {_LONGEST_ADDRESS} would do")
        with self._transaction():
            self._con.execute("DELETE FROM saved_questions WHERE owner = ? AND name = ?", (owner, name))
            self._check_name("saved_questions", name, owner)
            sql = (
                "INSERT INTO saved_questions (name, owner, shared, insight, address, saved_at) "
                "VALUES (?, ?, ?, ?, ?, ?)"
            )
            self._con.execute(sql, (name, owner, shared, insight, address, self._now()))
            self._note(owner, "question.save", f"{name}: {insight}?{address}"[:1_000])
        return next(one for one in self.saved_questions(owner) if (one.owner, one.name) == (owner, name))

    def saved_questions(self, asker: str | None) -> list[SavedQuestion]:
        """By name."""
        sql = f"SELECT {_QUESTION} FROM saved_questions WHERE {_SEEN} ORDER BY name, id"
        rows = _dicts(_QUESTION, self._all(sql, (asker, asker)))
        return [msgspec.convert(row, SavedQuestion, strict=False) for row in rows]

    def drop_question(self, id: int, by: str, *, anybody: bool = False) -> None:
        """RegistryError where it is not one of theirs."""
        known = next((one for one in self.saved_questions(None) if one.id == id), None)
        if known is None or (known.owner != by and not anybody):
            raise RegistryError(f"{by} has saved no question {id}")
        with self._transaction():
            self._con.execute("DELETE FROM saved_questions WHERE id = ?", (id,))
            self._note(by, "question.drop", f"{id} {known.name}")

    def _own_board(self, id: int, by: str, *, anybody: bool) -> KeptBoard:
        known = self.board(id, None if anybody else by)
        if known.owner != by and not anybody:
            raise RegistryError(f"board {known.name!r} is {known.owner}'s; a copy of it would do")
        return known

    def _check_name(self, table: str, name: str, owner: str) -> None:
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise RegistryError(f"name {name[:40]!r}: 1 to {_LONGEST_NAME} visible characters would do")
        names = {one for (one,) in self._all(f"SELECT name FROM {table} WHERE owner = ?", (owner,))}
        if name in names:
            raise RegistryError(f"{owner} has one called {name!r} already; another name would do")
        if len(names) >= MOST:
            raise RegistryError(f"{owner} keeps {len(names)} of them; without some old ones it would do")


def _dicts(columns: str, rows: list[tuple[object, ...]]) -> list[dict[str, object]]:
    names = columns.split(", ")
    return [dict(zip(names, row, strict=True)) for row in rows]
