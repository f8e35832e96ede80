"""The sink as a program: it lands, it ends when told, and there is one for a data folder."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa

from collector.publish import Publisher
from collector.sink import DRAIN, GARBAGE, GARBAGE_EVERY, Loop, keep_memory
from collector.waiting import segments_in
from tests.collector.segments_made import WORKER, batch, landed, put_sealed, request, segment, track
from warehouse.landing import LocalStore
from warehouse.registry import Registry

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def seal(data: Path, number: int, suffix: str = ".sealed") -> None:
    body = batch([track(f"m{number}")])
    path = put_sealed(
        data / "journal" / WORKER, f"1795298592515-{number:08d}", segment([(request(), body, 1)])
    )
    path.rename(path.with_suffix(suffix))


@contextmanager
def sink(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "collector.sink", "--data", str(data)]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def until(true: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_the_program_lands_tallies_adopts_and_ends_when_told(tmp_path: Path) -> None:
    seal(tmp_path, 1)
    seal(tmp_path, 2, ".open")
    with sink(tmp_path) as running:
        until(lambda: (tmp_path / "landing").exists() and not segments_in(tmp_path / "journal" / WORKER))
        seal(tmp_path, 3)
        until(lambda: not segments_in(tmp_path / "journal" / WORKER))
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0
    store = LocalStore(tmp_path / "landing")
    assert [row["message_id"] for row in landed(store)] == ["m1", "m2", "m3"]
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 1)
    assert sum(events for _, _, events in registry.received()) == 3
    registry.close()


def test_told_to_stop_before_it_has_begun_it_lands_what_waits(tmp_path: Path) -> None:
    seal(tmp_path, 1)
    parent = str(os.getpid())
    command = [sys.executable, "-m", "collector.child", parent, "collector.sink", "--data", str(tmp_path)]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)

    def listens_later() -> bool:
        blocked = Path(f"/proc/{running.pid}/status").read_text().split("SigBlk:")[1].split()[0]
        return bool(int(blocked, 16) >> (signal.SIGTERM - 1) & 1)

    try:
        until(listens_later)
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0
    finally:
        running.kill()
        running.wait()
    assert [row["message_id"] for row in landed(LocalStore(tmp_path / "landing"))] == ["m1"]


def test_a_second_sink_on_the_same_data_says_so_in_one_line(tmp_path: Path) -> None:
    with sink(tmp_path) as first:
        until((tmp_path / "registry.sqlite").exists)
        assert first.poll() is None
        with sink(tmp_path) as second:
            assert second.wait(PATIENCE) == 1
            assert second.stderr is not None
            said = second.stderr.read().decode()
    assert "end the other sink" in said
    assert "Traceback" not in said


def test_a_sink_killed_at_any_moment_leaves_every_event_landed_and_counted_once(tmp_path: Path) -> None:
    landing = LocalStore(tmp_path / "landing")

    def has_landed(segments: int) -> bool:
        return len(list(landing.list())) >= segments

    for life in range(4):
        for number in range(life * 25, life * 25 + 25):
            seal(tmp_path, number)
        with sink(tmp_path) as running:
            until(partial(has_landed, life * 25 + 1 + life * 5))
            running.kill()
    with sink(tmp_path):
        until(lambda: not segments_in(tmp_path / "journal" / WORKER))
    ids = [row["message_id"] for row in landed(landing)]
    assert sorted(ids) == sorted(f"m{number}" for number in range(100))
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 1)
    assert sum(events for _, _, events in registry.received()) == 100
    registry.close()


def test_a_journal_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"")
    with sink(tmp_path) as running:
        assert running.wait(PATIENCE) == 1
        assert running.stderr is not None
        said = running.stderr.read().decode()
    assert f"{tmp_path / 'journal'}" in said
    assert "Traceback" not in said


class Stubborn(Publisher):
    """A publisher whose store never takes anything."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.steps, self.closed = clock, 0, False

    def step(self) -> int:
        self.steps += 1
        return 1

    def adopt_orphans(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def test_when_told_to_stop_it_does_not_wait_for_a_store_that_is_down() -> None:
    ticks = iter(range(1000))
    loop = Loop(lambda: next(ticks) * DRAIN / 4)
    publisher = Stubborn(loop.clock)
    loop.woken.set()
    loop.stop()
    loop.run(publisher)
    assert publisher.closed
    assert 2 <= publisher.steps <= 6


class Ringing(Stubborn):
    """A publisher each step of which leaves a ring of two, as a request does that the store did not take."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop.clock)
        self.loop, self.rings = loop, list[weakref.ref[Stubborn]]()

    def step(self) -> int:
        one, other = Stubborn(self.clock), Stubborn(self.clock)
        one.other, other.other = other, one  # type: ignore[attr-defined]
        self.rings.append(weakref.ref(one))
        self.loop.woken.set()
        if len(self.rings) == 5:
            self.loop.stop()
        return 0


def test_what_failed_requests_leave_in_memory_is_given_up() -> None:
    ticks = iter(range(1000))
    loop = Loop(lambda: next(ticks) * GARBAGE_EVERY)
    publisher = Ringing(loop)
    gc.disable()
    try:
        loop.run(publisher)
    finally:
        gc.enable()
    assert [ring() is None for ring in publisher.rings[:4]] == [True] * 4


def test_what_one_segment_used_serves_the_next() -> None:
    before, pool = gc.get_threshold(), pa.default_memory_pool()
    try:
        keep_memory()
        assert (gc.get_threshold()[0], pa.default_memory_pool().backend_name) == (GARBAGE, "system")
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
        pa.set_memory_pool(pool)
