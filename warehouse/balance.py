"""The books: received = stored + duplicate + rejected + filtered + damaged + pending, per write key and hour,
while all run.

Every term is counted by reading what is there. The order of the reads makes it exact while segments move on:
the lake first, then landing, then the journal and what imports put, then the registry, then landing again.
Nothing moves backwards, so what a read missed because it had not arrived yet is counted at the place it came
from.

What a replay moves counts as refused until its landing object is loaded, so such an object is never pending.
A body that could not be read counted as one event; the others that it turned out to hold are received with
the load that stores them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec
import pyarrow as pa

from warehouse.arrivals import is_object
from warehouse.checksums import is_whole
from warehouse.lake import Lake
from warehouse.landing import Store, hour_prefix, segment_of
from warehouse.live import live_segments
from warehouse.parquet import read_rows
from warehouse.registry import Registry
from warehouse.replayed import is_replay
from warehouse.segments import HOUR_US, split_segment_id

LOADED = ("stored", "duplicate", "rejected", "filtered", "damaged")

Cell = tuple[int, int]
Cells = Counter[Cell]
Place = tuple[str, int, int]


class Books(msgspec.Struct, frozen=True):
    """Events; `difference` must be 0."""

    received: int
    stored: int
    duplicate: int
    rejected: int
    filtered: int
    damaged: int
    pending: int
    difference: int


class HourBooks(msgspec.Struct, frozen=True):
    """The books of a write key in a received hour (hours since 1970); key 0: damage whose key is lost."""

    key_no: int
    hour: int
    books: Books


class Balance(msgspec.Struct, frozen=True):
    """`unreadable` names landing objects that could not be counted.

    `strangers`: workers with objects in landing that neither the journal nor the registry here knows.
    """

    total: Books
    hours: list[HourBooks]
    unreadable: list[str]
    strangers: list[str] = []

    @property
    def open(self) -> list[HourBooks]:
        """The keys and hours that do not close; two of them may make up for each other in the total."""
        return [entry for entry in self.hours if entry.books.difference]


def balance(
    lake: Lake | None, store: Store, registry: Registry, journal: Path, since: int | None = None
) -> Balance:
    """Count everything, or what was received from an hour on (`since`: hours since 1970).

    `lake` is None before the writer has made one. Raises duckdb.Error when a file is damaged.
    """
    stored, uncounted, loaded, moved = _loaded(lake, since)
    landed = {key for key in _keys(store, since) if segment_of(key) not in loaded}
    live = _live(journal) | _intended(registry)
    received, trimmed = registry.received_and_trimmed()
    landed |= {
        key
        for key in _keys(store, since)
        if segment_of(key) not in loaded and is_trimmed(segment_of(key), trimmed)
    }
    pending, unreadable = _count_objects(store, landed, moved)
    counted = loaded | {segment_of(key) for key in landed}
    books: dict[str, Cells] = {"received": received_cells(received) + uncounted, **stored, "pending": pending}
    for segment_id, cells in live.items():
        if not is_trimmed(segment_id, trimmed):
            books["received"].update(cells)
            if segment_id not in counted:
                books["pending"].update(cells)
    known = {split_segment_id(segment_id)[0] for segment_id in live} | trimmed.keys()
    strangers = {split_segment_id(one)[0] for one in counted if not is_replay(one)} - known
    return _balance(books, unreadable, sorted(strangers), since)


def is_trimmed(segment_id: str, trimmed: Mapping[str, str]) -> bool:
    """Whether the registry has counted this segment."""
    return segment_id <= trimmed.get(split_segment_id(segment_id)[0], "")


def received_cells(received: Iterable[tuple[int, int, int]]) -> Cells:
    """The registry's counts by key and hour."""
    return Counter({(key_no, hour): events for key_no, hour, events in received})


def _loaded(lake: Lake | None, since: int | None) -> tuple[dict[str, Cells], Cells, set[str], set[Place]]:
    """What one snapshot of the lake holds.

    Rows of each fate, read from their columns; events that were not counted at the door; the segments they
    came in; and which places a replay has taken from segments that are not in.
    """
    cells: dict[str, Cells] = {fate: Counter() for fate in (*LOADED, "uncounted")}
    if lake is None:
        return cells, cells.pop("uncounted"), set(), set()
    with lake.transaction():
        for fate, key_no, hour, events in lake.query(_rows(since)):
            cells[fate][key_no, hour] += events
        first = "" if since is None else _prefix(since - 1)
        found = lake.query("SELECT segment_id FROM objects WHERE key >= ?", [first])
        loaded = {segment_id for (segment_id,) in found}
        moved = {(segment_id, record, index) for segment_id, record, index in lake.query(_MOVED)}
    return cells, cells.pop("uncounted"), loaded, moved


