"""Retention by the intervals of a calendar as bits: who started something, and who came back, in which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from warehouse.insights.activity import BEFORE, INSIDE
from warehouse.insights.bitmap import Bits, there
from warehouse.insights.cohorts import Cohorts

Counts = npt.NDArray[np.int64]
_STARTS, _RETURNS = 1, 2


class Comebacks:
    """Of the selectors `start` and `returns`, a `Marking`.

    Bit 0 says that somebody started before the range, then there is one for each of its intervals; and one
    for each interval in which they can have come back.
    """

    def __init__(self, cohorts: Cohorts) -> None:
        self.cohorts, self._size = cohorts, cohorts.calendar.size
        self.places = 1 + self._size + len(cohorts.calendar.begins)

    def marks(self, number: int, side: int, code: int) -> list[int]:
        """As `Marking` says."""
        if side == BEFORE:
            return [0] if code & _STARTS else []
        started = [1 + number] if code & _STARTS and side == INSIDE else []
        return started + ([1 + self._size + number] if code & _RETURNS else [])

    def counted(self, bits: Bits) -> tuple[Counts, Counts]:
        """By interval how many entered, then how many of them came back in each column; how many there are
        in all, and how many whose last column is over.
        """
        spans, from_ever = self.cohorts.spans, self.cohorts.from_ever
        before = there(bits, [0])[0] != 0
        ever, late = np.zeros_like(before), np.zeros_like(before)
        cells = np.zeros((self._size, len(spans.lows)), np.int64)
        for cohort in range(self._size):
            entered = there(bits, [1 + cohort])[0] != 0
            if from_ever:
                entered &= ~before
                before |= entered
            theirs = bits[:, :, np.flatnonzero(entered)]
            cells[cohort, 0] = theirs.shape[2]
            for column in range(1, len(spans.lows)):
                cells[cohort, column] = np.count_nonzero(there(theirs, self._columns(cohort, column)))
            ever |= entered
            if self._whole(cohort) <= spans.horizon:
                late |= entered
        n = np.count_nonzero(ever)
        return cells, np.array([n, n - np.count_nonzero(late)])

    def rows(self, parts: Sequence[tuple[Counts, Counts]]) -> list[tuple[Any, ...]]:
        """Rows as those of the statement."""
        cells, everybody = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
        spans = self.cohorts.spans
        begun = self.cohorts.calendar.begun(self.cohorts.asked.complete_us)
        rows: list[tuple[Any, ...]] = []
        for cohort, (n, *came) in enumerate(cells.tolist()):
            for column, units in enumerate([0, *came]) if n else ():
                known = spans.horizon if self.cohorts.question.cumulative else spans.highs[column]
                over = int(self._whole(cohort) > known)
                has_begun = begun - cohort > spans.lows[column]
                rows.append((1, cohort, column, n, n * over, has_begun, units, units * over, None, None, ""))
        n, n_mature = everybody.tolist()
        return [*rows, (None, None, None, n, n_mature, *(None,) * 6)]

    def _columns(self, cohort: int, column: int) -> list[int]:
        spans, first = self.cohorts.spans, 1 + self._size + cohort
        last = spans.horizon if self.cohorts.question.cumulative else spans.highs[column]
        return [first + number for number in range(spans.lows[column], last + 1)]

    def _whole(self, cohort: int) -> int:
        """How many intervals have ended since a cohort's own began."""
        return self.cohorts.calendar.ended(self.cohorts.asked.complete_us) - cohort
