"""Where one event is and what became of it, from the journal to its customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
import pyarrow.compute as pc

from sdk_contract.dialects.known import BY_NAME
from sdk_contract.errors import Refused
from warehouse.arrivals import is_object, not_loaded
from warehouse.customers import find_customer
from warehouse.lake import Lake
from warehouse.landing import Store
from warehouse.live import live_segments
from warehouse.parquet import read_rows
from warehouse.segments import Record
from warehouse.settings import Folders
from warehouse.times import iso, iso_time

T = TypeVar("T")


class Explanation(msgspec.Struct, frozen=True):
    """One arrival of an event. `stage`: lake, landing or journal; `table` is that of its row in the lake.

    `replayed_by` is the landing object of the replay that moved it out of `rejected`.
    """

    message_id: str
    stage: str
    verdict: str
    reason: str | None
    pointer: str | None
    received_at: str
    segment: str
    object: str | None
    record: int
    index: int
    table: str | None = None
    load_seq: int | None = None
    session: str | None = None
    customer: str | None = None
    replayed_at: str | None = None
    replayed_by: str | None = None


def explain(lake: Lake | None, store: Store, folders: Folders, message_id: str) -> list[Explanation]:
    """Every arrival of this message id, the stored one first; empty where nothing is known of it."""
    return furthest(
        lambda: list(_in_lake(lake, message_id)) if lake else [],
        lambda: list(_in_landing(lake, store, message_id)),
        lambda: list(_in_journal(folders, message_id)),
    )


def furthest(lake: Callable[[], T], landing: Callable[[], T], journal: Callable[[], T]) -> T:
    """What the furthest place says of an event that has one; what is false says nothing.

    Read in the direction in which events go, so that none is missed that moves on meanwhile.
    """
    if found := lake():
        return found
    left = journal()
    return landing() or left or lake()


def _in_lake(lake: Lake, message_id: str) -> Iterator[Explanation]:
    with lake.transaction():
        rows = lake.query(_ROWS, [message_id] * 3)
        for table, load_seq, verdict, reason, pointer, received, segment, record, index, key, *moved in rows:
            stored = table == "events"
            session = _session(lake, load_seq) if stored else None
            yield Explanation(
                message_id, "lake", verdict, reason, pointer, iso(received), segment, key, record, index,
                table, load_seq, session, find_customer(lake, session or message_id) if stored else None,
                None if moved[0] is None else iso(moved[0]), moved[1],
            )  # fmt: skip


def _session(lake: Lake, load_seq: int) -> str | None:
    rows = lake.query(_SESSION, [load_seq])
    return str(rows[0][0]) if rows else None


def _in_landing(lake: Lake | None, store: Store, message_id: str) -> Iterator[Explanation]:
    """Objects that are not loaded yet are read."""
    for key, rows in waiting_rows(lake, store, message_id, _LANDED):
        for row in rows:
            received = iso_time(row.pop("received_at"))
            yield Explanation(stage="landing", object=key, received_at=received, **_renamed(row))


def waiting_rows(
    lake: Lake | None, store: Store, message_id: str, columns: list[str]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(key, rows of this message id) of each object that the lake does not hold yet."""
    keys = [info.key for info in store.list() if is_object(info.key)]
    for key in sorted(not_loaded(lake, keys) if lake else keys):
        table = read_rows(store.get(key), columns)
        yield key, table.filter(pc.equal(table.column("message_id"), message_id)).to_pylist()


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    return {"segment" if name == "segment_id" else name: value for name, value in row.items()}


def _in_journal(folders: Folders, message_id: str) -> Iterator[Explanation]:
    for segment_id, number, record, index in journaled(folders, message_id):
        yield _arrival(segment_id, number, record, index, message_id)


def journaled(folders: Folders, message_id: str) -> Iterator[tuple[str, int, Record, int]]:
    """(segment, number of the record, record, index of the event within it) of each place in the journal.

    Only records whose bytes name the id are parsed: an id that the collector gave names its request.
    """
    batch_id, _, index = message_id.rpartition("-")
    for live in live_segments(folders.journal):
        for number, record in enumerate(live.records()):
            if record.head.batch_id == batch_id and index.isdecimal():
                yield live.segment_id, number, record, int(index)
            elif message_id in record.body.decode(errors="replace"):
                for at in _positions(record, message_id):
                    yield live.segment_id, number, record, at


def _positions(record: Record, message_id: str) -> Iterator[int]:
    try:
        events = BY_NAME[record.head.dialect].parse(record.head.kind, record.body).events
    except (KeyError, Refused):
        return
    for index, raw in enumerate(events):
        try:
            event = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(event, dict) and str(event.get("messageId")) == message_id:
            yield index


def _arrival(segment_id: str, number: int, record: Record, index: int, message_id: str) -> Explanation:
    judged = next((one for one in record.head.judgements if one.index == index), None)
    return Explanation(
        message_id=message_id,
        stage="journal",
        verdict=str(judged.verdict) if judged else "ok",
        reason=str(judged.reason) if judged and judged.reason else None,
        pointer=judged.pointer if judged else None,
        received_at=iso(record.head.received_at),
        segment=segment_id,
        object=None,
        record=number,
        index=index,
    )


_LANDED = [
    "message_id", "verdict", "reason", "pointer", "received_at", "segment_id", "record", "index",
]  # fmt: skip

# Materialised: DuckDB 1.5.5 dies of what it makes of the joins otherwise, over tens of millions of events.
_ROWS = """
    WITH arrivals AS MATERIALIZED (
        SELECT 'events' AS "table", load_seq, verdict, reason, pointer, received_at, segment_id, record, index
        FROM events WHERE message_id = ?
        UNION ALL
        SELECT 'duplicates', load_seq, 'duplicate', 'duplicate', NULL, received_at, segment_id, record, index
        FROM duplicates WHERE message_id = ?
        UNION ALL
        SELECT 'rejected', load_seq, verdict, reason, pointer, received_at, segment_id, record, index
        FROM rejected WHERE message_id = ?
    )
    SELECT
        "table", load_seq, arrivals.verdict, reason, pointer, epoch_us(arrivals.received_at),
        arrivals.segment_id, arrivals.record, arrivals.index, objects.key, epoch_us(replays.replayed_at),
        movers.key
    FROM arrivals
    LEFT JOIN objects USING (segment_id)
    LEFT JOIN replays USING (load_seq)
    LEFT JOIN objects AS movers
        ON replays.load_seq BETWEEN movers.first_load_seq AND movers.last_load_seq
    ORDER BY "table" = 'events' DESC, load_seq"""

_SESSION = """
    SELECT session_id FROM sessions JOIN events USING (project, subject_key)
    WHERE load_seq = ? AND (events.timestamp, message_id)
        BETWEEN (started_at, first_message_id) AND (ended_at, last_message_id)"""
