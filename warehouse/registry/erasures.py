"""What the registry knows of erasures: who asked for them, how far each has come, and the tombstones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.database import Database

FILED, DONE = "filed", "done"
# The kind of an id and its keyed hash.
Stone = tuple[str, str]


class Buried(msgspec.Struct, frozen=True):
    """A tombstone: the keyed hash of an id of this kind, what becomes of who has it, since when (µs UTC)."""

    digest: str
    kind: str
    mode: Literal["erase", "pseudonymise"]
    since: int


class Suppressed(msgspec.Struct, frozen=True):
    """The keyed hash of an id that the door keeps out of a project, since when (µs UTC)."""

    project: str
    digest: str
    since: int


# Rows by table.
Graves = dict[str, list[tuple[Any, ...]]]
_GRAVES = ("erasures", "tombstones", "suppressions")

SCRIPT = """
    CREATE TABLE erasures (
        no INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, mode TEXT NOT NULL, reason TEXT NOT NULL,
        filed_by TEXT NOT NULL, filed_at INTEGER NOT NULL, stage TEXT NOT NULL, stage_since INTEGER NOT NULL,
        sealed TEXT, counts TEXT NOT NULL DEFAULT '{}', places TEXT NOT NULL DEFAULT '[]', done_at INTEGER);
    CREATE TABLE tombstones (
        digest TEXT PRIMARY KEY, kind TEXT NOT NULL, mode TEXT NOT NULL, since INTEGER NOT NULL,
        erasure INTEGER NOT NULL);
    """
_COLUMNS = (
    "no, project, mode, reason, filed_by, filed_at, stage, stage_since, sealed, counts, places, done_at"
)


class Erasure(msgspec.Struct, frozen=True):
    """A person who is to be erased, or was. `stage` is how far it has come, since `stage_since` (µs UTC).

    `sealed` holds the ids, encrypted, until it is done; `counts` what was changed, `places` where an id still
    stands.
    """

    no: int
    project: str
    mode: str
    reason: str
    filed_by: str
    filed_at: int
    stage: str
    stage_since: int
    sealed: str | None
    counts: dict[str, int]
    places: list[str]
    done_at: int | None


class Erasures(Database):
    """The part of the registry that knows who was erased, without telling who that was."""

    def file_erasure(
        self, project: str, mode: str, reason: str, by: str, *, sealed: str, tombstones: Sequence[Stone]
    ) -> Erasure:
        """Ask for an erasure. From now on what lands and names one of the tombstoned ids is treated."""
        now = self._now()
        values = (project, mode, reason, by, now, FILED, now, sealed)
        with self._changing_rules():
            no = self._con.execute(_FILE, values).lastrowid or 0
            self._bury(no, mode, tombstones, now)
        return self.erasure(no)

    def bury(self, no: int, mode: str, tombstones: Sequence[Stone], sealed: str) -> None:
        """Further ids that turned out to be the person's."""
        with self._changing_rules():
            self._bury(no, mode, tombstones, self._now())
            self._con.execute("UPDATE erasures SET sealed = ? WHERE no = ?", (sealed, no))

    def move_erasure(self, no: int, stage: str, **told: Any) -> None:
        """The erasure has come to a stage; `counts` and `places` where they changed. Done forgets the ids."""
        fields: dict[str, Any] = {"stage": stage, "stage_since": self._now()}
        fields |= {name: json.dumps(value) for name, value in told.items()}
        if stage == DONE:
            fields |= {"sealed": None, "done_at": self._now()}
        sets = ", ".join(f"{name} = ?" for name in fields)
        with self._transaction():
            self._con.execute(f"UPDATE erasures SET {sets} WHERE no = ?", (*fields.values(), no))

    def erasure(self, no: int) -> Erasure:
        """One erasure. RegistryError where there is none."""
        found = self._erasures("WHERE no = ?", (no,))
        if not found:
            raise RegistryError(f"there is no erasure {no}; `sojourn person status` shows them")
        return found[0]

    def erasures(self) -> list[Erasure]:
        """All, the oldest first."""
        return self._erasures("ORDER BY no")

    def tombstones(self) -> dict[str, tuple[str, int]]:
        """(mode, erasure) by digest."""
        rows = self._all("SELECT digest, mode, erasure FROM tombstones")
        return {digest: (mode, erasure) for digest, mode, erasure in rows}

    def graves(self) -> Graves:
        """Everything that keeps the erased out, to be taken over by a registry from a backup."""
        return {table: self._all(f"SELECT * FROM {table}") for table in _GRAVES}

    def take_over(self, graves: Graves) -> int:
        """Take in what another registry of this data folder knows; returns how many tombstones are new."""
        known = self.tombstones()
        with self._changing_rules():
            for table, rows in ((table, rows) for table, rows in graves.items() if rows):
                marks = ", ".join("?" * len(rows[0]))
                self._con.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)
        return len(self.tombstones().keys() - known.keys())

    def kept_out(self) -> tuple[list[Buried], list[Suppressed]]:
        """All tombstones and suppressions."""
        stones = self._all("SELECT digest, kind, mode, since FROM tombstones ORDER BY digest")
        shut_out = self._all("SELECT project, digest, since FROM suppressions ORDER BY project, digest")
        return [Buried(*row) for row in stones], [Suppressed(*row) for row in shut_out]

    def keep_out(self, stones: Sequence[Buried], shut_out: Sequence[Suppressed]) -> None:
        """Whom another data folder keeps out."""
        with self._changing_rules():
            graves = [(one.digest, one.kind, one.mode, one.since) for one in stones]
            self._con.executemany(_BURY_TOO, graves)
            keys = [(one.project, one.digest, one.since) for one in shut_out]
            self._con.executemany(_SUPPRESS_TOO, keys)

    def buried_kinds(self) -> set[str]:
        """The kinds of ids that have tombstones."""
        return {kind for (kind,) in self._all("SELECT DISTINCT kind FROM tombstones")}

    def _bury(self, no: int, mode: str, tombstones: Sequence[Stone], now: int) -> None:
        rows = [(digest, kind, mode, now, no) for kind, digest in tombstones]
        self._con.executemany(_BURY, rows)

    def _erasures(self, tail: str, params: Sequence[Any] = ()) -> list[Erasure]:
        rows = self._all(f"SELECT {_COLUMNS} FROM erasures {tail}", params)
        return [_erasure(dict(zip(_COLUMNS.split(", "), row, strict=True))) for row in rows]


def _erasure(fields: dict[str, Any]) -> Erasure:
    told = {name: json.loads(fields[name]) for name in ("counts", "places")}
    return Erasure(**{**fields, **told})


_FILE = """
    INSERT INTO erasures (project, mode, reason, filed_by, filed_at, stage, stage_since, sealed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
# Once erased nobody comes back under a pseudonym.
_BURY = """
    INSERT INTO tombstones VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (digest) DO UPDATE SET mode = excluded.mode, erasure = excluded.erasure
    WHERE tombstones.mode <> 'erase'"""
# Of erasures elsewhere there is none here.
_BURY_TOO = """
    INSERT INTO tombstones VALUES (?, ?, ?, ?, 0)
    ON CONFLICT (digest) DO UPDATE SET mode = excluded.mode WHERE tombstones.mode <> 'erase'"""
_SUPPRESS_TOO = "INSERT OR IGNORE INTO suppressions VALUES (?, ?, ?)"
