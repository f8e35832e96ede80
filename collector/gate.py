"""Whether the door is open: room on the disk and in the journal, bytes in flight. No clock of its own."""

import os
from math import ceil
from pathlib import Path

import msgspec

from collector.backlog import Backlog, DrainRate
from sdk_contract.verdicts import Reason

LONGEST_WAIT = 300
UNKNOWN_WAIT = 30
ROOM = 0.1
DISK_ROOM = 0.01


class Disk(msgspec.Struct, frozen=True):
    """Bytes of a disk as an ordinary user sees them."""

    used: int
    size: int

    @property
    def share(self) -> float:
        """The full part, 0 to 1."""
        return self.used / self.size if self.size else 1.0


def disk_of(folder: Path) -> Disk:
    disk = os.statvfs(folder)
    used = disk.f_blocks - disk.f_bfree
    return Disk(used * disk.f_frsize, (used + disk.f_bavail) * disk.f_frsize)


class Gate:
    """Open while there is room to keep what comes in. `shut` is None or the reason for a 503.

    Once full, it opens again only when some of the backlog is gone, lest it open and shut every second.
    """

    def __init__(self, backlog_limit: int, disk_watermark: float, inflight_limit: int) -> None:
        self.backlog_limit, self.disk_watermark = backlog_limit, disk_watermark
        self.inflight_limit = inflight_limit
        self.inflight = 0
        self.draining = False
        self.full: str | None = None
        self.retry_after = 1
        self.backlog = Backlog({})
        self._drain = DrainRate()

    @property
    def shut(self) -> Reason | None:
        if self.draining:
            return Reason.DRAINING
        return Reason.OVERLOADED if self.full or self.inflight > self.inflight_limit else None

    @property
    def drain_rate(self) -> float:
        """Bytes a second that are published; 0: none, or not known yet."""
        return self._drain.value

    def measure(self, backlog: Backlog, disk: Disk, now: int) -> None:
        """Takes a new look; `now` in µs of any origin."""
        self._drain.look(backlog.segments, now / 1e6)
        self.backlog = backlog
        over, text = max(
            (self._over_watermark(disk), self._disk_text(disk)), (self._over_limit(), self._backlog_text())
        )
        self.full = text if over >= 0 else None
        self.retry_after = self._wait(over) if self.full else 1

    def _over_watermark(self, disk: Disk) -> int:
        """Bytes that have to go before the disk has room; less than 0: it has."""
        room = min(int(DISK_ROOM * disk.size), self.backlog.size // 2) if self.full else 0
        return disk.used - ceil(self.disk_watermark * disk.size) + room

    def _over_limit(self) -> int:
        room = int(ROOM * self.backlog_limit) if self.full else 0
        return self.backlog.size - self.backlog_limit + room

    def _disk_text(self, disk: Disk) -> str:
        return f"the disk is {disk.share:.0%} full, the limit is {self.disk_watermark:.0%}"

    def _backlog_text(self) -> str:
        return f"{self.backlog.size} bytes wait to be published, the limit is {self.backlog_limit}"

    def _wait(self, over: int) -> int:
        """Seconds until `over` bytes are published at the measured rate.

        Nobody knows when a store that is away comes back, nor when somebody makes room on a disk that more
        than the journal fills.
        """
        seconds = self._drain.seconds(over + 1)
        if seconds is None or over > self.backlog.size:
            return UNKNOWN_WAIT
        return max(1, min(LONGEST_WAIT, ceil(seconds)))
