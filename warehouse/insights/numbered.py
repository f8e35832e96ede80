"""Owners of events by small numbers, found with one look-up an event.

On a device of several people time decides whose an event is: that is found here, among what they did alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.insights.asked import Asked
from warehouse.statements import statement

Numbers = npt.NDArray[np.int64]
NUMBERED: Final = ("customer", "device")
_SHARED: Final = pa.schema([("subject_key", pa.int64()), ("place", pa.int64())])
_STRAY: Final = -(1 << 61)
# Of ids that are in no customer: far below the devices of several people.
_OWNER: Final = "coalesce({known}, -1 - 4611686018427387904 - e.subject_key % 4611686018427387904)"
_NUMBERS: Final = "SELECT identity_key, number AS customer FROM keyed"
_EDGES: Final = "LEFT JOIN edges ON edges.load_seq = e.load_seq\n"


class Numbered:
    """Customers or devices by number, from 0 to below `count`, of events from `since` until `until` (µs UTC).

    Within `known()`: `joins` finds the number `owner` (SQL) of the event `e`; below 0, `owners()` tells it.
    """

    def __init__(self, asked: Asked, since: int, until: int) -> None:
        self.asked, self.since, self.until = asked, since, until
        self.count = 0
        self.owner, self.joins = _OWNER.format(known="placed.number"), statement("insights/lanes/placed")
        self._visits = np.zeros((4, 0), np.int64)
        self._own = self._strays = np.zeros(0, np.int64)

    @contextmanager
    def known(self) -> Iterator[None]:
        """Inside, statements can read the numbers."""
        asked, unit = self.asked, self.asked.question.unit
        project = asked.values.bind(asked.project)
        keyed = asked.columns(statement(f"insights/lanes/keyed_{unit}", project=project))
        self.count = 1 + (pc.max(keyed["number"]).as_py() or 0)
        with ExitStack() as tables:
            tables.enter_context(asked.lake.table("keyed", keyed))
            shared = self._visited(tables) if unit == "customer" else _SHARED.empty_table()
            tables.enter_context(asked.lake.table("shared", shared))
            yield

    def meet(self, columns: Iterable[Numbers]) -> None:
        """Gives those a number who are no customer's, from all that `owner` found."""
        strays = [np.unique(one[one < _STRAY]) for one in columns]
        self.count -= len(self._strays)
        self._strays = np.unique(np.concatenate([self._own[:0], *strays]))
        self.count += len(self._strays)

    def owners(self, number: Numbers, moment: Numbers) -> Numbers:
        """The numbers of those for which `owner` found less than 0."""
        stray = number < _STRAY
        known = self.count - len(self._strays)
        found = known + np.searchsorted(self._strays, number)
        found[~stray] = self._visitors(number[~stray], moment[~stray])
        return found

    def _visitors(self, number: Numbers, moment: Numbers) -> Numbers:
        """Of who visited a device of several people at that moment, else of its own customer."""
        place = -1 - number
        devices, opens, closes, theirs = self._visits
        # Visits by device and time as one number each, so that the last one before an event is looked up.
        at = np.searchsorted(self._line(devices, opens), self._line(place, moment), side="right") - 1
        if not len(devices):
            return self._own[place]
        inside = (at >= 0) & (devices[at] == place) & (moment <= closes[at])
        return np.where(inside, theirs[at], self._own[place])

    def _line(self, place: Numbers, moment: Numbers) -> Numbers:
        return place * (self.until - self.since + 1) + np.clip(moment - self.since, 0, None)

    def _visited(self, tables: ExitStack) -> pa.Table:
        """Reads the visits; the devices that there were any on."""
        asked, bind = self.asked, self.asked.values.bind
        abroad = statement(
            "insights/abroad",
            owned=_NUMBERS,
            project=bind(asked.project),
            since=bind(self.since),
            until=bind(self.until),
            seq=bind(asked.seq),
        )
        found = asked.arrow(statement("insights/lanes/visits", abroad=abroad))
        if pc.any(found["meets"]).as_py():
            edges = asked.arrow(statement("insights/lanes/edges", abroad=abroad))
            tables.enter_context(asked.lake.table("edges", edges))
            self.owner = _OWNER.format(known="edges.number, placed.number")
            self.joins += _EDGES
        subject, place, opens, closes, own, theirs = (
            found[name].to_numpy().astype(np.int64)
            for name in ("subject_key", "place", "opens", "closes", "own", "theirs")
        )
        _, first = np.unique(place, return_index=True)
        self._own = own[first]
        held = opens <= closes
        self._visits = np.stack([place, opens, closes, theirs])[:, held]
        return pa.table([subject[first], place[first]], schema=_SHARED)
