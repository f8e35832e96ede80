"""Events move into the roll-up: those of a run as they are stitched, those of before in portions."""

from __future__ import annotations

from typing import Final

import msgspec

from warehouse.lake import Lake
from warehouse.rollup.cells import count_cells, days_of_cells
from warehouse.statements import statement

PORTION: Final = 500_000
_CURSOR: Final = "SELECT load_seq FROM lake.main.cursors WHERE name = 'rollup'"
_STITCHED: Final = "SELECT load_seq FROM lake.main.cursors WHERE name = 'stitch'"


class Filled(msgspec.Struct, frozen=True):
    """How far the roll-up has come, and what of the stitched events is not in it yet, as load_seq."""

    until: int
    behind: int


def rolled_until(lake: Lake) -> int | None:
    """The load_seq up to which the roll-up holds every event; None where it has to be filled anew."""
    rows = lake.query(_CURSOR)
    return int(rows[0][0]) if rows else None


def add(lake: Lake, after: int, until: int) -> None:
    """Count the events of a run, load_seq in (after, until], and the cells of the temp table `rollup_cells`
    anew; inside the run's transaction.

    The temp table `foreign_visits` has the visits of the run that are somebody else's.
    """
    days = days_of_cells(lake)
    among = f"e.load_seq > {after} AND e.load_seq <= {until}"
    _count(lake, f"{among}\n    AND NOT {statement('rollup/in_cells')}" if days else among)
    if days:
        count_cells(lake, until, days)
    lake.execute(statement("rollup/insert"))


def fill(lake: Lake, moment: int, portion: int = PORTION) -> Filled:
    """Count at most `portion` load_seq of what is stitched and not in the roll-up yet, in one transaction.

    `moment`: µs UTC, when it is done.
    """
    with lake.transaction():
        after, end = rolled_until(lake), _stitched(lake)
        if after is None:
            lake.execute("DELETE FROM lake.main.daily")
            after = 0
        until = min(end, after + portion)
        if until > after:
            _portion(lake, after, until)
        forget(lake)
        lake.execute(
            "INSERT INTO lake.main.cursors VALUES ('rollup', ?, NULL, make_timestamptz(?))", [until, moment]
        )
    return Filled(until, end - until)


def forget(lake: Lake) -> None:
    """Nobody trusts the roll-up any more: it will be filled anew. Questions read events meanwhile."""
    lake.execute("DELETE FROM lake.main.cursors WHERE name = 'rollup'")


def _portion(lake: Lake, after: int, until: int) -> None:
    begin, end = lake.query(statement("rollup/reach", after=after, until=until))[0]
    if begin is None:
        return
    reach = f"s.ended_at >= make_timestamptz({begin}) AND s.started_at <= make_timestamptz({end})"
    among = f"{reach}\n    AND s.identity_key <> s.subject_key"
    lake.execute(statement("rollup/foreign", visits="lake.main.sessions", among=among))
    _count(lake, f"e.load_seq > {after} AND e.load_seq <= {until}")
    lake.execute(statement("rollup/insert"))


def _count(lake: Lake, among: str) -> None:
    counts = statement("rollup/counts", events="lake.main.events", among=among)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE rollup_counts AS {counts}")


def _stitched(lake: Lake) -> int:
    rows = lake.query(_STITCHED)
    return int(rows[0][0]) if rows else 0
