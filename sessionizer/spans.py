"""Ranges of time that a run looks at, constants by which DuckLake can leave out files. Times are µs UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec

DAY = 86_400_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Span(msgspec.Struct, frozen=True, order=True):
    """From `lo` to `hi`, both included, µs UTC."""

    lo: int
    hi: int

    @property
    def first_day(self) -> str:
        return day_of(self.lo)

    @property
    def last_day(self) -> str:
        return day_of(self.hi)


def day_of(moment: int) -> str:
    """ISO date of a moment, UTC."""
    return (EPOCH + timedelta(microseconds=moment)).date().isoformat()


def widened(spans: Iterable[Span], reach: int) -> list[Span]:
    """Each span with `reach` on both sides, and on to the end of its last day."""
    return [Span(span.lo - reach, (span.hi + reach) // DAY * DAY + DAY - 1) for span in spans]


def merged(spans: Iterable[Span], limit: int = 8, apart: int = DAY) -> list[Span]:
    """At most `limit` disjoint spans that cover all of `spans`; what is `apart` or less apart becomes one."""
    found = _joined(sorted(spans), apart)
    if len(found) <= limit:
        return found
    gaps = sorted(after.lo - before.hi for before, after in pairwise(found))
    return merged(found, limit, gaps[-limit])


def _joined(spans: Iterable[Span], apart: int) -> list[Span]:
    found: list[Span] = []
    for span in spans:
        if found and span.lo - found[-1].hi <= apart:
            found[-1] = Span(found[-1].lo, max(found[-1].hi, span.hi))
        else:
            found.append(span)
    return found
