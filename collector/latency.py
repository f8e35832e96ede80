"""How long the journal's disk takes: the slowest hundredth of the last minute."""

from collections import deque
from collections.abc import Iterable
from math import ceil
from typing import Final

MINUTE: Final = 60.0


class Latency:
    """Times in seconds, each batch with the moment (of any clock) at which it was taken in."""

    def __init__(self) -> None:
        self._batches: deque[tuple[float, list[float]]] = deque()

    def add(self, times: Iterable[float], now: float) -> None:
        """Takes these in, and forgets what is older than a minute."""
        self._batches.append((now, list(times)))
        while self._batches[0][0] < now - MINUTE:
            self._batches.popleft()

    @property
    def p99(self) -> float:
        """Of 100 times the second slowest; 0 where there is none."""
        times = sorted(time for _, batch in self._batches for time in batch)
        return times[ceil(len(times) * 0.99) - 1] if times else 0.0
