"""One slice of events against all others, before and after."""

from __future__ import annotations

from math import log, sqrt

from msgspec import Struct


class Cell(Struct, frozen=True):
    """Counts: `x` of the event, `n` of what it is per, before (0) and after (1)."""

    x0: int
    x1: int
    n0: int
    n1: int

    def without(self, other: Cell) -> Cell:
        return Cell(self.x0 - other.x0, self.x1 - other.x1, self.n0 - other.n0, self.n1 - other.n1)


def effects(cell: Cell, whole: Cell) -> tuple[float, float]:
    """(rate, mix): w0 (r1 - r0) and (w1 - w0) r1; over all slices by a field they sum to R1 - R0.

    Where a slice has no rate on one side, all of its change is mix.
    """
    w0, w1 = cell.n0 / max(whole.n0, 1), cell.n1 / max(whole.n1, 1)
    part0, part1 = cell.x0 / max(whole.n0, 1), cell.x1 / max(whole.n1, 1)
    if not cell.n0 or not cell.n1:
        return 0.0, part1 - part0
    r0, r1 = cell.x0 / cell.n0, cell.x1 / cell.n1
    return w0 * (r1 - r0), (w1 - w0) * r1


def score(cell: Cell, others: Cell, rated: bool) -> float:
    """Difference between the change of a slice and that of all others on the scale of log odds, or of the log
    of counts, in standard deviations (Haldane's half added to each count).
    """
    (change, variance), (usual, around) = _changed(cell, rated), _changed(others, rated)
    return (change - usual) / sqrt(variance + around)


def _changed(cell: Cell, rated: bool) -> tuple[float, float]:
    hits = (cell.x0 + 0.5, cell.x1 + 0.5)
    if not rated:
        return log(hits[1] / hits[0]), sum(1 / one for one in hits)
    misses = (max(cell.n0 - cell.x0, 0) + 0.5, max(cell.n1 - cell.x1, 0) + 0.5)
    change = log(hits[1] / misses[1]) - log(hits[0] / misses[0])
    return change, sum(1 / one for one in (*hits, *misses))
