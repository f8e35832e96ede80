"""Events as columns of numbers, in the order in which session rules look at them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sessionizer.statements import run, statement
from sessionizer.visits.columns import Looked
from sessionizer.visits.slices import Slice
from sessionizer.visits.stream import Flags, Longs, Places, before
from warehouse.catalogs.text import quoted
from warehouse.lake import Lake

Columns = dict[str, npt.NDArray[Any]]
_FLAGS: Final = ("pages", "conversions")
_BITS: Final = 63
_QUARTER_US: Final = 900_000_000
_DAY_US: Final = 96 * _QUARTER_US


def read_slice(lake: Lake, slice_: Slice, looked: Looked) -> Columns:
    """The events of a slice in order: by subject, then time, then message id."""
    columns = _fetched(lake, statement("sessions/numbers", looked_at=looked.sql, among=slice_.among))
    columns |= {name: days(lake, columns["at"], zone) for name, zone in looked.zones.items()}
    order = in_order(columns)
    columns = {name: values[order] for name, values in columns.items()}
    columns["message"] = np.zeros(len(order), dtype=np.int64)
    tied = _tied(columns)
    if len(tied):
        _put_in_order(lake, slice_, columns, tied)
    return said_once(columns)


def in_order(columns: Columns) -> Places:
    """The places by subject, then time.

    Events come as their files have them, each in this order: subjects are a few rising runs, which a stable
    sort merges. After that only the events of a subject have to change places, one number each.
    """
    order = np.argsort(columns["subject"], kind="stable")
    subject, at = columns["subject"][order], columns["at"][order]
    if not len(order):
        return order
    rank = np.cumsum(subject != before(subject))
    since = at - at.min()
    bits = int(since.max()).bit_length()
    if bits + int(rank[-1]).bit_length() > _BITS:
        return np.asarray(order[np.lexsort((at, rank))])
    return np.asarray(order[np.argsort(rank << bits | since, kind="stable")])


def days(lake: Lake, at: Longs, zone: str) -> Longs:
    """Numbers of the calendar days (0: 1970-01-01) in which moments (µs UTC) lie in a time zone.

    DuckDB takes longer to look at the clock of a zone than to read an event: each quarter of an hour is
    looked up once, since clocks are put forward or back at the end of one.
    """
    quarters = at // _QUARTER_US
    known = np.unique(quarters)
    with lake.table("quarters", pa.table({"quarter": known})):
        ahead = run(lake, "sessions/ahead", zone=quoted(zone)).fetchnumpy()["ahead"]
    return np.asarray((at + ahead[np.searchsorted(known, quarters)]) // _DAY_US)


def said_once(columns: Columns) -> Columns:
    """Without the users of copies of an event: the same time and message id as the atom before."""
    copies = _as_before(columns, "subject", "at", "message")
    if copies.any():
        columns["user"] = np.where(copies, 0, columns["user"])
    return columns


def _as_before(columns: Columns, *names: str) -> Flags:
    """Atoms that say the same as the one before."""
    same: Flags = np.ones(len(columns["at"]), dtype=bool)
    same[:1] = False
    for name in names:
        same &= before(columns[name]) == columns[name]
    return same


def _fetched(lake: Lake, sql: str) -> Columns:
    columns: Columns = lake.execute(sql).fetchnumpy()
    return columns | {name: columns[name].astype(np.int64) for name in _FLAGS}


def _tied(columns: Columns) -> Places:
    """Places whose order is still open."""
    same = _as_before(columns, "subject", "at")
    return np.flatnonzero(same | np.append(same[1:], False)[: len(same)])


def _put_in_order(lake: Lake, slice_: Slice, columns: Columns, tied: Places) -> None:
    """The events of the same moment change places among themselves."""
    atoms = columns["atom"][tied]
    with lake.table("at_one_moment", pa.table({"atom": atoms})):
        found = lake.execute(statement("sessions/tied", among=slice_.among)).fetchnumpy()
    by_atom = np.argsort(atoms)
    wanted = tied[by_atom[np.searchsorted(atoms[by_atom], found["atom"])]]
    for values in columns.values():
        values[tied] = values[wanted]
    columns["message"][tied] = found["message"]
