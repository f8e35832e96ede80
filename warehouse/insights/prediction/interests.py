"""Who had to do with which items, as sparse matrices: a row a customer, a column an item."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import scipy
from msgspec import Struct
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
# Of scipy, which has no types.
Matrix = Any


class Interests(Struct, frozen=True):
    """`times`: how often; `bought` and `held`: 1 where it was bought, and where it was after the split.
    `wanted`: the row of the customer that is asked for, None where there is none.
    """

    items: list[str]
    times: Matrix
    bought: Matrix
    held: Matrix
    wanted: int | None

    @property
    def customers(self) -> int:
        return int(self.times.shape[0])


def interests(rows: pa.Table, *, early: bool) -> Interests:
    """Of the statement's rows; `early`: as it was before the split, beside what was bought after."""
    items = sorted(set(rows["item"].to_pylist()))
    place = {item: number for number, item in enumerate(items)}
    columns = np.array([place[item] for item in rows["item"].to_pylist()], np.int64)
    _, owners = np.unique(rows["owner"].to_numpy(), return_inverse=True)
    shape = (int(owners.max(initial=-1)) + 1, len(items))

    def matrix(name: str) -> Matrix:
        values = rows[name].to_numpy().astype(np.float64)
        there = values > 0
        return scipy.sparse.csr_array((values[there], (owners[there], columns[there])), shape=shape)

    wanted = np.flatnonzero(rows["wanted"].to_numpy())
    return Interests(
        items,
        matrix("early_times" if early else "times"),
        matrix("early_bought" if early else "bought"),
        matrix("late_bought"),
        int(owners[wanted[0]]) if len(wanted) else None,
    )
