"""Bits of an activity over many events, or hours of the roll-up: units have numbers, and bits there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from warehouse.insights.activity import BEFORE, INSIDE, OVER, Activity, Marking
from warehouse.insights.ahead import worked
from warehouse.insights.bitmap import Bitmap
from warehouse.insights.filters import Selector
from warehouse.insights.numbered import Numbered
from warehouse.insights.rolled import HOUR_US, hours, key, star, within
from warehouse.insights.roster import Numbers, Places
from warehouse.insights.whose import Holders

R = TypeVar("R")
STEP_US: Final = 900_000_000  # clocks are set by quarters of an hour
_SIDES: Final = 3


class Slots:
    """Where moments lie: a slot is an interval of the calendar and a side of the range.

    Moments (µs UTC) are looked up in stretches of `step` µs.
    """

    def __init__(self, activity: Activity, step: int) -> None:
        period, calendar = activity.asked.period, activity.calendar
        self._since, self._until, self._step = period.since, period.until, step
        self._begins = np.array(calendar.begins)
        self._first = calendar.begins[0] // step - 1
        begins = np.arange(self._first, max(calendar.begins[-1], period.until) // step + 1) * step
        ends = begins + step - 1
        self._table = self._of(begins, ends)
        cuts = np.array(sorted([period.since, period.until, *calendar.begins]))
        cut = (np.searchsorted(cuts, at, side="right") for at in (begins, ends))
        self._whole = np.equal(*cut)

    @staticmethod
    def told(slot: int) -> tuple[int, int]:
        """(number of the interval, -1 before the first; side of the range)."""
        number, side = divmod(slot, _SIDES)
        return number - 1, side

    def by_step(self, step: Numbers) -> Places:
        """Of stretches since 1970; where the range ends within one, nothing happened in its other part."""
        return self._table[np.clip(step - self._first, 0, len(self._table) - 1)]

    def by_moment(self, moment: Numbers) -> Places:
        """Of moments."""
        at = np.clip(moment // self._step - self._first, 0, len(self._table) - 1)
        found = self._table[at]
        (rows,) = np.nonzero(~self._whole[at])
        found[rows] = self._of(moment[rows], moment[rows])
        return found

    def _of(self, begin: Numbers, end: Numbers) -> Places:
        number = np.searchsorted(self._begins, begin, side="right")
        side = np.where(end < self._since, BEFORE, np.where(begin < self._until, INSIDE, OVER))
        return (_SIDES * number + side).astype(np.int32)


class Read(NamedTuple):
    """What a row is: whose, in which slot, of which selectors (bits)."""

    owner: Places
    slot: Places
    codes: Places


class Source(Protocol):
    """Where it stands who did something, and when."""

    @property
    def count(self) -> int:
        """More than any unit's number that was told until now."""

    @contextmanager
    def rows(self, pool: Executor) -> Iterator[str | None]:
        """The SELECT to read; None where units cannot be told by numbers."""

    def read(self, batch: pa.RecordBatch) -> Read:
        """What a part of its rows says."""


class Hours:
    """Of the roll-up, where the question is one for it."""

    def __init__(self, activity: Activity) -> None:
        self.activity, self._slots = activity, Slots(activity, HOUR_US)
        self._holders = Holders(activity.asked)

    @property
    def count(self) -> int:
        """As `Source` says."""
        return self._holders.count

    @contextmanager
    def rows(self, pool: Executor) -> Iterator[str | None]:
        """As `Source` says."""
        activity, asked = self.activity, self.activity.asked
        reach = hours(asked.period, activity.earlier, activity.later)
        codes, either = _codes(activity, partial(star, asked))
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

    def __init__(self, activity: Activity) -> None:
        period = activity.asked.period
        self.activity, self._slots = activity, Slots(activity, STEP_US)
        self._since = period.since - activity.earlier
        self._numbered = Numbered(activity.asked, self._since, period.until + activity.later)

    @property
    def count(self) -> int:
        """As `Source` says."""
        return self._numbered.count

    @contextmanager
    def rows(self, pool: Executor) -> Iterator[str | None]:
        """As `Source` says."""
        activity, asked, numbered = self.activity, self.activity.asked, self._numbered
        codes, either = _codes(activity, asked.is_one)
        with numbered.known(pool):
            columns = {"subject": numbered.subject, "us": "epoch_us(e.timestamp)", "codes": codes}
            happened = asked.happened(
                columns,
                [either],
                earlier=activity.earlier,
                later=activity.later,
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


def marked(activity: Activity, marking: Marking[R], *, rolled: bool) -> list[R] | None:
    """What a marking counts of its bits, for some units each; None where they take too much memory."""
    asked = activity.asked
    source: Source = Hours(activity) if rolled else Events(activity)
    with asked.pool() as pool, source.rows(pool) as sql:
        bitmap = Bitmap.within_memory(1, marking.places, source.count) if sql else None
        if sql is None or bitmap is None:
            return None
        for _ in worked(pool, partial(_add, source, marking, bitmap), asked.batches(sql)):
            pass
        return list(pool.map(marking.counted, bitmap.parts))


def _add(source: Source, marking: Marking[Any], bitmap: Bitmap, batch: pa.RecordBatch) -> None:
    """Rows of one unit, slot and code are next to each other mostly: such set their bits once."""
    owner, slot, codes = source.read(batch)
    what = (slot << 8) | codes
    changes = np.ones(len(what), np.bool_)
    changes[1:] = (what[1:] != what[:-1]) | (owner[1:] != owner[:-1])
    (begins,) = np.nonzero(changes)
    what, owner = what[begins], owner[begins]
    for one in np.unique(what).tolist():
        slot_, code = divmod(one, 1 << 8)
        if places := marking.marks(*Slots.told(slot_), code):
            bitmap.add(0, owner[what == one], places, source.count)


def _codes(activity: Activity, is_one: Callable[[Selector], str]) -> tuple[str, str]:
    """SQL of the selectors that a row is of, as bits, and of whether it is of any."""
    tests: dict[Selector, str] = {one: is_one(one) for one in dict.fromkeys(activity.selectors)}
    bits = dict.fromkeys(tests, 0)
    for at, one in enumerate(activity.selectors):
        bits[one] |= 1 << at
    if len(tests) == 1:
        return f"{(1 << len(activity.selectors)) - 1}::TINYINT", next(iter(tests.values()))
    cases = " + ".join(f"CASE WHEN {sql} THEN {bits[one]} ELSE 0 END" for one, sql in tests.items())
    return f"({cases})::TINYINT", f"({' OR '.join(tests.values())})"
