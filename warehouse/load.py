"""Landing to lake: each object exactly once, its rows, its name and the cursor in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.arrivals import Arrivals, not_loaded
from warehouse.dedup import DedupIndex, entries, hashes, load_cursor, older_copies
from warehouse.errors import CatalogUnavailable, ObjectDamaged, StoreUnavailable
from warehouse.lake import Lake
from warehouse.landed import (
    DUPLICATE,
    FATES,
    GONE,
    STORED,
    Landed,
    candidates_sql,
    duplicates_sql,
    events_sql,
    read_object,
    refused_fates,
    rejected_sql,
    together,
    with_fates,
)
from warehouse.landing import Store, segment_of
from warehouse.read_ahead import ReadAhead
from warehouse.replayed import is_replay, superseded, take_over
from warehouse.runs import Entries

_MARGIN_US = 1_000_000
_IDLE_US = 30_000_000


class LoadReport(msgspec.Struct, frozen=True):
    """What one load did.

    `damaged_objects` could not be read and are still waiting; `complete_until` is µs UTC.
    """

    objects: int = 0
    rows: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    filtered: int = 0
    damaged: int = 0
    first_load_seq: int | None = None
    last_load_seq: int | None = None
    waiting: int = 0
    damaged_objects: tuple[str, ...] = ()
    complete_until: int | None = None


def load_new(
    lake: Lake,
    store: Store,
    dedup: DedupIndex,
    *,
    limit: int,
    now: Callable[[], int],
    arrivals: Arrivals | None = None,
    journal: Path | None = None,
) -> LoadReport:
    """Load waiting objects until about `limit` rows are in, in one transaction; an error leaves the lake as
    it was.

    `arrivals` remembers what was listed between calls; without it landing is listed whole. `journal` is where
    segments lie that have not landed: with it the load cursor can say until when everything is in.
    """
    arrivals = arrivals or Arrivals(store, lake, now=now)
    started = now()
    unlanded = arrivals.unlanded.look(journal) if journal else {}
    waiting = arrivals.waiting()
    objects, damaged = _read(store, waiting, dedup.covered + 1, limit)
    arrivals.set_aside(damaged)
    taken = {landed.key for landed in objects}
    bounds = [opened for key, opened in unlanded.items() if key not in taken and not arrivals.is_loaded(key)]
    bounds += [hour_of(key) for key in waiting if key not in taken][:1]
    until = min([started, *bounds]) - _MARGIN_US if journal else None
    if objects:
        report = load_objects(lake, dedup, objects, now(), until)
    else:
        report = _idle(lake, arrivals.complete_until, until, now())
    arrivals.loaded(taken)
    arrivals.complete_until = report.complete_until
    left = len(waiting) - len(taken)
    return msgspec.structs.replace(report, waiting=left, damaged_objects=tuple(damaged))


def load_objects(
    lake: Lake, dedup: DedupIndex, objects: Sequence[Landed], loaded_at: int, until: int | None
) -> LoadReport:
    """Load objects that are not in the lake and whose load_seqs follow the cursor; a replay comes alone."""
    last = objects[-1].last
    with lake.transaction():
        _require_newest(lake, dedup)
        fates = _judge(lake, dedup, objects)
        if is_replay(objects[0].key):
            take_over(lake, fates.rows.filter(pa.array(fates.numbers != GONE)))
        write_rows(lake, fates.rows, fates.numbers)
        counts = write_objects(lake, objects, fates.numbers, loaded_at)
        move_cursor(lake, "load", last, until, loaded_at)
    dedup.add(fates.stored, last)
    return LoadReport(
        objects=len(objects),
        rows=sum(counts.values()),
        stored=counts["stored"],
        duplicate=counts["duplicate"],
        rejected=counts["rejected"],
        filtered=counts["filtered"],
        damaged=counts["damaged"],
        first_load_seq=objects[0].first,
        last_load_seq=last,
        complete_until=until,
    )


def _require_newest(lake: Lake, dedup: DedupIndex) -> None:
    """What this process knows of the lake must be all there is. Whoever commits meanwhile makes this commit
    fail: both move the same cursor.
    """
    cursor = load_cursor(lake)
    if cursor != dedup.covered:
        raise CatalogUnavailable(
            f"the lake is at load_seq {cursor}, not {dedup.covered}: somebody else wrote it; reading it again"
        )


def load_one(lake: Lake, store: Store, dedup: DedupIndex, key: str, *, now: Callable[[], int]) -> None:
    """Load this object, whatever waits; nothing where it is in the lake."""
    if not not_loaded(lake, [key]):
        return
    landed = Landed(key, dedup.covered + 1, read_object(store, key))
    ((until,),) = lake.query("SELECT epoch_us(max(complete_until)) FROM cursors WHERE name = 'load'")
    load_objects(lake, dedup, [landed], now(), until)


def fates_of(lake: Lake, key: str) -> dict[str, int]:
    """The rows of a loaded object by what became of them."""
    (row,) = lake.query(f"SELECT {', '.join(FATES)} FROM objects WHERE key = ?", [key])
    return dict(zip(FATES, row, strict=True))


class Fates(msgspec.Struct, frozen=True):
    """What becomes of the rows of some objects: a number in FATES for each row, and the index's entries to
    come.
    """

    rows: pa.Table
    numbers: npt.NDArray[np.int8]
    stored: Entries


def _judge(lake: Lake, dedup: DedupIndex, objects: Sequence[Landed]) -> Fates:
    rows = together(objects)
    numbers = refused_fates(rows)
    numbers[_replayed(lake, rows, numbers, is_replay(objects[0].key))] = GONE
    at = np.flatnonzero(numbers == FATES.index(STORED))
    with lake.table("landed", rows.append_column("fate", pa.array(numbers))):
        source = f"({candidates_sql('landed')})"
        ids = entries(lake.execute(f"{hashes(source)} ORDER BY load_seq").fetchnumpy())
        older = older_copies(lake, dedup.horizon) if dedup.needs_older(ids) else None
    judged = dedup.judge(ids, older)
    numbers[at[judged.duplicate]] = FATES.index(DUPLICATE)
    same = np.zeros(len(numbers), bool)
    same[at] = judged.same_body
    return Fates(with_fates(rows, numbers, same), numbers, ids.take(~judged.duplicate))


def _replayed(
    lake: Lake, rows: pa.Table, numbers: npt.NDArray[np.int8], replay: bool
) -> npt.NDArray[np.bool_]:
    """Which rows came too late: a replay has taken their place. Only what was refused can be replayed."""
    asked = np.full(len(numbers), True) if replay else numbers > FATES.index(DUPLICATE)
    if asked.any():
        asked[asked] = superseded(lake, rows.filter(pa.array(asked)))
    return asked


def write_rows(lake: Lake, rows: pa.Table, numbers: npt.NDArray[np.int8]) -> None:
    """Put rows with their fates into events, duplicates and rejected."""
    present = {FATES[number] for number in np.unique(numbers) if number != GONE}
    with lake.table("landed", rows):
        if STORED in present:
            lake.execute(f"INSERT INTO events BY NAME {events_sql('landed')}")
        if DUPLICATE in present:
            lake.execute(f"INSERT INTO duplicates BY NAME {duplicates_sql('landed')}")
        if present - {STORED, DUPLICATE}:
            lake.execute(f"INSERT INTO rejected BY NAME {rejected_sql('landed')}")


def write_objects(
    lake: Lake, objects: Sequence[Landed], numbers: npt.NDArray[np.int8], loaded_at: int
) -> dict[str, int]:
    """Record that these objects are in; returns the rows of each fate."""
    first = objects[0].first
    parts = [numbers[landed.first - first : landed.last + 1 - first] for landed in objects]
    counts = [_counted(part) for part in parts]
    records = [object_record(landed, count, loaded_at) for landed, count in zip(objects, counts, strict=True)]
    with lake.table("loaded", pa.Table.from_pylist(records)):
        lake.execute("INSERT INTO objects BY NAME SELECT * FROM loaded")
    return _counted(numbers)


def _counted(numbers: npt.NDArray[np.int8]) -> dict[str, int]:
    return dict(zip(FATES, np.bincount(numbers, minlength=len(FATES)).tolist(), strict=False))


def object_record(landed: Landed, counts: dict[str, int], loaded_at: int) -> dict[str, object]:
    """The row of `objects`."""
    return {
        "key": landed.key,
        "segment_id": segment_of(landed.key),
        "loaded_at": datetime.fromtimestamp(loaded_at / 1e6, UTC),
        "first_load_seq": landed.first,
        "last_load_seq": landed.last,
        "rows": int(landed.rows.num_rows),
        **counts,
    }


def begin_cursor(lake: Lake, moved_at: int) -> None:
    """Make the load cursor of a new lake: two loads that replace the same row cannot both commit."""
    if not lake.query("SELECT 1 FROM cursors WHERE name = 'load'"):
        with lake.transaction():
            move_cursor(lake, "load", 0, None, moved_at)


def move_cursor(lake: Lake, name: str, load_seq: int, until: int | None, moved_at: int) -> None:
    """Set a stage's cursor. `until` and `moved_at` are µs UTC."""
    lake.execute("DELETE FROM cursors WHERE name = ?", [name])
    lake.execute(
        "INSERT INTO cursors SELECT ?, ?, make_timestamptz(?::BIGINT), make_timestamptz(?::BIGINT)",
        [name, load_seq, until, moved_at],
    )


