"""What people decided about identity: who, when, why, and which pairs of ids it is about. Nothing is deleted:
a decision that was undone says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.database import Database

SCRIPT = """
    CREATE TABLE decisions (
        no INTEGER PRIMARY KEY AUTOINCREMENT, command INTEGER UNIQUE, kind TEXT NOT NULL,
        project TEXT NOT NULL, reason TEXT NOT NULL, decided_by TEXT NOT NULL, decided_at INTEGER NOT NULL,
        load_seq INTEGER NOT NULL, undone_by TEXT, undone_at INTEGER, undone_reason TEXT,
        undone_command INTEGER);
    CREATE TABLE decision_pairs (
        decision INTEGER NOT NULL, left_kind TEXT NOT NULL, left_value TEXT NOT NULL,
        right_kind TEXT NOT NULL, right_value TEXT NOT NULL);
    CREATE INDEX decision_pairs_of ON decision_pairs (decision);
    """
_COLUMNS = (
    "no, command, kind, project, reason, decided_by, decided_at, load_seq,"
    " undone_by, undone_at, undone_reason, undone_command"
)


class Pair(msgspec.Struct, frozen=True, order=True):
    """Two ids by kind and value."""

    left_kind: str
    left_value: str
    right_kind: str
    right_value: str


class Decided(msgspec.Struct, frozen=True):
    """A decision. `kind` is block, split or merge; `load_seq` its place in the order of load; times µs UTC.

    A split blocks every pair between the two parts.
    """

    no: int
    command: int | None
    kind: str
    project: str
    reason: str
    decided_by: str
    decided_at: int
    load_seq: int
    undone_by: str | None
    undone_at: int | None
    undone_reason: str | None
    undone_command: int | None
    pairs: tuple[Pair, ...] = ()

    def is_about(self, pair: Pair) -> bool:
        """Whether it holds of these two ids, either way round."""
        left, right = (pair.left_kind, pair.left_value), (pair.right_kind, pair.right_value)
        return self.holds and bool({pair, Pair(*right, *left)} & {*self.pairs})

    @property
    def holds(self) -> bool:
        return self.undone_at is None


class Decisions(Database):
    """The part of the registry that keeps what people decided."""

    def decide(
        self,
        kind: str,
        project: str,
        pairs: Sequence[Pair],
        *,
        reason: str,
        by: str,
        load_seq: int,
        command: int,
    ) -> Decided:
        """Enter a decision; the same command enters it once."""
        values = (command, kind, project, reason, by, self._now(), load_seq)
        with self._transaction():
            no = self._con.execute(_ENTER, values).lastrowid if not self._of_command(command) else None
            if no:
                rows = [(no, *msgspec.structs.astuple(pair)) for pair in pairs]
                self._con.executemany("INSERT INTO decision_pairs VALUES (?, ?, ?, ?, ?)", rows)
        return self.decision(self._of_command(command))

    def undo_decision(self, no: int, *, reason: str, by: str, command: int) -> Decided:
        """From now on it holds no more; the same command may say so again. RegistryError where there is
        none, or it was undone before.
        """
        decided = self.decision(no)
        if decided.undone_command == command:
            return decided
        if not decided.holds:
            raise RegistryError(f"decision {no} was undone already; `sojourn identity decisions` shows when")
        with self._transaction():
            self._con.execute(_UNDO, (by, self._now(), reason, command, no))
        return self.decision(no)

    def decision(self, no: int) -> Decided:
        """One decision. RegistryError where there is none."""
        found = self._decisions("WHERE no = ?", (no,))
        if not found:
            raise RegistryError(f"there is no decision {no}; `sojourn identity decisions` shows them")
        return found[0]

    def decisions(self) -> list[Decided]:
        """All, the oldest first."""
        return self._decisions("ORDER BY no")

    def _of_command(self, command: int) -> int:
        rows = self._all("SELECT no FROM decisions WHERE command = ?", (command,))
        return int(rows[0][0]) if rows else 0

    def _decisions(self, tail: str, params: Sequence[Any] = ()) -> list[Decided]:
        rows = self._all(f"SELECT {_COLUMNS} FROM decisions {tail}", params)
        return [msgspec.structs.replace(Decided(*row), pairs=self._pairs(row[0])) for row in rows]

    def _pairs(self, no: int) -> tuple[Pair, ...]:
        sql = "SELECT left_kind, left_value, right_kind, right_value FROM decision_pairs WHERE decision = ?"
        return tuple(Pair(*row) for row in self._all(f"{sql} ORDER BY rowid", (no,)))


_ENTER = """
    INSERT INTO decisions (command, kind, project, reason, decided_by, decided_at, load_seq)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_UNDO = """
    UPDATE decisions SET undone_by = ?, undone_at = ?, undone_reason = ?, undone_command = ?
    WHERE no = ? AND undone_at IS NULL"""
