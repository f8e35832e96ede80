"""Events of each unit in a row, as columns of numbers: for what walks through tens of millions of them.

DuckDB finds the events; whose they are is told here while it finds more, and they are put in order part by
part, which takes a fraction of the time of joins and of a window over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import Struct

from warehouse.insights.ahead import worked
from warehouse.insights.asked import Asked
from warehouse.insights.numbered import Numbered

R = TypeVar("R")
Numbers = npt.NDArray[np.int64]
_NONE: Final = np.zeros(0, np.int64)
_BITS: Final = 63  # of one number that holds unit, moment and code
_MOST_PARTS: Final = 1 << 12
# What comes as files have it rises for long stretches, which this sort finds: a fifth of others' time.
RUNS: Final = "stable"
_ROWS_A_PASS: Final = 64_000_000  # an event takes 8 bytes, by arrival 16


class Reading(Struct, frozen=True):
    """What to read: `code` (SQL, from 0 to below 2 ** `bits`) of each event.

    Events of one moment are in the order of their codes, or `by_arrival`. `having`: conditions in SQL;
    `later`: so many µs beyond the period are read as well.
    """

    code: str
    bits: int
    having: Sequence[str]
    by_arrival: bool = False
    later: int = 0


class Lane(Struct, frozen=True):
    """Events of some units in order: number of the unit, moment (µs UTC) and code of each."""

    owner: Numbers
    moment: Numbers
    code: Numbers


class _Bundle(Struct, frozen=True):
    """Events by part: a number each that sorts as they do; `ends`: where each part ends in it."""

    keys: Numbers
    arrived: Numbers | None
    ends: Numbers


class Lanes:
    """Reads `events` or so of a question by customer or device, in passes that each fit in memory."""

    def __init__(self, asked: Asked, reading: Reading) -> None:
        self.asked, self.reading = asked, reading
        self.passes = 1 if asked.held < _ROWS_A_PASS else 1 + asked.days() // _ROWS_A_PASS
        self.since = asked.period.since
        self.until = asked.period.until + reading.later
        self.timed = (self.until - self.since).bit_length() + reading.bits
        self.low = _BITS - self.timed
        self.numbered = Numbered(asked, self.since, self.until)

    def walked(self, walk: Callable[[Lane], R]) -> list[R] | None:
        """What `walk` finds in each part, no unit in two of them; None where they cannot be read so."""
        # Whose a device is can be said of all of the lake alone, and what customers are is joined otherwise.
        if self.low < 1 or self.asked.lake.bounded or self.asked.looks_at_customers:
            return None
        found: list[R] = []
        with self.asked.pool() as pool, self.numbered.known(pool):
            sql = self._sql()
            for number in range(self.passes if self._fit else 0):
                bundles = list(worked(pool, partial(self._bundle, number), self.asked.batches(sql)))
                parts = range(self._parts if self._fit else 0)
                found += pool.map(partial(self._walked, walk, bundles), parts)
        return found if self._fit else None

    @property
    def _parts(self) -> int:
        return 1 + (self.numbered.count >> self.low)

    @property
    def _fit(self) -> bool:
        return self.numbered.fit and self._parts <= _MOST_PARTS

    def _sql(self) -> str:
        reading = self.reading
        columns = {
            "subject": self.numbered.subject,
            "timed": f"(epoch_us(e.timestamp) - {self.since}) * {1 << reading.bits} + {reading.code}",
            **({"arrived": "e.load_seq"} if reading.by_arrival else {}),
        }
        happened = self.asked.happened(
            columns,
            reading.having,
            later=reading.later,
            owned=False,
            stitched=self.asked.all_stitched,
            joins=self.numbered.joins,
        )
        return f"SELECT {', '.join(columns)} FROM (\n{happened})"

    def _walked(self, walk: Callable[[Lane], R], bundles: Sequence[_Bundle], part: int) -> R:
        return walk(self._lane(bundles, part))

    def _bundle(self, number: int, batch: pa.RecordBatch) -> _Bundle:
        """What a batch has for one of the passes."""
        subject, timed, *more = (column.to_numpy() for column in batch.columns)
        owner = self.numbered.owners(subject, timed >> self.reading.bits)
        if self.passes > 1:
            ours = np.nonzero(owner % self.passes == number)
            owner, timed, *more = (one[ours] for one in (owner, timed, *more))
        part = (owner >> self.low).astype(np.uint16)
        keys = ((owner & ((1 << self.low) - 1)).astype(np.int64) << self.timed) | timed
        order = np.argsort(part, kind="stable")
        ends = np.cumsum(np.bincount(part, minlength=self._parts))
        return _Bundle(keys[order], more[0][order] if more else None, ends)

    def _lane(self, bundles: Sequence[_Bundle], part: int) -> Lane:
        def of(values: Any) -> Numbers:
            return np.concatenate([values(one)[_span(one, part)] for one in bundles] or [_NONE])

        bits = self.reading.bits
        keys = of(lambda one: one.keys)
        if self.reading.by_arrival:
            keys = _by_arrival(keys, lambda: of(lambda one: one.arrived), bits)
        else:
            keys.sort(kind=RUNS)
        moment = ((keys >> bits) & ((1 << (self.timed - bits)) - 1)) + self.since
        return Lane((keys >> self.timed) + (part << self.low), moment, keys & ((1 << bits) - 1))


def _span(bundle: _Bundle, part: int) -> slice:
    """Where a part is in a bundle; what came to be known later has no part in it."""
    first, last = (bundle.ends[min(one, len(bundle.ends) - 1)] if one >= 0 else 0 for one in (part - 1, part))
    return slice(first, last)


def _by_arrival(keys: Numbers, arrived: Callable[[], Numbers], bits: int) -> Numbers:
    """The keys in order; of those that differ in their code alone, what arrived first is first."""
    ordered = np.sort(keys, kind=RUNS)
    if not np.any((ordered[1:] != ordered[:-1]) & (ordered[1:] >> bits == ordered[:-1] >> bits)):
        return ordered
    order = np.argsort(keys, kind=RUNS)
    seen = ordered >> bits
    tied = np.zeros(len(keys), bool)
    tied[1:] = seen[1:] == seen[:-1]
    tied[:-1] |= tied[1:]
    (rows,) = np.nonzero(tied)
    by = np.lexsort((arrived()[order[rows]], seen[rows]))
    ordered[rows] = keys[order[rows][by]]
    return ordered