def hour_of(key: str) -> int:
    """The received hour of an object's folder, µs UTC."""
    day, hour = (part.partition("=")[2] for part in key.split("/")[:2])
    return int(datetime.fromisoformat(f"{day}T{hour}:00:00+00:00").timestamp()) * 1_000_000


def _read(store: Store, keys: Sequence[str], first: int, limit: int) -> tuple[list[Landed], list[str]]:
    objects: list[Landed] = []
    damaged: list[str] = []
    for key, rows in ReadAhead(store, keys, limit).each():
        if first_free(objects, first) - first >= limit or is_apart(objects, key):
            break
        try:
            objects.append(Landed(key, first_free(objects, first), rows.result()))
        except ObjectDamaged:
            damaged.append(key)
        except StoreUnavailable:
            if not objects:
                raise
            break  # what was read is loaded; what fails is asked for again at the next load
    return objects, damaged


def is_apart(objects: Sequence[Landed], key: str) -> bool:
    """Whether an object cannot be loaded together with these: a replay is loaded alone."""
    return bool(objects) and (is_replay(key) or is_replay(objects[-1].key))


def first_free(objects: Sequence[Landed], first: int) -> int:
    """The load_seq after the last of these objects."""
    return objects[-1].last + 1 if objects else first


def _idle(lake: Lake, known: int | None, until: int | None, now: int) -> LoadReport:
    """Nothing came: the cursor's `complete_until` still moves, but rarely, since it is a commit.

    `known`: what it was at the last look; asking the lake four times a second would take 3 % of a core.
    """
    if known is not None and (until is None or until - known < _IDLE_US):
        return LoadReport(complete_until=known)
    rows = lake.query("SELECT load_seq, epoch_us(complete_until) FROM cursors WHERE name = 'load'")
    load_seq, before = rows[0] if rows else (0, None)
    if until is not None and until - (before or 0) >= _IDLE_US:
        with lake.transaction():
            move_cursor(lake, "load", load_seq, until, now)
        return LoadReport(complete_until=until)
    return LoadReport(complete_until=before)
