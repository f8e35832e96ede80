"""What marketing cost, by day and campaign, as it was imported."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from warehouse.registry.database import Database

SCRIPT = """
    CREATE TABLE costs (
        project TEXT NOT NULL, day TEXT NOT NULL, channel TEXT NOT NULL, source TEXT NOT NULL,
        medium TEXT NOT NULL, campaign TEXT NOT NULL, currency TEXT NOT NULL, cost REAL NOT NULL,
        imported_at INTEGER NOT NULL, imported_by TEXT NOT NULL,
        PRIMARY KEY (project, day, channel, source, medium, campaign, currency))
    """
_PUT = """
    INSERT OR REPLACE INTO costs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_IN = """
    SELECT day, channel, source, medium, campaign, currency, cost FROM costs
    WHERE project = ? AND day BETWEEN ? AND ? ORDER BY 1, 2, 3, 4, 5, 6"""


class Cost(msgspec.Struct, frozen=True):
    """What was spent on a day (YYYY-MM-DD) on what these name; empty where the source did not say."""

    day: str
    channel: str
    source: str
    medium: str
    campaign: str
    currency: str
    cost: float


class Costs(Database):
    """The part of the registry that keeps what marketing cost."""

    def put_costs(self, project: str, costs: Sequence[Cost], by: str) -> int:
        """Enter costs; one of the same day, names and currency takes the place of the earlier. How many are
        new.
        """
        known = "SELECT count(*) FROM costs WHERE project = ?"
        with self._transaction():
            before: int = self._con.execute(known, (project,)).fetchone()[0]
            rows = [(project, *msgspec.structs.astuple(one), self._now(), by) for one in costs]
            self._con.executemany(_PUT, rows)
            after: int = self._con.execute(known, (project,)).fetchone()[0]
        return after - before

    def costs(self, project: str, since: str, until: str) -> list[Cost]:
        """The costs of the days (YYYY-MM-DD) from `since` to `until`, both counted."""
        return [Cost(*row) for row in self._all(_IN, (project, since, until))]


def read_costs(path: Path, project: str, since: str, until: str) -> list[Cost]:
    """The same, without a right to write: of a registry that may not be there, or know no costs yet."""
    if not path.is_file():
        return []
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as con:
        if not con.execute("SELECT 1 FROM sqlite_schema WHERE name = 'costs'").fetchone():
            return []
        return [Cost(*row) for row in con.execute(_IN, (project, since, until))]
