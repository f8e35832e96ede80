"""Token buckets that the workers of a machine share: a file of times, changed under a lock of microseconds.

A slot holds the time until which its bucket is spoken for (GCRA): one float64, so that a worker killed at any
instant leaves the old time or the new one. The kernel frees a dead worker's lock. Times are of a clock that
all processes of the machine read alike (CLOCK_MONOTONIC).
"""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct

BURST_SECONDS = 2.0
TRIES = 4
_TIME = Struct("<d")


class Shared:
    """A file of `size` bytes that several processes map."""

    def __init__(self, path: Path, size: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        self._map(size)

    def _map(self, size: int) -> None:
        if os.fstat(self._file).st_size < size:
            os.ftruncate(self._file, size)
        self.memory = mmap.mmap(self._file, size)

    def grow(self, size: int) -> None:
        """Maps at least so many bytes."""
        if size > len(self.memory):
            self.memory.close()
            self._map(1 << (size - 1).bit_length())

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Whether it could be had at once: a loop that serves many must not wait for one that sleeps."""
        held = any(self._try() for _ in range(TRIES))
        try:
            yield held
        finally:
            if held:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self.memory.close()
        os.close(self._file)


class Buckets:
    """A bucket a slot, of `BURST_SECONDS` at its rate."""

    def __init__(self, path: Path, slots: int = 1024) -> None:
        self._shared = Shared(path, slots * _TIME.size)

    def take(self, slot: int, rate: float, need: float, spare: float, now: float) -> float | None:
        """Tokens taken: `need`, and up to `spare` more while the bucket has them. None: no lock could be had.

        Negative: nothing is taken, the bucket is in debt for so many seconds. One that is not gives `need`
        even where it has less, and is in debt then.
        """
        at = slot * _TIME.size
        self._shared.grow(at + _TIME.size)
        with self._shared.lock() as held:
            if not held:
                return None
            until: float = _TIME.unpack_from(self._shared.memory, at)[0]
            if until > now:
                return now - until
            until = max(until, now - BURST_SECONDS)
            taken = need + min(spare, max(0.0, (now - until) * rate - need))
            _TIME.pack_into(self._shared.memory, at, until + taken / rate)
        return taken

    def close(self) -> None:
        self._shared.close()
