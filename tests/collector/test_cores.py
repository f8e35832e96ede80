"""Which cores a collector's programs run on: as ever, or each worker on one of its own."""

import os
import signal
import time
from pathlib import Path

import pytest

from collector.cores import ANY, place, shared_out, shares
from collector.errors import CannotStart
from collector.settings import CollectorSettings
from collector.up import Plan, later_programs
from tests.collector.programs_run import line_with, listening, pid_of, run, started
from warehouse.registry import Registry

CORES = os.sched_getaffinity(0)
SEVERAL = pytest.mark.skipif(len(CORES) < 2, reason="this machine has one core, which nobody can have alone")


def test_the_lowest_cores_are_the_workers_and_the_rest_is_everybody_elses() -> None:
    found = shared_out(2, {7, 3, 5, 4})
    assert list(map(set, found.workers)) == [{3}, {4}]
    assert found.others == {5, 7}
    assert [found.of_worker(number) for number in range(4)] == [{3}, {4}, {3}, {4}]


@pytest.mark.parametrize(("workers", "cores"), [(1, {0}), (2, {0, 1}), (3, {4, 5})])
def test_too_few_cores_are_told(workers: int, cores: set[int]) -> None:
    told = (
        f"a core for each of {workers} workers and one for the rest are more than the {len(cores)} there are"
    )
    with pytest.raises(CannotStart, match=told):
        shared_out(workers, cores)


def test_unless_it_is_asked_for_any_core_will_do() -> None:
    found = shares(CollectorSettings(workers=64))
    assert (found.of_worker(63), found.others) == (ANY, ANY)
    before = os.sched_getaffinity(0)
    place(0, ANY)
    assert os.sched_getaffinity(0) == before


def test_a_program_that_is_gone_already_is_left_alone() -> None:
    gone = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(gone, 0)
    place(gone, frozenset(CORES))


def test_a_core_that_is_not_there_any_more_stops_nothing() -> None:
    place(0, frozenset({max(CORES) + 500}))
    assert os.sched_getaffinity(0) == CORES


@SEVERAL
def test_up_leaves_the_workers_cores_to_them(tmp_path: Path) -> None:
    plan = Plan(CollectorSettings(cpu_affinity=True))
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 0)
    key = registry.create_key("shop")
    registry.close()
    (sessionize,) = later_programs(plan, "http://127.0.0.1:1", key, ["sessionize"])
    assert sessionize.cores == CORES - {min(CORES)}


def test_a_collector_refuses_more_workers_than_it_has_cores_for(tmp_path: Path) -> None:
    many = str(len(CORES))
    found = run("collect", "--data", str(tmp_path), "--workers", many, SOJOURN_CPU_AFFINITY="true")
    assert found.returncode == 1
    assert "SOJOURN_CPU_AFFINITY: a core for each of" in found.stderr


@SEVERAL
def test_a_worker_keeps_its_core_and_the_sink_keeps_off_also_when_they_are_replaced(tmp_path: Path) -> None:
    first = min(CORES)
    with started(
        "collect", "--data", str(tmp_path), "--port", "0", SOJOURN_NODE="n", SOJOURN_CPU_AFFINITY="true"
    ) as collect:
        listening(collect)
        sink, worker = pid_of(collect, "sink"), pid_of(collect, "n-w0")
        assert cores_of(sink) == {frozenset(CORES - {first})}
        assert cores_of(worker) == {frozenset({first})}
        collect.send_signal(signal.SIGHUP)
        again = pid_of(collect, "n-w1")
        line_with(collect, "worker replaced")
        assert cores_of(again) == {frozenset({first})}


def cores_of(pid: int) -> set[frozenset[int]]:
    """Of all threads of a program that has begun to work."""
    until = time.monotonic() + 20
    while len(threads := os.listdir(f"/proc/{pid}/task")) == 1 and time.monotonic() < until:
        time.sleep(0.05)
    return {frozenset(os.sched_getaffinity(int(thread))) for thread in threads}
