"""Which of the processor's cores each program of a collector runs on, where workers have some of their own.

A worker that shares its core with the sink waits its turn: the slowest hundredth of answers does. Apart, as
with nginx's worker_cpu_affinity, it waits for nobody; but it cannot move away from what others do there.
"""

import os
import sys
from collections.abc import Set
from contextlib import suppress

import msgspec

from collector.errors import CannotStart
from collector.settings import CollectorSettings

Cores = frozenset[int]
ANY: Cores = frozenset()


class Shares(msgspec.Struct, frozen=True):
    """The core of each worker, by place, and those of all other programs; none: any core will do."""

    workers: tuple[Cores, ...] = ()
    others: Cores = ANY

    def of_worker(self, number: int) -> Cores:
        """Also of the one that takes a worker's place, whose number is higher by as many as there are."""
        return self.workers[number % len(self.workers)] if self.workers else ANY


def shares(settings: CollectorSettings) -> Shares:
    """Each worker its own core, by setting. CannotStart where there are too few, or the system has no say."""
    if not settings.cpu_affinity:
        return Shares()
    if sys.platform != "linux":
        raise CannotStart("SOJOURN_CPU_AFFINITY: only Linux lets programs choose a core; false would do")
    return shared_out(settings.workers, os.sched_getaffinity(0))


def shared_out(workers: int, cores: Set[int]) -> Shares:
    """The lowest cores are the workers', one each, the rest everybody else's."""
    if len(cores) <= workers:
        raise CannotStart(
            f"SOJOURN_CPU_AFFINITY: a core for each of {workers} workers and one for the rest are more than"
            f" the {len(cores)} there are; a smaller SOJOURN_WORKERS, or SOJOURN_CPU_AFFINITY=false, would do"
        )
    own = sorted(cores)
    return Shares(tuple(frozenset({core}) for core in own[:workers]), frozenset(own[workers:]))


def place(pid: int, cores: Cores) -> None:
    """Let a program that has just begun run there only, with all threads that it will start.

    Where it has ended already, or the system has taken those cores from us since, it stays as it is.
    """
    if cores and sys.platform == "linux":
        with suppress(OSError):
            os.sched_setaffinity(pid, cores)
