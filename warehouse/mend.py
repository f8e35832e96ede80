"""Putting back what damaged files held: events from landing under their old load_seq, the rest by computing
it anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse import rollup
from warehouse.dedup import WINDOW_US, hashes
from warehouse.errors import LakeError, ObjectDamaged, ObjectMissing
from warehouse.lake import Lake
from warehouse.landed import (
    FATES,
    Landed,
    candidates_sql,
    read_object,
    refused_fates,
    together,
    with_fates,
)
from warehouse.landing import Store
from warehouse.load import write_rows
from warehouse.registry import Registry
from warehouse.replayed import enter, is_replay, superseded
from warehouse.verify import Loss

LOADED = ("events", "rejected", "duplicates")
LEDGER = "replays"
_CHUNK = 100_000

Copies = dict[tuple[int, int], list[tuple[int, int, int]]]


class Mended(msgspec.Struct, frozen=True):
    """What was put back: rows of events, rejected and duplicates; `rebuild`: sessions and customers must be
    computed anew.
    """

    files: int = 0
    rows: int = 0
    rebuild: bool = False


def mend(lake: Lake, store: Store, registry: Registry, losses: Sequence[Loss]) -> Mended:
    """Put back what was lost, in one transaction. LakeError when landing no longer has what is needed."""
    if not losses:
        return Mended()
    with lake.transaction():
        # First the ledger: it says which rows are gone from the other tables for good.
        for chunk in _objects(lake, _spans(losses, (LEDGER,))):
            _put_back_places(lake, store, [entry for entry in chunk if is_replay(entry[0])])
        rows = sum(_put_back(lake, store, chunk) for chunk in _objects(lake, _spans(losses, LOADED)))
        if any(loss.table in ("events", "daily") for loss in losses):
            rollup.forget(lake)
        cursor_lost = any(loss.table == "cursors" for loss in losses) and _mend_cursors(lake)
    derived = {loss.table for loss in losses} - {*LOADED, LEDGER, "cursors", "daily"}
    if derived or cursor_lost:
        reason = f"damaged: {', '.join(sorted(derived)) or 'cursors'}"
        registry.file_command("rebuild", {"from": "lake", "reason": reason}, by="verify")
    return Mended(len(losses), rows, bool(derived) or cursor_lost)


def _spans(losses: Iterable[Loss], tables: Sequence[str]) -> list[tuple[int, int]]:
    return [(loss.first or 0, loss.last or 0) for loss in losses if loss.table in tables]


def _objects(lake: Lake, spans: Iterable[tuple[int, int]]) -> Iterator[list[tuple[str, int, int]]]:
    """(key, first, last load_seq) of the objects that have rows in the spans, in chunks, in load order."""
    found: set[tuple[str, int, int]] = set()
    sql = """
        SELECT key, first_load_seq, last_load_seq FROM objects
        WHERE first_load_seq <= ? AND last_load_seq >= ?"""
    for first, last in spans:
        found.update((key, start, end) for key, start, end in lake.query(sql, [last, first]))
    chunk: list[tuple[str, int, int]] = []
    for entry in sorted(found, key=lambda entry: entry[1]):
        chunk.append(entry)
        if entry[2] - chunk[0][1] >= _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _put_back_places(lake: Lake, store: Store, entries: Sequence[tuple[str, int, int]]) -> None:
    """Object after object, as they were loaded: which of two replays moved a place depends on that."""
    for entry in entries:
        rows = _missing(lake, together([_read(store, *entry)]), (LEDGER,))
        enter(lake, rows.filter(pa.array(~superseded(lake, rows))))


def _put_back(lake: Lake, store: Store, entries: Sequence[tuple[str, int, int]]) -> int:
    rows = together([_read(store, *entry) for entry in entries])
    rows = _missing(lake, rows, LOADED)
    rows = rows.filter(pa.array(~superseded(lake, rows, by_later=True)))
    if rows.num_rows:
        numbers, same = _judge(lake, rows)
        write_rows(lake, with_fates(rows, numbers, same), numbers)
    return int(rows.num_rows)


def _read(store: Store, key: str, first: int, last: int) -> Landed:
    try:
        landed = Landed(key, first, read_object(store, key))
    except (ObjectMissing, ObjectDamaged) as error:
        raise LakeError(f"the lake needs {key} to be mended: {error}") from error
    if landed.last != last:
        raise LakeError(f"{key} has {landed.rows.num_rows} rows, but {last - first + 1} of it were loaded")
    return landed


def _missing(lake: Lake, rows: pa.Table, tables: Sequence[str]) -> pa.Table:
    """Those rows whose load_seq is in none of these tables."""
    first, last = (int(value) for value in np.asarray(rows.column("load_seq"))[[0, -1]])
    there = " UNION ALL ".join(
        f"SELECT load_seq FROM {table} WHERE load_seq BETWEEN {first} AND {last}" for table in tables
    )
    present = np.asarray(lake.execute(there).fetchnumpy()["load_seq"])
    return rows.filter(pa.array(~np.isin(np.asarray(rows.column("load_seq")), present)))


def _judge(lake: Lake, rows: pa.Table) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """The fate of rows that may lie between rows that are in the lake: copies of a lower load_seq count."""
    numbers = refused_fates(rows)
    same = np.zeros(len(numbers), bool)
    with lake.table("landed", rows.append_column("fate", pa.array(numbers))):
        source = f"({candidates_sql('landed')})"
        found = lake.query(f"{hashes(source)} ORDER BY load_seq")
        copies = _copies(lake)
    position = {seq: at for at, seq in enumerate(rows.column("load_seq").to_pylist())}
    for load_seq, h1, h2, body, received in found:
        earlier = copies[h1, h2]
        near = [copy for copy in earlier if copy[0] < load_seq and abs(copy[1] - received) <= WINDOW_US]
        if near:
            numbers[position[load_seq]] = FATES.index("duplicate")
            same[position[load_seq]] = any(copy[2] == body for copy in near)
        else:
            earlier.append((load_seq, received, body))
    return numbers, same


def _copies(lake: Lake) -> Copies:
    """Id -> (load_seq, received, body) of the stored events that share an id with a row of `landed`."""
    source = "(FROM events SEMI JOIN landed USING (project, message_id))"
    copies: Copies = defaultdict(list)
    for load_seq, h1, h2, body, received in lake.query(hashes(source)):
        copies[h1, h2].append((load_seq, received, body))
    return copies


def _mend_cursors(lake: Lake) -> bool:
    """Write the cursors anew; True when how far sessions had come is lost."""
    stitch = lake.query("SELECT max(load_seq) FROM cursors WHERE name = 'stitch'")[0][0]
    ((load,),) = lake.query("SELECT coalesce(max(last_load_seq), 0) FROM objects")
    lake.execute("DELETE FROM cursors")
    rows = {"load": load, "stitch": load if stitch is None else stitch}
    for name, load_seq in rows.items():
        lake.execute("INSERT INTO cursors VALUES (?, ?, NULL, now())", [name, load_seq])
    return stitch is None
