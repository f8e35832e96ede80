"""Trends over millions of rows of the roll-up: a bit in an array says that an owner was in an interval."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.insights.ahead import worked
from warehouse.insights.bitmap import Bitmap, Bits, there
from warehouse.insights.trend_rolled import Rolled
from warehouse.insights.whose import Holders


class Tally:
    """Counts the owners of a trend without grouping rows by them: each has a number, and bits at its place.

    There is a bit for each interval, and after these one that says whether it was in the range at all.
    """

    def __init__(self, rolled: Rolled) -> None:
        self.rolled, self.asked = rolled, rolled.asked
        self._holders = Holders(rolled.asked)
        hours = self.asked.arrow(f"{rolled.intervals}\nSELECT number, inside FROM hours ORDER BY hour")
        interval, inside = hours["number"].fill_null(-1).to_numpy(), hours["inside"].to_numpy()
        if not rolled.counts_units:
            interval = np.full(len(interval), -1)
        self._slot = 2 * interval + inside  # hours of one slot have the same bits
        self._intervals = int(interval.max()) + 1

    def sql(self) -> str | None:
        """The statement of what is left to find; None where the bits would take too much memory."""
        series = len(self.rolled.which)
        bitmap = Bitmap.within_memory(series, self._intervals + 1, self._holders.count)
        if bitmap is None:
            return None
        with self.asked.pool() as pool:
            list(worked(pool, partial(self._add, bitmap), self.asked.batches(self._rows())))
            found = list(pool.map(self._counted, bitmap.parts))
        each = np.sum([counts for _, counts in found], axis=0)
        padding = [0] * (self.rolled.count - self._intervals)
        units = [series[:-1].tolist() + padding for series in each]
        return self.rolled.of(sum(n for n, _ in found), each[:, -1].tolist(), units)

    def _rows(self) -> str:
        """SELECT of the rows: whose each is, which of the hours that are read, one bit for each series."""
        rolled = self.rolled
        first, end = rolled.reach.start, rolled.reach.stop
        columns = [rolled.key, f"(e.hour - {first})::INTEGER"]
        if len(rolled.which) > 1:
            tests = (f"CASE WHEN {sql} THEN {1 << at} ELSE 0 END" for at, sql in enumerate(rolled.which))
            columns.append(" + ".join(tests))
        within = f"e.hour >= {first} AND e.hour < {end} AND {rolled.having}"
        return f"SELECT {', '.join(columns)}\nFROM daily AS e\nWHERE {within}"

    def _add(self, bitmap: Bitmap, batch: pa.RecordBatch) -> None:
        key, hour, *series = (column.to_numpy() for column in batch.columns)
        owner, slot = self._holders.numbers(key), self._slot[hour]
        for one in (np.flatnonzero(np.bincount(slot + 2)) - 2).tolist():
            (rows,) = np.nonzero(slot == one)
            places = [one // 2] * (one >= 0) + [self._intervals] * (one % 2)
            for at in range(len(self.rolled.which)):
                ours = rows[(series[0][rows] >> at & 1).astype(bool)] if series else rows
                bitmap.add(at, owner[ours], places, self._holders.count)

    def _counted(self, bits: Bits) -> tuple[int, npt.NDArray[np.int64]]:
        """Of some owners: how many were in the range; by series how many were in each interval, or in those
        that a point looks back over, and in the range.
        """
        before = self.rolled.before
        looked_at = [range(max(one - before, 0), one + 1) for one in range(self._intervals)]
        counts = np.zeros((len(bits), self._intervals + 1), np.int64)
        for at, places in enumerate(looked_at):
            counts[:, at] = np.count_nonzero(there(bits, places), axis=1)
        ever = there(bits, [self._intervals])
        counts[:, -1] = np.count_nonzero(ever, axis=1)
        return int(np.count_nonzero(ever.any(axis=0))), counts
