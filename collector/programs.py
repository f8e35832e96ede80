"""Child programs: start them, start a fallen one again with back-off, stop them in order."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import msgspec

from collector.cores import ANY, Cores, place

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
LONG_RUN = 30.0


class Program(msgspec.Struct, frozen=True):
    """A module of ours to run as a program, with the variables that differ from this one's environment."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    sockets: tuple[int, ...] = ()
    once: bool = False
    cores: Cores = ANY

    def command(self) -> list[str]:
        return [sys.executable, "-m", "collector.child", str(os.getpid()), self.module, *self.arguments]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


Report = Callable[[str, Mapping[str, object]], None]
Relay = Callable[[str, str], None]


class Running:
    """One program kept running until it is told to stop.

    `relay` receives (program name, line) for what the program prints; None: it writes to our own stderr.
    """

    def __init__(self, program: Program, report: Report, relay: Relay | None = None) -> None:
        self.program, self.report, self.relay = program, report, relay
        self.process: asyncio.subprocess.Process | None = None
        self.stopping = self.renewing = False
        self.starts = 0
        self.code: int | None = None
        self._woken = asyncio.Event()
        self.task = asyncio.ensure_future(self._keep())

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE
        while not self.stopping:
            began = clock()
            self.code = await self._run()
            if self._is_done():
                return
            if self.renewing:
                self.renewing = False
                continue
            pause = FIRST_PAUSE if clock() - began > LONG_RUN else min(pause * 2, LONGEST_PAUSE)
            self.report("program fell", {"name": self.program.name, "code": self.code, "again_in": pause})
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)

    def _is_done(self) -> bool:
        return self.stopping or (self.program.once and self.code == 0)

    async def _run(self) -> int:
        pipe = None if self.relay is None else asyncio.subprocess.PIPE
        self.process = process = await asyncio.create_subprocess_exec(
            *self.program.command(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr.fileno() if pipe is None else pipe,
            stderr=None if pipe is None else asyncio.subprocess.STDOUT,
            env={**os.environ, **dict(self.program.variables)},
            pass_fds=self.program.sockets,
            start_new_session=True,
        )
        place(process.pid, self.program.cores)
        self.starts += 1
        self.report("program started", {"name": self.program.name, "pid": process.pid})
        if self.stopping:
            self._send(signal.SIGTERM)
        await self._relay_lines(process.stdout)
        return await process.wait()

    async def _relay_lines(self, lines: asyncio.StreamReader | None) -> None:
        while lines is not None and self.relay is not None:
            try:
                line = await lines.readline()
            except ValueError:  # a line longer than the reader's buffer
                continue
            if not line:
                return
            self.relay(self.program.name, line.decode(errors="replace").rstrip("\n"))

    def _send(self, number: int) -> None:
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def renew(self) -> None:
        """SIGTERM, and a new process as soon as that one has ended."""
        self.renewing = True
        self._send(signal.SIGTERM)

    def reload(self) -> None:
        """SIGHUP."""
        self._send(signal.SIGHUP)

    async def stop(self, seconds: float) -> bool:
        """SIGTERM, then SIGKILL after `seconds`; True where the program ended by itself."""
        self.stopping = True
        self._woken.set()
        self._send(signal.SIGTERM)
        done, _ = await asyncio.wait([self.task], timeout=seconds)
        if not done:
            self.report("program killed", {"name": self.program.name, "after": seconds})
            self._send(signal.SIGKILL)
            await asyncio.wait([self.task], timeout=1.0)
        return bool(done)


async def stop_all(running: Sequence[Running], seconds: float) -> None:
    """All of them at the same time."""
    await asyncio.gather(*(one.stop(seconds) for one in running))


def termination() -> asyncio.Event:
    """An event that SIGINT or SIGTERM sets."""
    return _event_of(signal.SIGINT, signal.SIGTERM)


def reloading() -> asyncio.Event:
    """An event that SIGHUP sets."""
    return _event_of(signal.SIGHUP)


def _event_of(*signals: signal.Signals) -> asyncio.Event:
    told = asyncio.Event()
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told
