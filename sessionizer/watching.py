"""Who looks at watches: one after the other, when their intervals are complete, in a part of the time."""

from __future__ import annotations

from typing import Final

from sdk_contract.errors import Terminal
from sessionizer.logs import Report
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.watches import PublishedWatch
from warehouse.watches import look
from warehouse.watches.definition import is_stopped

SHARE: Final = 10


class Watchman:
    """Use it from the writer's thread. Each watch is looked at every `every` seconds; all of them together
    take at most one part in `SHARE` of the time.
    """

    def __init__(self, registry: Registry, every: float, report: Report) -> None:
        self._registry, self._report = registry, report
        self._every = int(every * 1e6)
        self._due: dict[tuple[str, str, int], int] = {}
        self._rest = 0

    def is_due(self, now: int) -> bool:
        """`now` in µs UTC, as everywhere here."""
        return now >= self._rest

    def look(self, lake: Lake, now: int) -> bool:
        """Look at the watch that waited longest, if one is due; True where it has more to judge already."""
        waiting = [(self._due.get(_key(one), 0), one, after) for one, after in self._watches()]
        due, one, after = min(waiting, key=lambda each: each[0], default=(now + self._every, None, None))
        if one is None or due > now:
            self._rest = min(due, now + self._every)
            return False
        self._due[_key(one)] = now + self._every
        try:
            found = look(lake, self._registry, one, after, now)
        except Terminal as error:
            self._trouble(one, str(error))
            return False
        if found.kept.judged or found.kept.corrected:
            self._tell(one, found.kept.raised, found.kept.recovered, found.kept.corrected)
        if found.more:
            self._due[_key(one)] = now
        return found.more

    def took(self, began: int, ended: int) -> None:
        """The next look waits longer where this one took long."""
        self._rest = max(self._rest, ended + (SHARE - 1) * (ended - began))

    def _watches(self) -> list[tuple[PublishedWatch, PublishedWatch | None]]:
        """The newest two versions of each, and the one that follows: the older may have intervals left."""
        found, listed = [], self._registry.watches()
        for at, one in enumerate(listed):
            after = [two for two in listed[at + 1 : at + 3] if _name(two) == _name(one)]
            if len(after) < 2 and not is_stopped(one.text):
                found.append((one, after[0] if after else None))
        return found

    def _trouble(self, one: PublishedWatch, error: str) -> None:
        before = self._registry.progress(one)
        if before is None or before.error != error:
            fields = {"watch": one.name, "project": one.project, "error": error}
            self._report("warning", "watch cannot be judged", fields)
        self._registry.note_progress(one, before.load_seq if before else 0, error)

    def _tell(self, one: PublishedWatch, raised: int, recovered: int, corrected: int) -> None:
        fields = {"watch": one.name, "project": one.project, "version": one.number}
        told = {"alerts": raised, "recovered": recovered, "corrected": corrected}
        level = "warning" if raised else "debug"
        self._report(level, "watched", fields | {name: number for name, number in told.items() if number})


def _name(watch: PublishedWatch) -> tuple[str, str]:
    return watch.project, watch.name


def _key(watch: PublishedWatch) -> tuple[str, str, int]:
    return watch.project, watch.name, watch.number
