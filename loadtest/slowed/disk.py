"""A slow disk in the place of a worker's: so many bytes a second, and a time to begin."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

SLOW: Final = "LOADTEST_SLOW_DISK"
START: Final = Path(__file__).parent / "start"
_MODULE: Final = "collector.worker"


class Disk(msgspec.Struct, frozen=True):
    """`latency` seconds for each sync, and the time that `bandwidth` bytes a second take."""

    bandwidth: float
    latency: float

    @property
    def variables(self) -> Mapping[str, str]:
        """What makes a program started with it, and its workers, slow."""
        paths = [str(START), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {SLOW: f"{self.bandwidth} {self.latency}", "PYTHONPATH": os.pathsep.join(paths)}


def slow_down() -> None:
    """In a worker where the variable says so; nothing anywhere else."""
    said = os.environ.get(SLOW)
    if said and _MODULE in sys.orig_argv:
        disk = Disk(*map(float, said.split()))
        os.write, os.fdatasync = slowed(disk, os.write, os.fdatasync, time.monotonic, time.sleep)  # type: ignore[assignment]


def slowed(
    disk: Disk,
    write: Callable[[int, bytes], int],
    sync: Callable[[int], None],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> tuple[Callable[[int, bytes], int], Callable[[int], None]]:
    """The two calls, of which the second lasts as long as the bytes written since then take."""
    unsynced: Counter[int] = Counter()

    def counted(descriptor: int, data: bytes) -> int:
        size = write(descriptor, data)
        unsynced[descriptor] += size
        return size

    def slow(descriptor: int) -> None:
        until = clock() + disk.latency + unsynced.pop(descriptor, 0) / disk.bandwidth
        sync(descriptor)
        if (left := until - clock()) > 0:
            sleep(left)

    return counted, slow
