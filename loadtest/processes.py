"""The programs under test: start them, find every process of theirs, count their CPU seconds, end them.

Every process that descends from one of ours carries our mark in its environment, also after its parent died.
Only such processes, none older than the program itself, are ever killed.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Self

from loadtest.errors import GaveUp, ProgramFailed

MARK: Final = "LOADTEST_RUN"
# A program that crashes says where, on its standard error.
TALKATIVE: Final = {"PYTHONFAULTHANDLER": "1"}
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """`started`: clock ticks between the machine's boot and the process's start."""

    pid: int
    command: str
    started: int = 0


class Cpu(NamedTuple):
    """CPU seconds by pid, children that have ended and were waited for included."""

    seconds: dict[int, float]

    def since(self, earlier: "Cpu") -> float:
        """What the processes of both moments, and those that came between, have used meanwhile."""
        return sum(now - earlier.seconds.get(pid, 0.0) for pid, now in self.seconds.items())


def processes(mark: str) -> list[Process]:
    """All running processes that carry the mark, lowest pid first."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found.append(Process(int(entry.name), command.strip(), int(_stat(int(entry.name))[19])))
    return sorted(found)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state (number 3 of the manual) on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_of(found: Iterable[Process]) -> Cpu:
    seconds = {}
    for process in found:
        with suppress(OSError):
            seconds[process.pid] = sum(map(int, _stat(process.pid)[11:15])) * _TICK_S
    return Cpu(seconds)


def cpu_parts(process: Process) -> tuple[float, float]:
    """CPU seconds of a process itself, and of its children that have ended and were waited for."""
    own, more, *children = (int(ticks) * _TICK_S for ticks in _stat(process.pid)[11:15])
    return own + more, sum(children)


def rss_of(found: Iterable[Process]) -> int:
    """Resident bytes of the processes together."""
    pages = 0
    for process in found:
        with suppress(OSError):
            pages += int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def role(process: Process) -> str:
    """What a process of ours is: up, collect, worker, sink, sessionize, console, deliver, demo, or other."""
    words = process.command.split()
    for name, sign in (("worker", "collector.worker"), ("sink", "collector.sink")):
        if sign in words:
            return name
    names = ("up", "collect", "sessionize", "console", "publish", "deliver", "demo")
    after = words[words.index("collector.command") + 1 :] if "collector.command" in words else []
    return next((name for name in names if name in after[:1]), "other")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sojourn(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "collector.command", *arguments]


class Program:
    """A program of ours in a process group of its own, with its output in `log`."""

    def __init__(self, command: Sequence[str], *, mark: str, log: Path, variables: Mapping[str, str]) -> None:
        if len(mark) < 16:
            raise ValueError(f"mark {mark!r}: expected at least 16 characters that nothing else carries")
        self.command, self.mark, self.log = command, mark, log
        self._born = sys.maxsize
        self._variables = {**os.environ, **TALKATIVE, **variables, MARK: mark}
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self._variables,
                start_new_session=True,
            )
        with suppress(OSError):
            self._born = min(self._born, int(_stat(self._process.pid)[19]))

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self) -> None:
        """Until the program itself has ended; others of its mark may still run."""
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def all(self) -> list[Process]:
        return [process for process in processes(self.mark) if process.started >= self._born]

    def cpu(self) -> Cpu:
        return cpu_of(self.all())

    def stop(self, within_s: float = 15.0) -> None:
        """SIGTERM, then SIGKILL to whatever of it is left."""
        if self.running:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(within_s)
        self.kill_all()

    def kill_all(self) -> None:
        """SIGKILL to every process that carries the mark, until none is left."""
        while left := self.all():
            for process in left:
                kill(process.pid)
            self._process.poll()
            time.sleep(0.01)
        self._process.poll()

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def require(self) -> None:
        """Raises ProgramFailed with its last lines when it has ended."""
        if not self.running:
            raise ProgramFailed(
                f"{' '.join(self.command[1:])} ended with {self._process.returncode}:\n{self.tail()}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def run(
    command: Sequence[str],
    variables: Mapping[str, str],
    *,
    codes: Sequence[int] = (0,),
    within_s: float = 120.0,
) -> str:
    """The output of a command that must end with one of `codes`, with 0 where it says nothing.

    Raises ProgramFailed with what it said.
    """
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=within_s,
            env={**os.environ, **TALKATIVE, **variables},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ProgramFailed(f"{' '.join(command[1:])} took longer than {within_s:g} s") from None
    if done.returncode not in codes or (done.returncode and not done.stdout):
        raise ProgramFailed(f"{' '.join(command[1:])} ended with {done.returncode}: {done.stderr[-4000:]}")
    return done.stdout


def wait_until(what: str, holds: Callable[[], bool], within_s: float, every_s: float = 0.1) -> None:
    """Look every `every_s` seconds until `holds()`. Raises GaveUp, naming `what`, after `within_s`."""
    give_up_at = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > give_up_at:
            raise GaveUp(f"waited {within_s:g} s for {what}")
        time.sleep(every_s)
