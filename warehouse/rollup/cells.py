"""Cells of the roll-up, a device on a day each, that are counted again from their events."""

from __future__ import annotations

from typing import Final

from warehouse.lake import Lake
from warehouse.sieve import MOST_NAMED, named, sifted
from warehouse.statements import statement

_NO_COUNTS: Final = "CREATE OR REPLACE TEMP TABLE rollup_counts AS FROM lake.main.daily LIMIT 0"
_SUBJECTS: Final = """
    SELECT day, list(DISTINCT subject_key ORDER BY subject_key)
    FROM rollup_cells WHERE day IS NOT NULL GROUP BY day ORDER BY day"""
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
    lake.execute(statement("rollup/delete", days=", ".join(days)))
    reach = (
        f"s.ended_at >= {days[0]}::TIMESTAMPTZ AND s.started_at < {days[-1]}::TIMESTAMPTZ + INTERVAL 1 DAY"
    )
    among = f"{reach}\n    AND s.subject_key IN (SELECT subject_key FROM rollup_cells)"
    sieve = sifted(lake, "SELECT subject_key FROM rollup_cells", "s.subject_key")
    lake.execute(statement("rollup/foreign", visits="lake.main.sessions", among=f"{among}\n    AND {sieve}"))
    parts, crowded = _parts(lake)
    reached = f"e.load_seq <= {until}"
    if parts:
        lake.execute(f"CREATE OR REPLACE TEMP TABLE cell_events AS {_events('false')}")
        for part in parts:
            lake.execute(f"INSERT INTO cell_events {_events(f'{part} AND {reached}')}")
        _add_counts(lake, "cell_events", "true")
        lake.execute("DROP TABLE temp.cell_events")  # a device may have had millions
    if crowded:
        of_days = f"e.event_day IN ({', '.join(crowded)})\n    AND {statement('rollup/in_cells')}"
        _add_counts(lake, "lake.main.events", f"{of_days} AND {reached}")


def _events(among: str) -> str:
    return statement("rollup/cell_events", among=among)


def _add_counts(lake: Lake, events: str, among: str) -> None:
    lake.execute(f"INSERT INTO rollup_counts {statement('rollup/counts', events=events, among=among)}")


def _parts(lake: Lake) -> tuple[list[str], list[str]]:
    """Events of the cells as SQL: of each day by its own devices, by which all other rows of the day are left
    out; and the days where these are many, or where events of nobody are counted again.
    """
    parts, crowded = [], []
    for day, subjects in lake.query(_SUBJECTS):
        if len(subjects) <= MOST_NAMED and -1 not in subjects:
            parts.append(f"e.event_day = DATE '{day}' AND {named('e.subject_key', subjects)}")
        else:
            crowded.append(f"DATE '{day}'")
    return parts, crowded
