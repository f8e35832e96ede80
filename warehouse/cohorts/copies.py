"""Saved cohorts copied to the registry, and back into a lake that was made anew."""

from __future__ import annotations

import msgspec
import pyarrow as pa

from warehouse.lake import Lake
from warehouse.registry import Registry

_ROW = """
    SELECT kind, description, insight, question::VARCHAR, epoch_us(saved_at), saved_by
    FROM cohorts WHERE project = ? AND cohort = ?"""
_STAYS = """
    SELECT identity_key, epoch_us(entered_at), epoch_us(left_at)
    FROM cohort_members WHERE project = ? AND cohort = ? ORDER BY ALL"""


class Copy(msgspec.Struct, frozen=True, array_like=True):
    """A row of cohorts without its names, and those of cohort_members: key, from, to (µs UTC). A key is 0
    where its person was erased.
    """

    kind: str
    description: str | None
    insight: str | None
    question: str | None
    saved_at: int
    saved_by: str
    stays: list[tuple[int, int, int | None]]


def keep(lake: Lake, registry: Registry, project: str, cohort: str) -> None:
    """Copy a cohort as the lake has it."""
    (row,) = lake.query(_ROW, [project, cohort])
    copy = msgspec.convert([*row, lake.query(_STAYS, [project, cohort])], Copy)
    registry.keep_cohort(project, cohort, msgspec.json.encode(copy).decode())


def restore(lake: Lake, registry: Registry) -> int:
    """Put back the cohorts that the lake lacks; returns how many."""
    kept = registry.cohort_names()
    lost = kept - set(lake.query("SELECT project, cohort FROM cohorts")) if kept else set()
    for project, cohort in sorted(lost):
        copy = msgspec.json.decode(registry.cohort_copy(project, cohort), type=Copy)
        with lake.transaction():
            _put(lake, project, cohort, copy)
    return len(lost)


def _put(lake: Lake, project: str, cohort: str, copy: Copy) -> None:
    lake.execute(
        "INSERT INTO cohorts VALUES (?, ?, ?, ?, ?, ?, make_timestamptz(?), ?)",
        [project, cohort, *msgspec.structs.astuple(copy)[:-1]],
    )
    stays = [one for one in copy.stays if one[0]]
    columns = zip(*stays, strict=True) if stays else ((), (), ())
    moment = pa.timestamp("us", tz="UTC")
    key, entered, left = (
        pa.array(column, kind) for column, kind in zip(columns, (pa.int64(), moment, moment), strict=True)
    )
    with lake.table("cohort_stays", pa.table({"key": key, "entered": entered, "left": left})):
        lake.execute("INSERT INTO cohort_members SELECT ?, ?, * FROM cohort_stays", [project, cohort])
