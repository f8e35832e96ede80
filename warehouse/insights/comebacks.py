"""Retention by the intervals of a calendar, over many events or hours of the roll-up: a bit in an array says
that an owner started something in an interval, or came back in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.insights.ahead import worked
from warehouse.insights.bitmap import Bitmap, Bits, there
from warehouse.insights.cohorts import Cohorts
from warehouse.insights.filters import Selector
from warehouse.insights.numbered import Numbered
from warehouse.insights.rolled import HOUR_US, hours, key, star, within
from warehouse.insights.roster import Numbers, Places
from warehouse.insights.whose import NUMBERED, Holders

Counts = npt.NDArray[np.int64]
_STEP_US: Final = 900_000_000  # clocks are set by quarters of an hour
_STARTS, _RETURNS, _BOTH = 1, 2, 3
_MOST_CELLS: Final = 4_000  # each takes a look at all owners


class Slots:
    """Where in the calendar moments lie: those of one slot make the same marks.

    Slot 0 is before the range, 1 + 2 n is interval n, where something can be started, and 2 + 2 n is interval
    n where the range is over. Moments (µs UTC) are told in stretches of `step` µs.
    """

    def __init__(self, cohorts: Cohorts, step: int) -> None:
        self._period, self._begins, self._step = cohorts.asked.period, np.array(cohorts.calendar.begins), step
        self._cuts = np.array([self._period.since, self._period.until, *cohorts.calendar.begins])
        self.first = cohorts.calendar.begins[0] // step - 1
        begins = np.arange(self.first, self._begins[-1] // step + 1) * step
        self._table = self._of(begins, begins + step - 1)
        cut = [np.searchsorted(np.sort(self._cuts), at, side="right") for at in (begins, begins + step - 1)]
        self._whole = cut[0] == cut[1]

    def by_step(self, step: Numbers) -> Places:
        """Of stretches since 1970; where the range ends within one, nothing happened in its other part."""
        return self._table[np.clip(step - self.first, 0, len(self._table) - 1)]

    def by_moment(self, moment: Numbers) -> Places:
        """Of moments."""
        at = np.clip(moment // self._step - self.first, 0, len(self._table) - 1)
        found = self._table[at]
        (rows,) = np.nonzero(~self._whole[at])
        found[rows] = self._of(moment[rows], moment[rows])
        return found

    def _of(self, begin: Numbers, end: Numbers) -> Places:
        number = np.searchsorted(self._begins, begin, side="right") - 1
        slot = 2 * number + np.where(begin < self._period.until, 1, 2)
        return np.where(end < self._period.since, 0, slot).astype(np.int32)


class Read(NamedTuple):
    """What a row is: whose, in which slot, and whether it starts something, is a return, or both."""

    owner: Places
    slot: Places
    codes: Places


class Source(Protocol):
    """Where it stands who started something and came back, and when."""

    @property
    def count(self) -> int:
        """More than any owner's number that was told until now."""

    @contextmanager
    def rows(self, pool: Executor) -> Iterator[str | None]:
        """The SELECT to read; None where owners cannot be told by numbers."""

    def read(self, batch: pa.RecordBatch) -> Read:
        """What a part of its rows says."""


class Hours:
    """Of the roll-up, where the question is one for it."""

    def __init__(self, cohorts: Cohorts) -> None:
        self.asked, self.cohorts = cohorts.asked, cohorts
        self._slots, self._holders = Slots(cohorts, HOUR_US), Holders(cohorts.asked)

    @property
    def count(self) -> int:
        """As `Source` says."""
        return self._holders.count

    @contextmanager
    def rows(self, pool: Executor) -> Iterator[str | None]:
        """As `Source` says."""
        cohorts, asked = self.cohorts, self.asked
        earlier = asked.period.since if cohorts.from_ever else 0
        reach = hours(asked.period, earlier, cohorts.later)
        codes, either = _codes(cohorts, partial(star, asked))
        yield f"""
SELECT {key(asked)}, e.hour, {codes}
FROM daily AS e
WHERE {within(asked, reach)} AND e.hour >= {reach.start} AND e.hour < {reach.stop} AND {either}"""

    def read(self, batch: pa.RecordBatch) -> Read:
        """As `Source` says."""
        ids, hour, codes = (one.to_numpy() for one in batch.columns)
        return Read(self._holders.numbers(ids), self._slots.by_step(hour.astype(np.int64)), codes)


class Events:
    """Of the events themselves."""

    def __init__(self, cohorts: Cohorts) -> None:
        self.asked, self.cohorts, self._slots = cohorts.asked, cohorts, Slots(cohorts, _STEP_US)
        period = self.asked.period
        self._since = 0 if cohorts.from_ever else period.since
        self._numbered = Numbered(self.asked, self._since, period.until + cohorts.later)

    @property
    def count(self) -> int:
        """As `Source` says."""
        return self._numbered.count

    @contextmanager
    def rows(self, pool: Executor) -> Iterator[str | None]:
        """As `Source` says."""
        asked, cohorts, numbered = self.asked, self.cohorts, self._numbered
        codes, either = _codes(cohorts, asked.is_one)
        with numbered.known(pool):
            columns = {"subject": numbered.subject, "us": "epoch_us(e.timestamp)", "codes": codes}
            happened = asked.happened(
                columns,
                [either],
                earlier=asked.period.since - self._since,
                later=cohorts.later,
                owned=False,
                stitched=asked.all_stitched,
                joins=numbered.joins,
            )
            yield f"SELECT {', '.join(columns)} FROM (\n{happened})" if numbered.fit else None

    def read(self, batch: pa.RecordBatch) -> Read:
        """As `Source` says."""
        subject, moment, codes = (one.to_numpy() for one in batch.columns)
        slot = self._slots.by_moment(moment)
        return Read(self._numbered.owners(subject, moment - self._since), slot, codes)


