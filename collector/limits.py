"""What one sender can take of the door: events a second, time for a body. No clock of its own."""

import asyncio
from math import ceil


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
