"""The registry's connection: transactions, reading, and what tells that something changed."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from warehouse.errors import RegistryError

_GENERATION = "rules_generation"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
_NEXT_GENERATION = """
    INSERT INTO settings VALUES (?, '1')
    ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1"""


class Database:
    """One SQLite connection that the threads of a program share. `now` gives µs UTC."""

    def __init__(self, con: sqlite3.Connection, now: Callable[[], int]) -> None:
        self._con = con
        self._now = now
        self._lock = threading.RLock()

    def close(self) -> None:
        self._con.close()

    def data_version(self) -> int:
        """A number that grows whenever anything in the file changed; cheap enough to ask every second."""
        version: int = self._con.execute("PRAGMA data_version").fetchone()[0]
        return version + self._con.total_changes

    def rules_generation(self) -> int:
        """A number that grows whenever a key, plan, policy or suppression may have changed.

        The counts of what was received change every second or two; who holds rules in memory need not
        read them all again for that.
        """
        rows = self._all("SELECT value FROM settings WHERE name = ?", (_GENERATION,))
        return int(rows[0][0]) if rows else 0

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._con.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._con.execute("ROLLBACK")
                raise
            self._con.execute("COMMIT")

    @contextlib.contextmanager
    def _changing_rules(self) -> Iterator[None]:
        """A transaction after which the rules are of another generation."""
        with self._transaction():
            yield
            self._con.execute(_NEXT_GENERATION, (_GENERATION,))

    def clear_texts(self, clean: Callable[[str], str]) -> int:
        """Every text of every table through `clean`; returns how many changed."""
        changed = 0
        with self._transaction():
            for (table,) in self._con.execute(_TABLES).fetchall():
                columns = [name for _, name, kind, *_ in self._con.execute(f"PRAGMA table_info({table})")]
                for column in columns:
                    changed += self._clear(table, column, clean)
            self.link_audit()
        return changed

    def link_audit(self) -> None:
        """Called after texts were cleared, within that transaction."""

    def _clear(self, table: str, column: str, clean: Callable[[str], str]) -> int:
        sql = f"SELECT rowid, {column} FROM {table} WHERE typeof({column}) = 'text'"
        texts = [(clean(text), text, row) for row, text in self._con.execute(sql)]
        dirty = [(new, row) for new, old, row in texts if new != old]
        self._con.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", dirty)
        return len(dirty)

    def compact(self) -> bool:
        """Rewrite the file without the pages that are free, and empty SQLite's log; False while it is being
        read.
        """
        with self._lock:
            self._con.execute("PRAGMA secure_delete = ON")
            self._con.execute("VACUUM")
            busy: int = self._con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def _all(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._con.execute(sql, params).fetchall()


def connect(path: Path) -> sqlite3.Connection:
    """Open or create the file. RegistryError where that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        con = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("PRAGMA synchronous = FULL")
    except (OSError, sqlite3.Error) as error:
        raise RegistryError(
            f"cannot open the registry {path}: {error}; its folder must be writable"
        ) from error
    return con
