"""The door workers of a supervisor: kept running, and replaced one at a time while they serve."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from collector.metrics import drop_dead
from collector.programs import Program, Report, Running, is_alive, stop_all
from collector.settings import CollectorSettings, pid_file

# Unready, farewell, slow bodies, the journal; twice the time that it takes at most.
STOP_SECONDS = 6.0
# One that is replaced is in nobody's way: on a slow machine it may take its time to answer what is in flight.
LEAVE_SECONDS = 60.0
SERVE_SECONDS, LOOK_SECONDS = 30.0, 0.05


class Workers:
    """Door workers by number; `program` gives the one of a number.

    Replaced, number n of N becomes n + N, and the next time n again: each has a journal folder of its own, so
    that the new one serves before the old one has ended.
    """

    def __init__(
        self, settings: CollectorSettings, program: Callable[[int], Program], report: Report
    ) -> None:
        self.settings, self.report = settings, report
        self._program = program
        self._numbers = list(range(settings.workers))
        self.running = [self._start(number) for number in self._numbers]

    def _start(self, number: int) -> Running:
        return Running(self._program(number), self.report)

    async def replace(self) -> None:
        """One after the other; the rest stays as it is where a new one does not come to serve."""
        for place in range(len(self.running)):
            if not await self._replace(place):
                return

    async def _replace(self, place: int) -> bool:
        count, old = len(self.running), self.running[place]
        number = (self._numbers[place] + count) % (2 * count)
        new = self._start(number)
        self.running.append(new)
        if not await self._serves(new):
            self.running.remove(new)
            await new.stop(STOP_SECONDS)
            self.report("worker not replaced", {"name": old.program.name, "by": new.program.name})
            return False
        await old.stop(LEAVE_SECONDS)
        self.running[place], self._numbers[place] = new, number
        self.running.pop()
        drop_dead(self.settings.metrics, is_alive)
        self.report("worker replaced", {"name": old.program.name, "by": new.program.name})
        return True

    async def _serves(self, new: Running) -> bool:
        clock = asyncio.get_running_loop().time
        until = clock() + SERVE_SECONDS
        while clock() < until:
            if new.process is not None and said(self.settings.run, new) == str(new.process.pid):
                return True
            if new.starts > 1:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return False

    async def stop(self) -> None:
        """All of them at the same time."""
        await stop_all(self.running, STOP_SECONDS)


def said(run: Path, one: Running) -> str:
    """The pid that a worker of this name left when it began to serve; empty: none did."""
    try:
        return pid_file(run, one.program.name).read_text()
    except FileNotFoundError:
        return ""
