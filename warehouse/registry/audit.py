"""The audit log: who did and saw what. Lines are only ever added, each linked to the one before by a hash."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from warehouse.registry.database import Database

SCRIPT = "ALTER TABLE audit ADD COLUMN link TEXT"
_COLUMNS: Final = "rowid, at, actor, action, detail"


class Audited(msgspec.Struct, frozen=True):
    """One line of the audit log; `at` is µs UTC."""

    at: int
    actor: str
    action: str
    detail: str


class Verified(msgspec.Struct, frozen=True):
    """What a verification found: lines, the link of the newest, and the first line that does not follow from
    the one before it (None: all do).
    """

    lines: int
    head: str
    broken_at: int | None

    @property
    def held(self) -> bool:
        return self.broken_at is None


class Audit(Database):
    """The part of the registry that remembers who did what."""

    def audit(self, actor: str, action: str, detail: str) -> None:
        with self._transaction():
            self._note(actor, action, detail)

    def audited(
        self, limit: int = 100, *, before: int | None = None, actor: str = "", action: str = ""
    ) -> list[Audited]:
        """The newest lines, newest first: of one actor, of actions that begin so, before a moment, where they
        are given.
        """
        return [
            Audited(*row[1:]) for row in self.audit_rows(limit, before=before, actor=actor, action=action)
        ]

    def audit_rows(
        self, limit: int, *, before: int | None = None, actor: str = "", action: str = ""
    ) -> list[tuple[int, int, str, str, str]]:
        """(number, µs UTC, actor, action, detail), newest first; `before` is a number here."""
        sql = f"""
            SELECT {_COLUMNS} FROM audit
            WHERE rowid < ? AND (? = '' OR actor = ?) AND substr(action, 1, length(?)) = ?
            ORDER BY rowid DESC LIMIT ?"""
        last = 1 << 62 if before is None else before
        return [tuple(row) for row in self._all(sql, (last, actor, actor, action, action, limit))]

    def verify_audit(self) -> Verified:
        """Whether every line follows from the one before it.

        What it cannot see is a log that was written anew from some line on; keep the head elsewhere for that.
        """
        lines, head, broken = 0, "", None
        rows = self._all(f"SELECT {_COLUMNS}, link FROM audit ORDER BY rowid")
        for number, *line, link in rows:
            lines += 1
            head = _linked(head, number, *line)
            if link != head and broken is None:
                broken = number
            head = link or ""
        return Verified(lines, head, broken)

    def has_link(self, link: str) -> bool:
        return bool(self._all("SELECT 1 FROM audit WHERE link = ?", (link,)))

    def seal_audit(self) -> None:
        """From now on this connection can add lines to the log and neither change nor remove any."""
        self._con.set_authorizer(_append_only)

    def _note(self, actor: str, action: str, detail: str) -> None:
        """A line, within a transaction of the caller."""
        last = self._con.execute("SELECT rowid, link FROM audit ORDER BY rowid DESC LIMIT 1").fetchone()
        number, head = (last[0] + 1, last[1] or "") if last else (1, "")
        line = (self._now(), actor, action, detail)
        self._con.execute(
            "INSERT INTO audit (rowid, at, actor, action, detail, link) VALUES (?, ?, ?, ?, ?, ?)",
            (number, *line, _linked(head, number, *line)),
        )

    def link_audit(self) -> None:
        """Link all lines anew, within a transaction of the caller: an erasure took words out of some."""
        self._con.executemany("UPDATE audit SET link = ? WHERE rowid = ?", list(self._links()))

    def _links(self) -> Iterator[tuple[str, int]]:
        head = ""
        for number, *line in self._con.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY rowid").fetchall():
            head = _linked(head, number, *line)
            yield head, number


def _linked(head: str, number: int, *line: Any) -> str:
    text = msgspec.json.encode([head, number, *line])
    return hashlib.sha256(text).hexdigest()


def _append_only(action: int, table: str | None, *_: str | None) -> int:
    changes = (
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_ALTER_TABLE,
    )
    names = (table, _[0] if _ else None)
    return sqlite3.SQLITE_DENY if action in changes and "audit" in names else sqlite3.SQLITE_OK
