"""What is usual: robust figures of the days before, which one odd day does not move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import median

from msgspec import Struct

LEAST_DAYS = 7
RECENT_DAYS = 14
WEEKS = 6
LIMIT = 4.0
LEAST_CHANGE = 15
_NORMAL = 1.4826  # the median distance from the median, as a standard deviation
_LEAST_EXPECTED = 10.0


class Usual(Struct, frozen=True):
    """What a day was expected to have, and how far days spread around that (as a standard deviation)."""

    expected: float
    spread: float

    def distance(self, volume: float) -> float:
        """How many spreads a volume lies above (or, negative, below) what was expected."""
        return (volume - self.expected) / self.spread


def usual(values: Sequence[int]) -> Usual:
    """Median and spread. Chance alone spreads counts by their root, and no day is quite like the other."""
    middle = median(values)
    scattered = _NORMAL * median(abs(value - middle) for value in values)
    return Usual(middle, max(scattered, 1.5 * sqrt(middle), 0.1 * middle, 1.0))


def references(counts: Mapping[date, int], day: date, since: date) -> list[Usual]:
    """What `day` may be compared with: the two weeks before it, and the same weekday of earlier weeks.

    `counts` lack days without events; `since` is the first day that counts. Empty with less than a week.
    """
    days = (day - since).days
    if days < LEAST_DAYS:
        return []
    recent = [counts.get(day - timedelta(back), 0) for back in range(1, min(days, RECENT_DAYS) + 1)]
    weekly = [counts.get(day - timedelta(7 * back), 0) for back in range(1, min(days // 7, WEEKS) + 1)]
    # Of two, the median is either's victim.
    by_weekday = [usual(weekly)] if len(weekly) > 2 else [usual([count]) for count in weekly]
    return [usual(recent), *by_weekday]


def judged(counts: Mapping[date, int], day: date, since: date) -> tuple[str, Usual | None]:
    """ok, low, high or missing, and the nearest of what was expected.

    A day is odd only where it is so by the recent days and by its weekday: a quiet Sunday is no fault.
    """
    volume = counts.get(day, 0)
    known = references(counts, day, since)
    if not known:
        return "ok", None
    nearest = min(known, key=lambda one: abs(volume - one.expected))
    odd = all(abs(one.distance(volume)) > LIMIT for one in known)
    if not odd or abs(volume - nearest.expected) < LEAST_CHANGE:
        return "ok", nearest
    return ("high" if volume > nearest.expected else "low" if volume else "missing"), nearest


def is_new(counts: Mapping[date, int], first: date, since: date, until: date) -> bool:
    """Whether events that first came on `first` would have come before, had they always been as frequent."""
    rate = sum(counts.values()) / ((until - first).days + 1)
    return rate * (first - since).days >= _LEAST_EXPECTED


def differs(part: int, whole: int, share: float) -> float:
    """How many standard deviations a share of `part` in `whole` lies above `share`; 0 for nothing."""
    if not whole:
        return 0.0
    # Two events are added on either side: no share is quite 0 or 1.
    expected = (share * whole + 2) / (whole + 4)
    return (part / whole - expected) / sqrt(expected * (1 - expected) / whole)