def _keys(store: Store, since: int | None) -> list[str]:
    """Objects that may hold what came since then: a segment may go on into the hour after its first."""
    behind = "" if since is None else _prefix(since - 1)
    keys = (info.key for info in store.list("", behind))
    return [key for key in keys if is_object(key) and not is_replay(key)]


def _prefix(hour: int) -> str:
    return hour_prefix(hour * HOUR_US)


def _live(journal: Path) -> dict[str, Cells]:
    """Segment -> what is complete in its file. One that vanishes meanwhile is in the registry."""
    counted = {live.segment_id: live.count() for live in live_segments(journal)}
    return {
        segment_id: Counter({(tally.key_no, tally.hour): tally.events for tally in count.tally})
        for segment_id, count in counted.items()
        if count is not None
    }


def _intended(registry: Registry) -> dict[str, Cells]:
    """Segment -> what an import is about to put, or has put and not tallied: received like what a journal
    holds.
    """
    return {one.segment_id: Counter({(one.key_no, one.hour): one.events}) for one in registry.intents()}


def _count_objects(store: Store, keys: Iterable[str], moved: Collection[Place]) -> tuple[Cells, list[str]]:
    cells: Cells = Counter()
    unreadable = []
    for key in sorted(keys):
        try:
            cells.update(_rows_of(store.get(key), moved))
        except (pa.ArrowException, OSError) as error:
            unreadable.append(f"landing object {key} cannot be read: {str(error).splitlines()[0]}")
    return cells, unreadable


def _rows_of(data: bytes, moved: Collection[Place]) -> Cells:
    if not is_whole(data):
        raise pa.ArrowInvalid("its checksum does not hold")
    places = ["segment_id", "record", "index"] if moved else []
    table = read_rows(data, ["key_no", "received_at", *places])
    if moved:
        rows = zip(*(table.column(name).to_pylist() for name in places), strict=True)
        table = table.filter(pa.array([row not in moved for row in rows]))
    keys = table.column("key_no").to_pylist()
    hours = [moment // HOUR_US for moment in table.column("received_at").cast(pa.int64()).to_pylist()]
    return Counter((key_no or 0, hour) for key_no, hour in zip(keys, hours, strict=True))


def _balance(
    books: dict[str, Cells], unreadable: list[str], strangers: list[str], since: int | None
) -> Balance:
    if since is not None:
        books = {
            name: Counter({cell: events for cell, events in cells.items() if cell[1] >= since})
            for name, cells in books.items()
        }
    cells = sorted(set().union(*books.values()))
    hours = [
        HourBooks(key_no, hour, _books({name: counts[key_no, hour] for name, counts in books.items()}))
        for key_no, hour in cells
    ]
    return Balance(
        _books({name: counts.total() for name, counts in books.items()}), hours, unreadable, strangers
    )


def _books(counts: Mapping[str, int]) -> Books:
    accounted = sum(events for name, events in counts.items() if name != "received")
    return Books(**counts, difference=counts["received"] - accounted)


_CELL = f"coalesce(key_no, 0) AS key_no, epoch_us(received_at) // {HOUR_US} AS hour"


# Grouping reads the columns of every row: a bare count(*) would be answered from the catalog's own numbers.
def _rows(since: int | None) -> str:
    where = "" if since is None else f"received_at >= make_timestamptz({since * HOUR_US})"
    only, beside = (f"WHERE {where}", f"AND {where}") if where else ("", "")
    return f"""
    SELECT 'stored' AS fate, {_CELL}, count(*) FROM events {only} GROUP BY ALL
    UNION ALL
    SELECT 'duplicate', {_CELL}, count(*) FROM duplicates {only} GROUP BY ALL
    UNION ALL
    SELECT verdict, {_CELL}, count(*) FROM rejected {only} GROUP BY ALL
    UNION ALL
    SELECT 'uncounted', {_CELL}, count(DISTINCT (segment_id, record, index))
    FROM replays WHERE uncounted {beside} GROUP BY ALL"""


_MOVED = """
    SELECT segment_id, record, index FROM replays
    WHERE NOT uncounted AND segment_id NOT IN (SELECT segment_id FROM objects)"""
