"""Owners of events by small numbers, looked up in sorted arrays.

Events come sorted by their devices as the lake keeps them, or nearly: a device is looked up once for all of
its events in a row. On a device of several people time decides whose an event is: that is found here as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Final

import numpy as np
import pyarrow as pa

from warehouse.insights.ahead import worked
from warehouse.insights.asked import Asked
from warehouse.insights.roster import Numbers, Places, Strays
from warehouse.insights.stays import Sessions, Stays
from warehouse.insights.whose import Whose
from warehouse.statements import statement

_NOBODY: Final = -(1 << 62)  # the subject of events without an id; those from -1 on are known numbers
_EDGES: Final = "LEFT JOIN edges ON edges.load_seq = e.load_seq\n"


class Numbered:
    """Customers or devices by number, from 0 to below `count`, of events from `since` until `until` (µs UTC).

    Within `known()`: `joins` finds the `subject` (SQL) of the event `e`; `owners()` tells whose that is.
    """

    def __init__(self, asked: Asked, since: int, until: int) -> None:
        self.asked, self.since, self.until = asked, since, until
        self.subject, self.joins = f"coalesce(e.subject_key, {_NOBODY})", ""

    @contextmanager
    def known(self, pool: Executor) -> Iterator[None]:
        """Inside, statements can read subjects."""
        self._roster, self._own, count = Whose.of(self.asked)
        self._strays = Strays(count)
        self._stays = Stays(self._sessions(pool), self._own)
        if not self._stays.meets:
            yield
            return
        with self.asked.lake.table("edges", self._edges()):
            self.subject = f"coalesce(-1 - edges.number, e.subject_key, {_NOBODY})"
            self.joins = _EDGES
            yield

    @property
    def fit(self) -> bool:
        """Whether owners can be told by numbers."""
        return self._stays.fit

    @property
    def count(self) -> int:
        """More than any number that was told until now."""
        return self._strays.count

    def owners(self, subject: Numbers, passed: Numbers) -> Places:
        """The numbers of the owners of events, by their subjects and how many µs after `since` they came."""
        (begins,) = np.nonzero(np.append(True, subject[1:] != subject[:-1])[: len(subject)])
        times = np.diff(np.append(begins, len(subject)))
        keys = subject[begins]
        place = self._roster.places(keys)
        number = self._own[place]
        unknown = place < 0
        number[unknown] = self._strangers(keys[unknown])
        found = np.repeat(number, times)
        shared = self._stays.shared(place)
        (rows,) = np.nonzero(np.repeat(shared, times))
        device = np.repeat(place[shared], times[shared])
        found[rows] = self._stays.owners(device, passed[rows], found[rows])
        return found

    def _strangers(self, keys: Numbers) -> Places:
        """Of what is in no customer, and of the known numbers that stand in the place of a key."""
        told = (keys < 0) & (keys != _NOBODY)
        found = np.zeros(len(keys), np.int32)
        found[told] = -1 - keys[told]
        found[~told] = self._strays.numbers(keys[~told])
        return found

    def _sessions(self, pool: Executor) -> Sessions:
        """Those on devices that somebody else than their own customer was on."""
        asked, found = self.asked, [Sessions.none()]
        if asked.question.unit == "customer":
            reach: dict[str, int | str] = {"since": self.since, "until": self.until}
            read = statement("insights/lanes/sessions", project=asked.values.bind(asked.project), **reach)
            found += worked(pool, self._looked_up, asked.batches(read))
        shared = np.zeros(len(self._own), np.bool_)
        for one in found:
            shared[one.device[one.foreign(self._own)]] = True
        kept = (one.of(shared[one.device] & (one.device >= 0)) for one in found)
        return Sessions(*(np.concatenate(column) for column in zip(*kept, strict=True)))

    def _looked_up(self, batch: pa.RecordBatch) -> Sessions:
        subject, identity, begins, ends = (one.to_numpy() for one in batch.columns)
        device = self._roster.places(subject)
        visitor = device.copy()
        (other,) = np.nonzero(identity != subject)
        visitor[other] = self._roster.places(identity[other])
        return Sessions(device, visitor, begins, ends)

    def _edges(self) -> pa.Table:
        """Whose the events are that lie in a moment which two sessions share."""
        asked, bind = self.asked, self.asked.values.bind
        project = bind(asked.project)
        abroad = statement(
            "insights/abroad",
            owned=statement("insights/owned", project=project),
            project=project,
            since=bind(self.since),
            until=bind(self.until),
            seq=bind(asked.seq),
        )
        found = asked.arrow(statement("insights/lanes/edges", abroad=abroad))
        number = self._own[self._roster.places(found["identity_key"].to_numpy())]
        return pa.table({"load_seq": found["load_seq"], "number": number})
