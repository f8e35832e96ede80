"""Trends over millions of rows of the roll-up: a bit in an array says that an owner was in an interval."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.insights.roster import Numbers, Places, Strays
from warehouse.insights.trend_rolled import Rolled
from warehouse.insights.whose import Whose

_WORD: Final = 64
_MOST_BYTES: Final = 1 << 29
_PART: Final = 1 << 15  # owners that are counted together: the processor's cache has their bits


class Tally:
    """Counts the owners of a trend without grouping rows by them: each has a number, and bits at its place.

    There is a bit for each interval, and after these one that says whether it was in the range at all.
    """

    def __init__(self, rolled: Rolled) -> None:
        self.rolled, self.asked = rolled, rolled.asked
        self._whose = Whose.of(rolled.asked)
        self._strays = Strays(self._whose.numbers)
        hours = self.asked.arrow(f"{rolled.intervals}\nSELECT number, inside FROM hours ORDER BY hour")
        interval, inside = hours["number"].fill_null(-1).to_numpy(), hours["inside"].to_numpy()
        if not rolled.counts_units:
            interval = np.full(len(interval), -1)
        self._slot = 2 * interval + inside  # hours of one slot have the same bits
        self._intervals = int(interval.max()) + 1
        self._kind: Any = np.uint32 if self._intervals < 32 else np.uint64
        self._shape = len(rolled.which), self._intervals // _WORD + 1, self._whose.numbers
        self._lock = Lock()

    def sql(self) -> str | None:
        """The statement of what is left to find; None where the bits would take too much memory."""
        if prod(self._shape) * self._kind().itemsize > _MOST_BYTES:
            return None
        self._bits = np.zeros(self._shape, self._kind)
        ((threads,),) = self.asked.lake.query("SELECT current_setting('threads')")
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(self._add, self.asked.batches(self._rows())))
            found = list(pool.map(self._counted, range(0, self._bits.shape[2], _PART)))
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

    def _add(self, batch: pa.RecordBatch) -> None:
        key, hour, *series = (column.to_numpy() for column in batch.columns)
        owner, slot = self._owners(key), self._slot[hour]
        for one in np.flatnonzero(np.bincount(slot + 2)) - 2:
            (rows,) = np.nonzero(slot == one)
            for at in range(len(self._bits)):
                ours = rows[(series[0][rows] >> at & 1).astype(bool)] if series else rows
                self._set(at, owner[ours], int(one))

    def _owners(self, key: Numbers) -> Places:
        place = self._whose.roster.places(key)
        owner = self._whose.own[place]
        strangers = place < 0
        owner[strangers] = self._strays.numbers(key[strangers])
        return owner

    def _set(self, series: int, owner: Places, slot: int) -> None:
        places = [slot // 2] * (slot >= 0) + [self._intervals] * (slot % 2)
        with self._lock:
            if self._strays.count > self._bits.shape[2]:
                more = self._strays.count - self._bits.shape[2]
                self._bits = np.pad(self._bits, ((0, 0), (0, 0), (0, more)))
            for word, mask in self._masks(places):
                self._bits[series, word][owner] |= mask

    def _masks(self, places: Sequence[int]) -> list[tuple[int, Any]]:
        """Bits by the words that they are in."""
        found: dict[int, int] = {}
        for place in places:
            found[place // _WORD] = found.get(place // _WORD, 0) | 1 << place % _WORD
        return [(word, self._bits.dtype.type(mask)) for word, mask in found.items()]

    def _counted(self, first: int) -> tuple[int, npt.NDArray[np.int64]]:
        """Of some owners: how many were in the range; by series how many were in each interval, or in those
        that a point looks back over, and in the range.
        """
        bits = self._bits[:, :, first : first + _PART]
        before = self.rolled.before
        looked_at = [range(max(one - before, 0), one + 1) for one in range(self._intervals)]
        counts = np.zeros((len(bits), self._intervals + 1), np.int64)
        for at, places in enumerate(looked_at):
            counts[:, at] = np.count_nonzero(self._there(bits, places), axis=1)
        ever = self._there(bits, [self._intervals])
        counts[:, -1] = np.count_nonzero(ever, axis=1)
        return int(np.count_nonzero(ever.any(axis=0))), counts

    def _there(self, bits: npt.NDArray[Any], places: Sequence[int]) -> npt.NDArray[Any]:
        """Not 0 for who has one of these bits, by series and owner."""
        (word, mask), *more = self._masks(places)
        found: npt.NDArray[Any] = bits[:, word] & mask
        for word, mask in more:
            found |= bits[:, word] & mask
        return found
