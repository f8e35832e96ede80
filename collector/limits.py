"""What the door can take now: disk, backlog, bytes in flight, rates, slow bodies. No clock of its own."""

import asyncio
import os
from math import ceil
from pathlib import Path

import msgspec

from sdk_contract.verdicts import Reason

LONGEST_WAIT = 300
UNKNOWN_WAIT = 30
SMOOTHING = 0.3


class Backlog(msgspec.Struct, frozen=True):
    """Unpublished journal: bytes by segment, and since when the oldest sealed one waits (ms UTC)."""

    segments: dict[str, int]
    oldest: int | None = None

    @property
    def size(self) -> int:
        return sum(self.segments.values())


def read_backlog(journal: Path) -> Backlog:
    """Lists the segments of all workers; one that disappears while they are listed is published."""
    segments: dict[str, int] = {}
    sealed: list[int] = []
    for path in journal.glob("*/*"):
        if path.suffix not in (".open", ".sealed"):
            continue
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        segments[f"{path.parent.name}/{path.stem}"] = status.st_size
        if path.suffix == ".sealed":
            sealed.append(int(status.st_mtime * 1000))
    return Backlog(segments, min(sealed, default=None))


def disk_used(folder: Path) -> float:
    """The part of the disk that is full, as an ordinary user sees it: 0 to 1."""
    disk = os.statvfs(folder)
    usable = disk.f_blocks - disk.f_bfree + disk.f_bavail
    return 1.0 - disk.f_bavail / usable if usable else 1.0


class Gate:
    """Open while there is room to keep what comes in. `shut` is None or the reason for a 503."""

    def __init__(self, backlog_limit: int, disk_watermark: float, inflight_limit: int) -> None:
        self.backlog_limit, self.disk_watermark = backlog_limit, disk_watermark
        self.inflight_limit = inflight_limit
        self.inflight = 0
        self.draining = False
        self.full: str | None = None
        self.retry_after = 1
        self.backlog = Backlog({})
        self.drain_rate = 0.0
        self._measured_at: int | None = None

    @property
    def shut(self) -> Reason | None:
        if self.draining:
            return Reason.DRAINING
        return Reason.OVERLOADED if self.full or self.inflight > self.inflight_limit else None

    def measure(self, backlog: Backlog, used: float, now: int) -> None:
        """Takes a new look (`now` µs); the drain rate is what disappeared since the last one, smoothed."""
        if self._measured_at is not None and now > self._measured_at:
            gone = sum(size for name, size in self.backlog.segments.items() if name not in backlog.segments)
            rate = gone / ((now - self._measured_at) / 1e6)
            self.drain_rate += SMOOTHING * (rate - self.drain_rate)
        self._measured_at, self.backlog = now, backlog
        self.full = self._fullness(backlog.size, used)
        self.retry_after = self._wait(backlog.size) if self.full else 1

    def _fullness(self, size: int, used: float) -> str | None:
        if used >= self.disk_watermark:
            return f"the disk is {used:.0%} full, the limit is {self.disk_watermark:.0%}"
        if size >= self.backlog_limit:
            return f"{size} bytes wait to be published, the limit is {self.backlog_limit}"
        return None

    def _wait(self, size: int) -> int:
        """Seconds until a tenth of the backlog (or what is too much) is published at the measured rate."""
        excess = max(size - self.backlog_limit, size // 10)
        if self.drain_rate < 1:
            return UNKNOWN_WAIT
        return max(1, min(LONGEST_WAIT, ceil(excess / self.drain_rate)))


class Quota:
    """Events a second for each write key: a bucket that holds two seconds' worth. Rate 0: no limit."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._buckets: dict[int, tuple[float, float]] = {}

    def wait(self, key_no: int, events: int, now: float) -> int:
        """0 where the events fit (they are taken off), else the seconds after which they would.

        More events than the bucket holds pass when it is full, else they could never pass.
        """
        if not self.rate:
            return 0
        size = self.rate * 2
        level, since = self._buckets.get(key_no, (size, now))
        level = min(size, level + (now - since) * self.rate)
        short = min(events, size) - level
        if short > 1e-9:
            self._buckets[key_no] = (level, now)
            return max(1, ceil(short / self.rate))
        self._buckets[key_no] = (level - events, now)
        return 0


class SlowBodies:
    """Cuts off requests whose body takes too long, by one sweep a second instead of a timer each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[asyncio.Task[object], float] = {}
        self._cut: set[asyncio.Task[object]] = set()

    def begin(self, task: asyncio.Task[object], now: float) -> None:
        self._since[task] = now

    def end(self, task: asyncio.Task[object]) -> None:
        self._since.pop(task, None)

    def sweep(self, now: float) -> int:
        """Cancels the reading of every body that began more than `seconds` ago; how many."""
        late = [task for task, since in self._since.items() if now - since > self.seconds]
        for task in late:
            del self._since[task]
            self._cut.add(task)
            task.cancel()
        return len(late)

    def was_cut(self, task: asyncio.Task[object]) -> bool:
        """True once for a task that `sweep` cancelled: its cancellation is ours, not the server's."""
        if task not in self._cut:
            return False
        self._cut.discard(task)
        task.uncancel()
        return True
