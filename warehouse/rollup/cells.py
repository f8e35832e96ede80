"""Cells of the roll-up, a device on a day each, that are counted again from their events."""

from __future__ import annotations

from typing import Final

from warehouse.lake import Lake
from warehouse.statements import statement

_NO_COUNTS: Final = "CREATE OR REPLACE TEMP TABLE rollup_counts AS FROM lake.main.daily LIMIT 0"
_DAYS: Final = "SELECT DISTINCT day FROM rollup_cells WHERE day IS NOT NULL ORDER BY day"


def recount(lake: Lake, until: int) -> None:
    """Count the cells of the temp table `rollup_cells` again, from the events up to a load_seq; inside a
    transaction. Its columns: subject_key, -1 for events of nobody, and day.
    """
    days = days_of_cells(lake)
    if days:
        lake.execute(_NO_COUNTS)
        count_cells(lake, until, days)
        lake.execute(statement("rollup/insert"))


def days_of_cells(lake: Lake) -> list[str]:
    """The days of the temp table `rollup_cells`, as SQL; none where it is empty."""
    return [f"DATE '{day}'" for (day,) in lake.query(_DAYS)]


def count_cells(lake: Lake, until: int, days: list[str]) -> None:
    """Take the cells out of the roll-up, and add what they hold now to the temp table `rollup_counts`."""
    listed = ", ".join(days)
    lake.execute(statement("rollup/delete", days=listed))
    reach = (
        f"s.ended_at >= {days[0]}::TIMESTAMPTZ AND s.started_at < {days[-1]}::TIMESTAMPTZ + INTERVAL 1 DAY"
    )
    known = "s.subject_key IN (SELECT subject_key FROM rollup_cells)"
    lake.execute(statement("rollup/foreign", visits="lake.main.sessions", among=f"{reach}\n    AND {known}"))
    among = f"e.event_day IN ({listed}) AND e.load_seq <= {until}\n    AND {statement('rollup/in_cells')}"
    lake.execute(f"INSERT INTO rollup_counts {statement('rollup/counts', among=among)}")
