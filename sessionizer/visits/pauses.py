"""Sessions by a pause alone: from when to when, of how many events. Nothing else is read, so it is fast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec
import numpy as np
import pyarrow as pa

from sessionizer.sessions import VisitRules, read_moments
from sessionizer.statements import run, statement
from sessionizer.visits.reading import in_order
from sessionizer.visits.rules import MINUTE, SessionRules
from sessionizer.visits.slices import AT_ONCE, slices
from sessionizer.visits.stream import Flags, Longs, before
from warehouse.lake import Lake


class Spells(msgspec.Struct, frozen=True):
    """Sessions as columns: the subject, first and last moment (µs UTC), number of events."""

    subject: Longs
    first: Longs
    last: Longs
    events: Longs

    def __len__(self) -> int:
        return len(self.subject)

    def where(self, mask: Flags) -> Spells:
        return Spells(self.subject[mask], self.first[mask], self.last[mask], self.events[mask])

    def table(self) -> pa.Table:
        return pa.table({name: getattr(self, name) for name in self.__struct_fields__})


NOTHING = Spells(*(np.zeros(0, dtype=np.int64) for _ in range(4)))


def spells(lake: Lake, gap: int, at_once: int = AT_ONCE) -> Iterator[Spells]:
    """The temp view `whole`, cut where a subject pauses for more than `gap` µs; some at a time."""
    open_ = NOTHING
    for slice_ in slices(lake, at_once):
        columns = lake.execute(statement("sessions/moments_only", among=slice_.among)).fetchnumpy()
        order = in_order(columns)
        found = joined(open_, columns["subject"][order], columns["at"][order], gap)
        subject = found.subject
        goes_on = np.append(subject[1:] != subject[:-1], True)[: len(found)]
        goes_on &= slice_.until is not None and found.last + gap >= slice_.until
        open_ = found.where(goes_on)
        yield found.where(~goes_on)


def sessions_by_gap(
    lake: Lake, minutes: Sequence[float], first_day: date, last_day: date
) -> dict[float, int]:
    """How many sessions the events of these days (UTC, both included) make by each pause."""
    read_moments(lake, VisitRules(SessionRules("gaps", servers=True)))
    run(lake, "days", first_day=first_day.isoformat(), last_day=last_day.isoformat())
    return {gap: sum(len(part) for part in spells(lake, round(gap * MINUTE * 1_000_000))) for gap in minutes}


def joined(open_: Spells, subject: Longs, at: Longs, gap: int) -> Spells:
    """Events in order and the sessions that go on, one of a subject at most, as sessions in order."""
    places = np.searchsorted(subject, open_.subject)
    subject, last = np.insert(subject, places, open_.subject), np.insert(at, places, open_.last)
    first = np.insert(at, places, open_.first)
    events = np.insert(np.ones(len(at), dtype=np.int64), places, open_.events)
    begins = (subject != before(subject)) | (first - before(last) > gap)
    begins[:1] = True
    starts = np.flatnonzero(begins)
    if not len(starts):
        return NOTHING
    ends = np.append(starts[1:], len(begins)) - 1
    return Spells(subject[starts], first[starts], last[ends], np.add.reduceat(events, starts))