def countable(cohorts: Cohorts) -> bool:
    """Whether a retention can be told by bits: of units by intervals of a calendar, each once in a column."""
    question, asked = cohorts.question, cohorts.asked
    first_of_name = question.kind == "first_ever" and cohorts.start.where
    return not (
        cohorts.apart
        or first_of_name
        or asked.question.unit not in NUMBERED
        or asked.lake.bounded
        or asked.looks_at_customers
        or cohorts.calendar.size * len(cohorts.spans.lows) > _MOST_CELLS
    )


class Comebacks:
    """Counts the owners of a retention that is countable, each of whom has a number and bits at its place.

    Bit 0 says that somebody started before the range, then there is one for each of its intervals; and one
    for each interval in which they can have come back.
    """

    def __init__(self, cohorts: Cohorts) -> None:
        self.cohorts, self.asked = cohorts, cohorts.asked
        self._size = cohorts.calendar.size
        self._places = 1 + self._size + len(cohorts.calendar.begins)

    def rows(self, source: Source) -> list[tuple[Any, ...]] | None:
        """Rows as those of the statement; None where it would take too much memory."""
        with self.asked.pool() as pool, source.rows(pool) as sql:
            bitmap = Bitmap.within_memory(1, self._places, source.count) if sql else None
            if sql is None or bitmap is None:
                return None
            list(worked(pool, partial(self._add, source, bitmap), self.asked.batches(sql)))
            cells, everybody = zip(*pool.map(self._counted, bitmap.parts), strict=True)
        return self._told(np.sum(cells, axis=0), np.sum(everybody, axis=0))

    def _add(self, source: Source, bitmap: Bitmap, batch: pa.RecordBatch) -> None:
        """Rows of one owner, slot and code are next to each other mostly: such make their marks once."""
        owner, slot, codes = source.read(batch)
        what = slot * 4 + codes
        changes = np.ones(len(what), np.bool_)
        changes[1:] = (what[1:] != what[:-1]) | (owner[1:] != owner[:-1])
        (begins,) = np.nonzero(changes)
        what, owner = what[begins], owner[begins]
        for one in np.flatnonzero(np.bincount(what)).tolist():
            bitmap.add(0, owner[what == one], self._marks(*divmod(one, 4)), source.count)

    def _marks(self, slot: int, code: int) -> list[int]:
        """The bits of those who did something in a slot."""
        if not slot:
            return [0] if code & _STARTS else []
        number, over = divmod(slot - 1, 2)
        started = [1 + number] if code & _STARTS and not over else []
        return started + ([1 + self._size + number] if code & _RETURNS else [])

    def _counted(self, bits: Bits) -> tuple[Counts, Counts]:
        """Of some owners: by interval how many entered, then how many of them came back in each column; how
        many there are in all, and how many whose last column is over.
        """
        spans, again = self.cohorts.spans, self.cohorts.question.kind == "recurring"
        before = there(bits, [0])[0] != 0
        ever, late = np.zeros_like(before), np.zeros_like(before)
        cells = np.zeros((self._size, len(spans.lows)), np.int64)
        for cohort in range(self._size):
            entered = there(bits, [1 + cohort])[0] != 0
            if not again:
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

    def _columns(self, cohort: int, column: int) -> list[int]:
        spans, first = self.cohorts.spans, 1 + self._size + cohort
        last = spans.horizon if self.cohorts.question.cumulative else spans.highs[column]
        return [first + number for number in range(spans.lows[column], last + 1)]

    def _whole(self, cohort: int) -> int:
        """How many intervals have ended since a cohort's own began."""
        return self.cohorts.calendar.ended(self.asked.complete_us) - cohort

    def _told(self, cells: Counts, everybody: Counts) -> list[tuple[Any, ...]]:
        spans = self.cohorts.spans
        begun = self.cohorts.calendar.begun(self.asked.complete_us)
        rows: list[tuple[Any, ...]] = []
        for cohort, (n, *came) in enumerate(cells.tolist()):
            for column, units in enumerate([0, *came]) if n else ():
                known = spans.horizon if self.cohorts.question.cumulative else spans.highs[column]
                over = int(self._whole(cohort) > known)
                has_begun = begun - cohort > spans.lows[column]
                rows.append((1, cohort, column, n, n * over, has_begun, units, units * over, None, None, ""))
        n, n_mature = everybody.tolist()
        return [*rows, (None, None, None, n, n_mature, *(None,) * 6)]


def _codes(cohorts: Cohorts, is_one: Callable[[Selector], str]) -> tuple[str, str]:
    """SQL of what a row is, and of whether it is any of it."""
    starts = is_one(cohorts.start)
    if cohorts.start == cohorts.returns:
        return f"{_BOTH}::TINYINT", starts
    returns = is_one(cohorts.returns)
    cases = f"CASE WHEN {starts} THEN {_STARTS} ELSE 0 END + CASE WHEN {returns} THEN {_RETURNS} ELSE 0 END"
    return f"({cases})::TINYINT", f"({starts} OR {returns})"
