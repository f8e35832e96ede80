"""Programs are found by their mark, measured, and ended with all that descends from them."""

import sys
from pathlib import Path

import pytest

from loadtest.errors import GaveUp, ProgramFailed
from loadtest.processes import Cpu, Process, Program, cpu_of, kill, processes, role, rss_of, run, wait_until

PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; print('child', flush=True); time.sleep(600)"])
x = sum(range(20_000_000))
print("parent", time.process_time(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(
        [sys.executable, "-c", PARENT], mark=f"test-{tmp_path}", log=tmp_path / "log", variables={}
    )


def test_a_whole_family_is_found_measured_and_ended(program: Program) -> None:
    with program:
        wait_until("both to speak", lambda: {"child", "parent"} <= set(program.tail().split()), 20)
        found = program.all()
        assert len(found) == 2
        words = program.tail().split()
        own = float(words[words.index("parent") + 1])
        assert cpu_of(p for p in found if p.pid == program.pid).seconds[program.pid] == pytest.approx(
            own, abs=0.1
        )
        assert program.cpu().since(Cpu({})) > own - 0.1
        assert rss_of(found) > 5_000_000
        program.require()
    assert processes(program.mark) == []
    with pytest.raises(ProgramFailed, match="parent"):
        program.require()


def test_an_orphan_is_still_found(program: Program) -> None:
    wait_until("both to speak", lambda: {"child", "parent"} <= set(program.tail().split()), 20)
    kill(program.pid)
    program.wait()
    assert len(program.all()) == 1
    program.kill_all()
    assert program.all() == []


def test_a_command_that_crashes_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONFAULTHANDLER")
    with pytest.raises(ProgramFailed, match=r"(?s)ended with -6: Fatal Python error: Aborted.*line 1 in"):
        run([sys.executable, "-c", "import os; os.abort()"], {})


def test_a_mark_that_others_could_carry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="16 characters"):
        Program(["true"], mark="1", log=tmp_path / "log", variables={})


def test_cpu_counts_only_what_came_since() -> None:
    assert Cpu({1: 3.0, 2: 1.0, 5: 0.5}).since(Cpu({1: 2.0, 2: 1.0, 4: 9.0})) == pytest.approx(1.5)
    assert cpu_of([Process(2**30, "no such process")]) == Cpu({})


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("python -m collector.command up", "up"),
        ("python -m collector.child 1 collector.command collect", "collect"),
        ("python -m collector.child 7 collector.worker --fd 3 --name n-w0", "worker"),
        ("python -m collector.child 7 collector.sink", "sink"),
        ("python -m collector.child 7 collector.command sessionize", "sessionize"),
        ("python -m collector.child 7 collector.command console", "console"),
        ("python -m collector.command check --data up", "other"),
        ("/bin/sh", "other"),
    ],
)
def test_roles_are_read_from_command_lines(command: str, wanted: str) -> None:
    assert role(Process(1, command)) == wanted


def test_a_command_that_fails_is_told_with_its_words() -> None:
    failing = [sys.executable, "-c", "import sys; print('out'); sys.exit('because of rain')"]
    with pytest.raises(ProgramFailed, match="because of rain"):
        run(failing, {})
    assert run(failing, {}, codes=(0, 1)) == "out\n"


def test_waiting_ends_with_what_was_awaited() -> None:
    with pytest.raises(GaveUp, match="the rain to end"):
        wait_until("the rain to end", lambda: False, 0.02, every_s=0.005)
