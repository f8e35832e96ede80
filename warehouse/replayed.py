"""Landing objects of a replay: how they are named, and how the lake takes them in.

Such an object holds events that were refused once, under the place (segment, record, index) they have always
had. Loading it takes the refused rows of those places out of `rejected` and writes the places into the ledger
`replays`, all in the load's transaction. A place that the ledger knows is not taken in again from elsewhere,
so the order in which objects are loaded changes nothing.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.lake import Lake
from warehouse.landing import object_key
from warehouse.segments import segment_id

_NAME = re.compile(r"-replay-\d+-\d{13}-\d{8}$")

Mask = npt.NDArray[np.bool_]


def replay_key(node: str, command: int, filed_at: int) -> str:
    """The key in landing of what a command moves, however often it is obeyed; `filed_at` in µs UTC."""
    return object_key(segment_id(f"{node}-replay-{command}", filed_at // 1000, 0), filed_at)


def is_replay(key: str) -> bool:
    """Whether an object's key, or its segment id, is that of a replay."""
    return bool(_NAME.search(PurePosixPath(key).name.removesuffix(".parquet")))


def in_order(key: str) -> tuple[bool, str]:
    """Sorts keys into the order of loading: replays follow what they replay."""
    return is_replay(key), key


def superseded(lake: Lake, rows: pa.Table, *, by_later: bool = False) -> Mask:
    """Which rows are no longer true because a replay took their place.

    `rows` have load_seq. `by_later`: also those that were true once and were moved by a later load.
    """
    asked = rows.select(["load_seq", "segment_id", "record", "index", "replayed_at"])
    sql = _SUPERSEDED.format(later="OR replays.load_seq > replayable.load_seq" if by_later else "")
    with lake.table("replayable", asked):
        gone = np.asarray(lake.execute(sql).fetchnumpy()["load_seq"], np.int64)
    return np.isin(np.asarray(rows.column("load_seq")), gone)


def take_over(lake: Lake, rows: pa.Table) -> None:
    """Take the refused rows of these places out, and enter the places into the ledger."""
    with lake.table("moved", rows):
        lake.execute(_DELETE)
    enter(lake, rows)


def enter(lake: Lake, rows: pa.Table) -> None:
    """Write the places of these rows into the ledger."""
    with lake.table("moved", rows):
        lake.execute(_ENTER)


_SUPERSEDED = """
    SELECT DISTINCT replayable.load_seq
    FROM replayable JOIN replays USING (segment_id, record, index)
    WHERE replays.load_seq <> replayable.load_seq AND (
        replays.verdict IN ('ok', 'warning')
        OR replays.replayed_at >= coalesce(replayable.replayed_at, TIMESTAMPTZ '-infinity')
        {later}
    )"""

_DELETE = """
    DELETE FROM rejected
    WHERE segment_id IN (SELECT segment_id FROM moved) AND rowid IN (
        SELECT rejected.rowid FROM rejected SEMI JOIN moved USING (segment_id, record, index)
    )"""

_ENTER = """
    INSERT INTO replays BY NAME
    SELECT
        load_seq, segment_id, record, index, verdict, key_no, received_at, replayed_at,
        coalesce(uncounted, false) AS uncounted
    FROM moved"""
