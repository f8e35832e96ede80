"""The questions that the report asks of the lake: one statement each, in sql/quality/."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
from msgspec import Struct

from warehouse.lake import Lake
from warehouse.quality.answer import Kind

HISTORY_DAYS = 43
SHAPE_DAYS = 14
HOUR_DAYS = 15
SAMPLE = 400
MOST_KINDS = 300


class Bounds(Struct, frozen=True):
    """What is asked about: the days from `since` to `until`, everything before the hour `end` on the last.

    `project` and `event` are None for all; an event is a track's name, or a type.
    """

    since: date
    until: date
    end: datetime
    project: str | None = None
    event: str | None = None

    @property
    def hour(self) -> int:
        """The hour of the day (UTC) at which the last day is cut, 24 where it is whole."""
        return self.end.hour or 24


def bounds(complete: datetime, days: int, project: str | None, event: str | None) -> Bounds:
    """The last `days` days that have at least one whole hour before `complete`."""
    end = complete.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last = (end - timedelta(hours=1)).date()
    return Bounds(last - timedelta(days - 1), last, end, project, event)


def complete_until(lake: Lake) -> datetime | None:
    """Until when everything received is in, by the load cursor's own row; None where it does not say."""
    rows = lake.query("SELECT complete_until FROM cursors WHERE name = 'load'")
    found: datetime | None = rows[0][0] if rows else None
    return found


def ask(lake: Lake, name: str, asked: Bounds, back: int) -> list[tuple[Any, ...]]:
    """The rows of sql/quality/<name>.sql, read from `back` days before the first day on."""
    values = {
        "first": asked.since - timedelta(back),
        "last": asked.until,
        "since": asked.since,
        "until": asked.end,
        "hour": asked.hour,
        "project": asked.project,
        "event": asked.event,
        "sample": SAMPLE,
    }
    sql, used = _statement(name)
    return lake.con.execute(sql, {name: values[name] for name in used}).fetchall()


def kinds(rows: list[tuple[Any, ...]]) -> dict[Kind, list[tuple[Any, ...]]]:
    """Rows that begin with project, type and event, by these; the rest of each row."""
    found: dict[Kind, list[tuple[Any, ...]]] = {}
    for project, type, event, *rest in rows:
        found.setdefault(Kind(project, type, event), []).append(tuple(rest))
    return found


def contradictory_attributes(lake: Lake, project: str | None) -> list[tuple[Any, ...]]:
    """project, attribute, customers who have it, and for how many of them it is contradictory."""
    sql, _ = _statement("contradictions")
    return lake.con.execute(sql, {"project": project}).fetchall()


@cache
def _statement(name: str) -> tuple[str, frozenset[str]]:
    sql = (files("warehouse") / "sql" / "quality" / f"{name}.sql").read_text("utf-8")
    return sql, frozenset(duckdb.extract_statements(sql)[0].named_parameters)
