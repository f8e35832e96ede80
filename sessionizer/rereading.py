"""Where the events lie that have to be read again: some days at a time, and of whom there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Final

import msgspec

from sessionizer.spans import DAY, Span
from warehouse.sieve import MOST_NAMED, named

_ALL: Final = "subject_key IN (SELECT subject_key FROM slow)"
# One more look into the lake at few subjects of a day takes as long as to go through so many events: 0.1 s.
_A_LOOK: Final = 200_000
_MOST_LOOKS: Final = 32


class Cluster(msgspec.Struct, frozen=True):
    """A subject's events from one moment to another, µs UTC."""

    subject: int
    opens: int
    closes: int


class Look(msgspec.Struct, frozen=True):
    """Events of a span, and of whom, as SQL: by constants where they are few, by which what is sorted by
    subject is left out.
    """

    span: Span
    of_whom: str


def looks(clusters: Sequence[Cluster], held: int) -> Iterator[Look]:
    """Together they reach all events of the clusters, each event once; the lake holds so many (`held`)."""
    days = sorted({day for one in clusters for day in range(one.opens // DAY, one.closes // DAY + 1)})
    together = max(1, ceil(len(days) / max(1, min(_MOST_LOOKS, held // _A_LOOK))))
    for at in range(0, len(days), together):
        first, last = days[at] * DAY, days[min(at + together, len(days)) - 1] * DAY + DAY - 1
        within = [one for one in clusters if one.opens <= last and one.closes >= first]
        opens, closes = min(one.opens for one in within), max(one.closes for one in within)
        span, subjects = Span(max(first, opens), min(last, closes)), {one.subject for one in within}
        yield Look(span, named("subject_key", subjects) if len(subjects) <= MOST_NAMED else _ALL)
