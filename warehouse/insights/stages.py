"""Stages of a lifecycle as bits: who was there in which interval, and ever before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from warehouse.insights.activity import INSIDE, Activity
from warehouse.insights.bitmap import Bits, there

Counts = npt.NDArray[np.int64]
_THERE, _ACTIVE = 1, 2


class Stages:
    """Of what makes somebody known, and of what makes them active, a `Marking`.

    Interval 0 is the one before the range. Bit 0 says that somebody was known before it, then there is one
    for each interval; and one for each in which they were active.
    """

    def __init__(self, activity: Activity) -> None:
        self._size = activity.calendar.size
        self.places = 1 + 2 * self._size

    def marks(self, number: int, side: int, code: int) -> list[int]:
        """As `Marking` says."""
        known = [1 + number] if code & _THERE else []
        active = code & _ACTIVE and number >= 0 and (number == 0 or side == INSIDE)
        return known + ([1 + self._size + number] if active else [])

    def counted(self, bits: Bits) -> tuple[Counts, int]:
        """By interval those who are active, new, returning, resurrecting, dormant; how many were active."""
        found = np.zeros((self._size - 1, 5), np.int64)
        before = there(bits, [0, 1])[0] != 0
        last = self._active(bits, 0)
        ever = np.zeros_like(last)
        for number in range(1, self._size):
            active = self._active(bits, number)
            new, stayed = active & ~before, active & last
            each = active, new, stayed, active & ~(new | stayed), last & ~active
            found[number - 1] = [np.count_nonzero(one) for one in each]
            before |= there(bits, [1 + number])[0] != 0
            ever |= active
            last = active
        return found, int(np.count_nonzero(ever))

    def rows(self, parts: Sequence[tuple[Counts, int]]) -> list[tuple[Any, ...]]:
        """Rows as those of the statement."""
        n = sum(ever for _, ever in parts)
        found = np.sum([counts for counts, _ in parts], axis=0).tolist()
        return [(number, *counts, n) for number, counts in enumerate(found, 1)]

    def _active(self, bits: Bits, number: int) -> npt.NDArray[np.bool_]:
        active: npt.NDArray[np.bool_] = there(bits, [1 + self._size + number])[0] != 0
        return active
