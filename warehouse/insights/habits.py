"""Stickiness as bits: who did something in which intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from warehouse.insights.activity import Activity
from warehouse.insights.bitmap import Bits

Counts = npt.NDArray[np.int64]


class Habits:
    """Of one selector a `Marking`: a bit for each `together` intervals, counted back from the last."""

    def __init__(self, activity: Activity, together: int) -> None:
        self._size, self._together = activity.calendar.size, together
        self.places = -(-self._size // together)

    def marks(self, number: int, _side: int, _code: int) -> list[int]:
        """As `Marking` says; nothing beside the range is read."""
        return [(self._size - 1 - number) // self._together]

    def counted(self, bits: Bits) -> Counts:
        """How many units did it in so many intervals, from none on."""
        intervals = np.bitwise_count(bits[0]).sum(axis=0, dtype=np.int64)
        return np.bincount(intervals, minlength=self.places + 1)

    @staticmethod
    def rows(parts: Sequence[Counts]) -> list[tuple[int, int]]:
        """Rows as those of the statement."""
        units = np.sum(parts, axis=0).tolist()
        return [(intervals, found) for intervals, found in enumerate(units) if intervals and found]
