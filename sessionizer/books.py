"""The books of the last hours, counted now and then by the writer, so that a difference is seen by itself."""

import msgspec

from sessionizer.logs import Report
from warehouse.balance import Balance, balance
from warehouse.counted import Counted, OpenHour, write_counted
from warehouse.lake import Lake
from warehouse.landing import Store
from warehouse.registry import Registry
from warehouse.segments import HOUR_US
from warehouse.settings import Folders

SHARE = 50
_NAMED = 20


class Bookkeeper:
    """Counts every `every` seconds what came in the last `hours`; at most one part in `SHARE` of the time."""

    def __init__(
        self, registry: Registry, folders: Folders, every: float, hours: int, report: Report
    ) -> None:
        self._registry, self._journal, self._report = registry, folders.journal, report
        self._every, self._hours = int(every * 1e6), hours
        self._due = 0
        self._difference = 0

    def is_due(self, now: int) -> bool:
        """`now` in µs UTC, as everywhere here."""
        return now >= self._due

    def count(self, lake: Lake, store: Store, now: int) -> Counted:
        """Count, keep it in the registry, and say so where the difference is another than before."""
        self._due = now + self._every
        since = now // HOUR_US - self._hours + 1
        counted = summed(balance(lake, store, self._registry, self._journal, since), since, now)
        write_counted(self._registry, counted)
        if counted.difference != self._difference:
            self._tell(counted)
        self._difference = counted.difference
        return counted

    def took(self, began: int, ended: int) -> None:
        """The next count waits longer where this one took long."""
        self._due = max(self._due, ended + SHARE * (ended - began))

    def _tell(self, counted: Counted) -> None:
        fields = {"difference": counted.difference, "open": msgspec.to_builtins(counted.open)}
        if counted.difference:
            self._report("error", "the books do not close", fields)
        else:
            self._report("info", "the books close again", {})


def summed(found: Balance, since: int, now: int) -> Counted:
    """The sums, and what does not close."""
    terms = msgspec.to_builtins(found.total)
    del terms["difference"]
    off = [OpenHour(entry.key_no, entry.hour, entry.books.difference) for entry in found.open]
    return Counted(now, since, terms, sum(abs(one.difference) for one in off), off[:_NAMED])
