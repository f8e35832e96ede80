"""Models that were learned and kept: as numbers, with the question, and how good they were. None is ever
changed: learning again makes the next version.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import msgspec

from warehouse.registry.database import Database

SCRIPT = """
    CREATE TABLE models (
        project TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL,
        question TEXT NOT NULL, as_of TEXT NOT NULL, verdict TEXT NOT NULL, tested TEXT NOT NULL,
        model TEXT NOT NULL, trained_at INTEGER NOT NULL, trained_by TEXT NOT NULL,
        PRIMARY KEY (project, name, version))
    """
_COLUMNS = "project, name, version, kind, question, as_of, verdict, tested, model, trained_at, trained_by"
_PUT = f"""
    INSERT INTO models ({_COLUMNS})
    SELECT ?1, ?2, coalesce(max(version), 0) + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
    FROM models WHERE project = ?1 AND name = ?2
    RETURNING {_COLUMNS}"""
_ALL = f"SELECT {_COLUMNS} FROM models ORDER BY project, name, version"


class StoredModel(msgspec.Struct, frozen=True):
    """A kept model. `kind`: risk or intent; `question`, `tested` and `model` are JSON; `as_of` ISO 8601 UTC;
    `trained_at` µs UTC.
    """

    project: str
    name: str
    version: int
    kind: str
    question: str
    as_of: str
    verdict: str
    tested: str
    model: str
    trained_at: int
    trained_by: str


class Models(Database):
    """The part of the registry that keeps models."""

    def keep_model(
        self,
        project: str,
        name: str,
        by: str,
        *,
        kind: str,
        question: str,
        as_of: str,
        verdict: str,
        tested: str,
        model: str,
    ) -> StoredModel:
        """A model as the next version of its name."""
        values = (project, name, kind, question, as_of, verdict, tested, model, self._now(), by)
        with self._transaction():
            return StoredModel(*self._con.execute(_PUT, values).fetchone())

    def models(self) -> list[StoredModel]:
        """Every model, by project, name and version."""
        return [StoredModel(*row) for row in self._all(_ALL)]


def read_models(path: Path) -> list[StoredModel]:
    """The same, without a right to write: of a registry that may not be there, or know no models yet."""
    if not path.is_file():
        return []
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as con:
        if not con.execute("SELECT 1 FROM sqlite_schema WHERE name = 'models'").fetchone():
            return []
        return [StoredModel(*row) for row in con.execute(_ALL)]
