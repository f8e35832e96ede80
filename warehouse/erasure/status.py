"""How far an erasure has come, as it is told to people."""

from __future__ import annotations

import msgspec

from warehouse.registry import Erasure
from warehouse.times import iso

NOT_REACHED = "backups, object versions and snapshots of disks that were taken before are not reached"
_STAGES = {
    "filed": "waits for the writer; nothing of the person comes in any more",
    "looking": "everything that is kept is searched",
    "landing": "landing objects are written anew",
    "lake": "rows leave the lake's tables",
    "files": "the lake's files are written anew",
    "clearing": "waits for running queries, then old snapshots, files and free pages go",
    "done": "a search of every byte found nothing",
}


class Status(msgspec.Struct, frozen=True):
    """One erasure. `places` are where the last search found the person; times are ISO 8601, UTC."""

    no: int
    project: str
    mode: str
    reason: str
    filed_by: str
    filed_at: str
    stage: str
    meaning: str
    stage_since: str
    done_at: str | None
    counts: dict[str, int]
    places: list[str]
    not_reached: str = NOT_REACHED


def status_of(one: Erasure) -> Status:
    """What may be told of an erasure: never who it is."""
    done_at = None if one.done_at is None else iso(one.done_at)
    return Status(
        one.no, one.project, one.mode, one.reason, one.filed_by, iso(one.filed_at), one.stage,
        _STAGES[one.stage], iso(one.stage_since), done_at, one.counts, one.places,
    )  # fmt: skip
