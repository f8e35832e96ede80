"""Owners of events by small numbers, looked up in sorted arrays.

Events come sorted by their devices as the lake keeps them, or nearly: a device is looked up once for all of
its events in a row. On a device of several people time decides whose an event is: that is found here as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
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
        whose = Whose.soon(self.asked, pool)
        sessions = self._sessions(whose, pool)
        self._roster, self._own, count = whose.result()
        self._strays, self._stays = Strays(count), Stays(sessions, self._own)
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

    def _sessions(self, whose: Future[Whose], pool: Executor) -> Sessions:
        """Those on devices that somebody else than their own customer was on."""
        asked = self.asked
        if asked.question.unit != "customer":
            return Sessions.none()
        reach: dict[str, int | str] = {"since": self.since, "until": self.until}
        read = statement("insights/lanes/sessions", project=asked.values.bind(asked.project), **reach)
        # Ids are put in order while sessions are read.
        found = list(worked(pool, partial(_looked_up, whose), asked.batches(read)))
        shared = np.zeros(len(whose.result().own), np.bool_)
        for _, theirs in found:
            shared[theirs] = True
        kept = pool.map(
            lambda one: one.of(shared[one.device] & (one.device >= 0)), (all_ for all_, _ in found)
        )
        columns = zip(Sessions.none(), *kept, strict=True)
        return Sessions(*(np.concatenate(column) for column in columns))

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


def _looked_up(whose: Future[Whose], batch: pa.RecordBatch) -> tuple[Sessions, Places]:
    """Sessions, and the devices that somebody else than their own customer was on."""
    roster, own, _ = whose.result()
    subject, identity, begins, ends = (one.to_numpy() for one in batch.columns)
    device = roster.places(subject)
    visitor = device.copy()
    (other,) = np.nonzero(identity != subject)
    visitor[other] = roster.places(identity[other])
    found = Sessions(device, visitor, begins, ends)
    return found, device[found.foreign(own)]
