"""Events as columns of numbers, in the order in which session rules look at them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sessionizer.statements import statement
from sessionizer.visits.columns import Looked
from sessionizer.visits.slices import Slice
from sessionizer.visits.stream import Flags, Places, before
from warehouse.lake import Lake

Columns = dict[str, npt.NDArray[Any]]
_FLAGS: Final = ("pages", "conversions")


def read_slice(lake: Lake, slice_: Slice, looked: Looked) -> Columns:
    """The events of a slice in order: by subject, then time, then message id."""
    columns = _fetched(lake, statement("sessions/numbers", looked_at=looked.sql, among=slice_.among))
    order = in_order(columns)
    columns = {name: values[order] for name, values in columns.items()}
    columns["message"] = np.zeros(len(order), dtype=np.int64)
    tied = _tied(columns)
    if len(tied):
        _put_in_order(lake, slice_, columns, tied)
    return said_once(columns)


def in_order(columns: Columns) -> Places:
    """The places by subject, then time. Two sorts of numbers are faster than one of rows."""
    by_time = np.argsort(columns["at"])
    return np.asarray(by_time[np.argsort(columns["subject"][by_time], kind="stable")])


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
