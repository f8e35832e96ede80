"""The lake's rows of people who are erased, replaced by what landing holds of them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse import rollup
from warehouse.dedup import DedupIndex, entries, hashes
from warehouse.erasure.held import conditions, gather
from warehouse.erasure.looking import Rows
from warehouse.erasure.statements import run
from warehouse.erasure.subject import Subject
from warehouse.lake import Lake
from warehouse.landed import FATES, GONE, STORED, Landed, read_object, refused_fates, together, with_fates
from warehouse.landing import Store
from warehouse.load import write_rows

_STORED = FATES.index(STORED)


class Replaced(msgspec.Struct, frozen=True):
    """Rows of the lake: replaced by stubs, replaced by what is left, and rows of other tables deleted."""

    erased: int = 0
    changed: int = 0
    deleted: int = 0


class Touched(msgspec.Struct, frozen=True):
    """Rows of landing as they are now, by load_seq: the fates that the lake knows, and those to come."""

    rows: pa.Table
    before: npt.NDArray[np.int8]
    after: npt.NDArray[np.int8]
    same_body: npt.NDArray[np.bool_]


def replace_rows(
    lake: Lake, store: Store, dedup: DedupIndex, landing: Mapping[str, Rows], people: Iterable[Subject]
) -> Replaced:
    """Bring the lake to what landing holds, in one transaction; doing it again changes nothing.

    Rows of sessions, identities and the like are deleted by the people's keys. What others' rows become by
    that is not computed here.
    """
    touched = _touched(lake, store, landing)
    with lake.transaction():
        gather(lake, people)
        run(lake, "their_cells")
        if touched is not None:
            with lake.table("erasing_rows", touched.rows.select(["load_seq"])):
                _forget(lake, dedup, touched)
                for name in ("touched_cells", "take_events", "take_duplicates", "take_rejected"):
                    run(lake, name)
                _write(lake, touched)
                run(lake, "touched_cells")
        deleted = sum(_delete(lake, table, condition) for table, condition in conditions(lake))
        rollup.recount(lake, rollup.rolled_until(lake) or 0)
    if touched is None:
        return Replaced(deleted=deleted)
    erased = int(np.count_nonzero(touched.before != touched.after))
    return Replaced(erased, int(np.count_nonzero(touched.after != GONE)) - erased, deleted)


def _touched(lake: Lake, store: Store, landing: Mapping[str, Rows]) -> Touched | None:
    firsts = first_load_seqs(lake)
    parts = [
        _some(store, key, firsts[key], which)
        for key, which in sorted(landing.items(), key=lambda item: firsts.get(item[0], 0))
        if key in firsts
    ]
    if not parts:
        return None
    rows = pa.concat_tables(parts)
    with lake.table("erasing_rows", rows.select(["load_seq"])):
        known = run(lake, "fates").fetchnumpy()
    seqs = np.asarray(rows.column("load_seq"))
    before = np.full(len(seqs), GONE, np.int8)
    same = np.zeros(len(seqs), bool)
    at = np.searchsorted(seqs, np.asarray(known["load_seq"], np.int64))
    before[at], same[at] = np.asarray(known["fate"]), np.asarray(known["same_body"])
    after = refused_fates(rows)
    after = np.where((after == _STORED) | (before == GONE), before, after).astype(np.int8)
    return Touched(rows, before, after, same)


def first_load_seqs(lake: Lake) -> dict[str, int]:
    """The first load_seq of every object that is loaded, by key."""
    return dict(lake.query("SELECT key, first_load_seq FROM objects"))


def _some(store: Store, key: str, first: int, which: Rows) -> pa.Table:
    numbers = sorted({*which.erase, *which.pseudonymise, *which.clear})
    return together([Landed(key, first, read_object(store, key))]).take(pa.array(numbers))


def _forget(lake: Lake, dedup: DedupIndex, touched: Touched) -> None:
    """Before the rows go: afterwards nobody knows the message ids any more."""
    gone = pa.array((touched.before == _STORED) & (touched.after != _STORED))
    with lake.table("erasing_stored", touched.rows.select(["load_seq"]).filter(gone)):
        source = "(FROM events SEMI JOIN erasing_stored USING (load_seq))"
        dedup.forget(entries(lake.execute(hashes(source)).fetchnumpy()))


def _write(lake: Lake, touched: Touched) -> None:
    write_rows(lake, with_fates(touched.rows, touched.after, touched.same_body), touched.after)
    moved = pa.table(
        {
            "load_seq": touched.rows.column("load_seq"),
            "before": pa.array(touched.before),
            "after": pa.array(touched.after),
        }
    )
    with lake.table("erasing_moves", moved.filter(pa.array(touched.before != touched.after))):
        run(lake, "recount_objects")
        run(lake, "restate_replays")


def _delete(lake: Lake, table: str, condition: str) -> int:
    return int(lake.query(f"DELETE FROM {table} WHERE {condition}")[0][0])
