"""The names of events, for whoever asks about them."""

from __future__ import annotations

from warehouse.lake import Lake
from warehouse.statements import statement


def event_names(lake: Lake) -> list[str]:
    """Events of the last seven days with events, as questions name them, the most frequent first."""
    return [name for (name,) in lake.query(statement("insights/names"))]


def group_names(lake: Lake) -> list[str]:
    """Tags and saved cohorts as filters name them: `tag: NAME`, `cohort: NAME`."""
    return [name for (name,) in lake.query(statement("insights/groups"))]


def projects(lake: Lake) -> list[str]:
    """The projects that have customers."""
    return [name for (name,) in lake.query("SELECT DISTINCT project FROM customers ORDER BY ALL")]
