"""Whether a line over time has come to rest: the two halves after the warm-up, one against the other.

Levels here are sawteeth: files multiply until they are merged, memory rises until something is flushed.
Within half of a run a tooth or more has passed, so halves can be compared where the slope through single
samples would be that of a tooth. The median of a level is not moved by a spike; of files, where the top of
the tooth counts, the largest number is compared, of durations the 95th percentile.
"""

from collections.abc import Callable, Sequence
from math import ceil, inf
from statistics import median
from typing import Final

import msgspec

Points = Sequence[tuple[float, float]]
GROWTH: Final = 0.05
GROWTH_MIB: Final = 10.0
SLOWER: Final = 1.25
MORE_FILES: Final = 1.25


class Halves(msgspec.Struct, frozen=True):
    """A figure of the first and of the second half after the warm-up, and whether it counts as flat."""

    before: float
    after: float
    flat: bool


def p95(values: Sequence[float]) -> float:
    """The smallest value that 95 in 100 do not exceed."""
    return sorted(values)[ceil(0.95 * len(values)) - 1]


def halves(points: Points, warm_s: float, figure: Callable[[Sequence[float]], float]) -> tuple[float, float]:
    """The figure of each half of what came after `warm_s` seconds; infinite where nothing did."""
    after = [point for point in points if point[0] >= warm_s]
    middle = (warm_s + after[-1][0]) / 2 if after else inf
    parts = [[value for second, value in after if (second >= middle) is late] for late in (False, True)]
    first, second = (figure(part) if part else inf for part in parts)
    return round(first, 4), round(second, 4)


def memory(points: Points, warm_s: float) -> Halves:
    """MiB: at most 10 MiB or 5 % more."""
    before, after = halves(points, warm_s, median)
    return Halves(before, after, after - before <= max(GROWTH_MIB, GROWTH * before))


def files(points: Points, warm_s: float, slack: int) -> Halves:
    """A number of files: the most at a time at most a quarter more, and `slack` of them."""
    before, after = halves(points, warm_s, max)
    return Halves(before, after, after <= MORE_FILES * before + slack)


def duration(points: Points, warm_s: float) -> Halves:
    """Seconds: at p95 at most a quarter longer."""
    before, after = halves(points, warm_s, p95)
    return Halves(before, after, after <= SLOWER * before < inf)
