"""Events of each unit in a row, as columns of numbers: for what walks through tens of millions of them.

DuckDB finds the events and whose they are; they are put in order here, part by part, which takes a fraction
of the time of a window over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import Struct

from warehouse.insights.asked import Asked
from warehouse.insights.numbered import Numbered

R = TypeVar("R")
Numbers = npt.NDArray[np.int64]
_NONE: Final = np.zeros(0, np.int64)
_BITS: Final = 63  # of one number that holds unit, moment and code
_MOST_PARTS: Final = 1 << 12
_ROWS_A_PASS: Final = 64_000_000  # an event takes 20 bytes, for a moment twice


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

    def __init__(self, asked: Asked, reading: Reading, events: int) -> None:
        self.asked, self.reading = asked, reading
        self.passes = 1 + events // _ROWS_A_PASS
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
        with self.numbered.known():
            for number in range(self.passes):
                batches = self.asked.columns(self._sql(number)).to_batches()
                self.numbered.meet(one.column(0).to_numpy() for one in batches)
                self.parts = 1 + (self.numbered.count >> self.low)
                if self.parts > _MOST_PARTS:
                    return None
                found += self._walked(batches, number, walk)
        return found

    def _sql(self, number: int) -> str:
        reading, owner = self.reading, self.numbered.owner
        columns = {
            "owner": owner,
            "timed": f"(epoch_us(e.timestamp) - {self.since}) * {1 << reading.bits} + {reading.code}",
            **({"arrived": "e.load_seq"} if reading.by_arrival else {}),
        }
        having = [*reading.having]
        if self.passes > 1:
            having.append(f"({owner} < 0 OR {owner} % {self.passes} = {number})")
        happened = self.asked.happened(
            columns,
            having,
            later=reading.later,
            owned=False,
            stitched=self.asked.all_stitched,
            joins=self.numbered.joins,
        )
        return f"SELECT {', '.join(columns)} FROM (\n{happened})"

    def _walked(self, batches: list[pa.RecordBatch], number: int, walk: Callable[[Lane], R]) -> Iterator[R]:
        ((threads,),) = self.asked.lake.query("SELECT current_setting('threads')")
        with ThreadPoolExecutor(threads) as pool:
            taken = (batches.pop() for _ in range(len(batches)))
            bundles = list(pool.map(lambda batch: self._bundle(batch, number), taken))
            yield from pool.map(lambda part: walk(self._lane(bundles, part)), range(self.parts))

    def _bundle(self, batch: pa.RecordBatch, number: int) -> _Bundle:
        owner, timed, *more = (column.to_numpy() for column in batch.columns)
        (open_,) = np.nonzero(owner < 0)
        if len(open_):
            owner = owner.copy()
            moment = (timed[open_] >> self.reading.bits) + self.since
            owner[open_] = self.numbered.owners(owner[open_], moment)
            if self.passes > 1:
                ours = np.nonzero(owner % self.passes == number)
                owner, timed, *more = (one[ours] for one in (owner, timed, *more))
        part = (owner >> self.low).astype(np.uint16)
        keys = ((owner & ((1 << self.low) - 1)) << self.timed) | timed
        order = np.argsort(part, kind="stable")
        ends = np.cumsum(np.bincount(part, minlength=self.parts))
        return _Bundle(keys[order], more[0][order] if more else None, ends)

    def _lane(self, bundles: Sequence[_Bundle], part: int) -> Lane:
        def of(values: Any) -> Numbers:
            return np.concatenate([values(one)[_span(one, part)] for one in bundles] or [_NONE])

        bits = self.reading.bits
        keys = of(lambda one: one.keys)
        if self.reading.by_arrival:
            keys = _by_arrival(keys, lambda: of(lambda one: one.arrived), bits)
        else:
            keys.sort()
        moment = ((keys >> bits) & ((1 << (self.timed - bits)) - 1)) + self.since
        return Lane((keys >> self.timed) + (part << self.low), moment, keys & ((1 << bits) - 1))


def _span(bundle: _Bundle, part: int) -> slice:
    return slice(bundle.ends[part - 1] if part else 0, bundle.ends[part])


def _by_arrival(keys: Numbers, arrived: Callable[[], Numbers], bits: int) -> Numbers:
    """The keys in order; of those that differ in their code alone, what arrived first is first."""
    ordered = np.sort(keys)
    if not np.any((ordered[1:] != ordered[:-1]) & (ordered[1:] >> bits == ordered[:-1] >> bits)):
        return ordered
    order = np.argsort(keys)
    seen = ordered >> bits
    tied = np.zeros(len(keys), bool)
    tied[1:] = seen[1:] == seen[:-1]
    tied[:-1] |= tied[1:]
    (rows,) = np.nonzero(tied)
    by = np.lexsort((arrived()[order[rows]], seen[rows]))
    ordered[rows] = keys[order[rows][by]]
    return ordered
