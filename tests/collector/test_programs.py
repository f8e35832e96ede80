"""Child programs: kept, stopped, ended with their parent."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from collector.programs import Program, Running, stop_all

MODULE = """
import os, signal, sys, time
print(sys.argv[1], os.environ.get("MARK", ""), flush=True)
if sys.argv[1] == "fall":
    sys.exit(3)
if sys.argv[1] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
if sys.argv[1] != "end":
    time.sleep(60)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "some_child.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return "some_child"


class Watch:
    """Collects what programs print and what is reported of them."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.reports: list[tuple[str, Mapping[str, object]]] = []

    def start(self, module: str, *arguments: str, once: bool = False) -> Running:
        program = Program("it", module, arguments, (("MARK", "here"),), once=once)
        return Running(program, self.report, lambda name, line: self.lines.put_nowait((name, line)))

    def report(self, event: str, fields: Mapping[str, object]) -> None:
        self.reports.append((event, fields))

    def reported(self, event: str) -> list[Mapping[str, object]]:
        return [fields for name, fields in self.reports if name == event]


def test_a_program_runs_with_its_variables_until_it_is_stopped(module: str) -> None:
    async def life() -> None:
        watch = Watch()
        running = watch.start(module, "stay")
        assert await watch.lines.get() == ("it", "stay here")
        assert await running.stop(20)
        assert (running.code, running.starts) == (-signal.SIGTERM, 1)

    asyncio.run(life())


def test_a_fallen_program_is_started_again_after_growing_pauses(module: str) -> None:
    async def life() -> None:
        watch = Watch()
        running = watch.start(module, "fall")
        for _ in range(3):
            await watch.lines.get()
        await running.stop(20)
        assert running.starts >= 3
        assert [fields["again_in"] for fields in watch.reported("program fell")][:2] == [0.2, 0.4]
        assert watch.reported("program fell")[0]["code"] == 3

    asyncio.run(life())


def test_a_program_that_is_done_is_not_started_again(module: str) -> None:
    async def life() -> None:
        watch = Watch()
        running = watch.start(module, "end", once=True)
        await running.task
        assert (running.code, running.starts) == (0, 1)

    asyncio.run(life())


def test_one_that_does_not_listen_is_killed(module: str) -> None:
    async def life() -> None:
        watch = Watch()
        running = watch.start(module, "stubborn")
        await watch.lines.get()
        assert await watch.lines.get() == ("it", "deaf")
        assert not await running.stop(0.2)
        assert running.code == -signal.SIGKILL
        assert watch.reported("program killed")

    asyncio.run(life())


def test_all_are_stopped_together(module: str) -> None:
    async def life() -> None:
        watch = Watch()
        running = [watch.start(module, "stay") for _ in range(2)]
        for _ in running:
            await watch.lines.get()
        await stop_all(running, 20)
        assert [one.code for one in running] == [-signal.SIGTERM] * 2

    asyncio.run(life())


PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "collector.child", str(os.getpid()), "some_child", "stay"])
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux only")
def test_a_child_ends_with_a_parent_that_is_killed(module: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "stay \n"
        parent.kill()
        assert parent.stdout.read() == ""


def test_a_child_whose_parent_is_dead_already_does_not_start(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "collector.child", "1234567", module, "stay"],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
