"""Imports of files: what was read, how far each is, and the landing objects that they are about to put."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.database import Database
from warehouse.segments import HOUR_US, Tally, split_segment_id

SCRIPT = """
    CREATE TABLE imports (
        id INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL,
        file TEXT NOT NULL, digest TEXT NOT NULL, mapping TEXT NOT NULL, key_id TEXT NOT NULL,
        state TEXT NOT NULL, result TEXT NOT NULL, by TEXT NOT NULL, started_at INTEGER NOT NULL,
        moved_at INTEGER NOT NULL, finished_at INTEGER);
    CREATE INDEX imports_open ON imports (id) WHERE state = 'running';
    CREATE TABLE import_objects (
        segment_id TEXT PRIMARY KEY, import INTEGER NOT NULL, key_no INTEGER NOT NULL, hour INTEGER NOT NULL,
        events INTEGER NOT NULL, received_at INTEGER NOT NULL, counts TEXT NOT NULL)
    """
_COLUMNS: Final = (
    *("id", "project", "kind", "source", "file", "digest", "mapping", "key_id", "state", "result", "by"),
    *("started_at", "moved_at", "finished_at"),
)
_GIVEN: Final = ", ".join(_COLUMNS[1:-1])
_OPEN: Final = """state = 'running' AND project = ? AND kind = ? AND source = ? AND digest = ? AND mapping = ?
    AND key_id = ?"""


class Import(msgspec.Struct, frozen=True):
    """One import. `digest` is of the file's bytes, `mapping` JSON, `result` the counts so far; `state` is
    filed, running, done or failed. A running one that moves no more was killed: the same import again goes
    on.
    """

    id: int
    project: str
    kind: str
    source: str
    file: str
    digest: str
    mapping: str
    key_id: str
    state: str
    result: dict[str, Any]
    by: str
    started_at: int
    moved_at: int
    finished_at: int | None


class Intent(msgspec.Struct, frozen=True):
    """A landing object that an import puts, or has put: its segment, the events that it counts, and
    what the import had counted at its end (JSON).
    """

    segment_id: str
    import_id: int
    key_no: int
    hour: int
    events: int
    received_at: int
    counts: str

    @property
    def tally(self) -> list[Tally]:
        return [Tally(self.key_no, self.hour, self.events)]

    @property
    def worker(self) -> str:
        return split_segment_id(self.segment_id)[0]


class Imports(Database):
    """The part of the registry that knows imports."""

    def begin_import(
        self, project: str, kind: str, source: str, file: str, digest: str, mapping: str, key_id: str, by: str
    ) -> Import:
        """A new import, or the one that was begun with the same file, mapping and key and never ended."""
        same = (project, kind, source, digest, mapping, key_id)
        with self._transaction():
            found = self._con.execute(f"SELECT id FROM imports WHERE {_OPEN}", same).fetchone()
            if found is None:
                now = self._now()
                values = (project, kind, source, file, digest, mapping, key_id, "running", "{}", by, now, now)
                sql = f"INSERT INTO imports ({_GIVEN}) VALUES ({', '.join('?' * len(values))})"
                found = (self._con.execute(sql, values).lastrowid,)
        return self.import_(int(found[0]))

    def file_import(
        self, project: str, kind: str, source: str, file: str, mapping: str, key_id: str, by: str
    ) -> int:
        """An import that the writer is to begin, of a file in the folder for such; its id."""
        now = self._now()
        values = (project, kind, source, file, "", mapping, key_id, "filed", "{}", by, now, now)
        with self._transaction():
            sql = f"INSERT INTO imports ({_GIVEN}) VALUES ({', '.join('?' * len(values))})"
            return int(self._con.execute(sql, values).lastrowid or 0)

    def start_import(self, id: int, digest: str) -> Import:
        """One that was filed begins, or goes on."""
        with self._transaction():
            sql = "UPDATE imports SET state = 'running', digest = ? WHERE id = ? AND state <> 'done'"
            self._con.execute(sql, (digest, id))
        return self.import_(id)

    def import_(self, id: int) -> Import:
        """One import. RegistryError where there is none."""
        found = self._imports("WHERE id = ?", (id,))
        if not found:
            raise RegistryError(f"there is no import {id}; `sojourn import list` shows them")
        return found[0]

    def imports(self, limit: int = 100) -> list[Import]:
        """The newest imports, the newest first."""
        return self._imports("ORDER BY id DESC LIMIT ?", (limit,))

    def move_import(self, id: int, result: Mapping[str, Any], state: str = "running") -> None:
        """How far an import is; `state` done or failed ends it."""
        now = self._now()
        sql = "UPDATE imports SET result = ?, state = ?, moved_at = ?, finished_at = ? WHERE id = ?"
        with self._transaction():
            ended = None if state == "running" else now
            self._con.execute(sql, (json.dumps(result), state, now, ended, id))

    def intend(self, intent: Intent) -> None:
        """Say that this object is about to be put: from now on its events are received, and pending."""
        values = msgspec.structs.astuple(intent)
        with self._transaction():
            self._con.execute("INSERT OR IGNORE INTO import_objects VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def forget_intent(self, segment_id: str) -> None:
        """The object is tallied, or was never put."""
        with self._transaction():
            self._con.execute("DELETE FROM import_objects WHERE segment_id = ?", (segment_id,))

    def intents(self) -> list[Intent]:
        """Objects that were to be put and are not tallied, or were just now."""
        return [Intent(*row) for row in self._all("SELECT * FROM import_objects ORDER BY segment_id")]

    def _imports(self, tail: str, params: Sequence[Any]) -> list[Import]:
        rows = self._all(f"SELECT {', '.join(_COLUMNS)} FROM imports {tail}", params)
        at = _COLUMNS.index("result")
        return [Import(*[*row[:at], json.loads(row[at]), *row[at + 1 :]]) for row in rows]


def intent_of(segment_id: str, import_id: int, tally: Tally, received_at: int, counts: str) -> Intent:
    """What an import is about to put; `counts` are those of its rows up to the end of the object, JSON."""
    hour = received_at // HOUR_US
    return Intent(segment_id, import_id, tally.key_no, hour, tally.events, received_at, counts)
