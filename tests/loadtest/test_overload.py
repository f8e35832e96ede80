"""The parts of the overload test, and its smallest whole form."""

import asyncio
import subprocess
import sys
from collections import Counter
from itertools import islice, repeat
from typing import cast

import msgspec
import pytest

from loadtest.openloop import (
    LOST,
    Pool,
    Sample,
    accepted,
    closed_loop,
    open_loop,
    over_time,
    percentile,
    statuses,
)
from loadtest.overload import Phases, figures, recovered, requests
from loadtest.overquota import Window
from loadtest.overquota import figures as quota_figures
from loadtest.slowed.disk import Disk, slowed
from loadtest.wire import Request, address
from tests.loadtest.door import Door, ids_of, listening

NOW = 1_795_300_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_slow_disk_takes_the_time_of_its_bytes() -> None:
    clock, synced = Clock(), list[int]()

    def sync(descriptor: int) -> None:
        synced.append(descriptor)
        clock.now += 0.5

    write, slow = slowed(Disk(1000.0, 0.1), lambda _, data: len(data), sync, clock, clock.sleep)
    for size, until in ((2000, 2.1), (0, 2.6), (100, 3.1)):
        write(7, bytes(size))
        write(8, bytes(50))
        slow(7)
        assert clock.now == pytest.approx(until)
    assert synced == [7, 7, 7]


def test_requests_name_every_id_once_and_a_device_each() -> None:
    found = list(islice(requests("wk", "run", NOW, events=3), 5))
    assert [list(one.ids) for one in found] == [ids_of(one.body) for one in found]
    assert len({name for one in found for name in one.ids}) == 15
    devices = [{event["anonymousId"] for event in msgspec.json.decode(one.body)["batch"]} for one in found]
    assert len(set.union(*devices)) == 5
    one = next(requests("wk", "run", NOW, device="d"))
    assert {event["anonymousId"] for event in msgspec.json.decode(one.body)["batch"]} == {"d"}


def pooled(door: Door, work: str, number: int) -> list[Sample]:
    async def run() -> list[Sample]:
        async with listening(door) as url:
            pool = Pool(address(url), asyncio.get_running_loop().time)
            source: list[Request] = list(islice(requests("wk", "r", NOW, events=2), number))
            try:
                if work == "open":
                    return await open_loop(pool, source, 200.0, number / 200.0)
                return await closed_loop(pool, source, 4, 60.0)
            finally:
                pool.close()

    return asyncio.run(run())


def test_the_open_loop_sends_what_is_due_and_tells_every_answer() -> None:
    door = Door(lambda number: ("ok", "429", "cut")[number % 3])
    samples = pooled(door, "open", 30)
    assert statuses(samples) == {str(LOST): 10, "200": 10, "429": 10}
    assert [round(one.due - samples[0].due, 9) for one in samples] == [round(n / 200, 9) for n in range(30)]
    assert sorted(name for one in samples if one.status == 200 for name in one.ids) == sorted(door.acked)
    assert all((one.retry_after is None) is (one.status == LOST) for one in samples)


def test_the_closed_loop_asks_again_on_the_same_connections() -> None:
    door = Door()
    assert len(pooled(door, "closed", 40)) == 40
    assert door.connections == 4


def sample(due: float, took: float, status: int = 200, events: int = 10) -> Sample:
    ids = tuple(f"{due}-{index}" for index in range(events))
    return Sample(due, took, status, ids, None if status == 200 else 1.0)


def test_what_counts_is_when_the_answer_came() -> None:
    samples = [sample(0.0, 0.5), sample(0.9, 0.5), sample(0.2, 0.1, 429)]
    assert accepted(samples, 0.0, 1.0) == 10.0
    assert accepted(samples, 1.0, 2.0) == 10.0
    assert over_time(samples, 0.0, 0.5, len) == [(0.0, 2), (0.5, 1)]
    assert (percentile([3.0, 1.0, 2.0], 0.5), percentile([], 0.99)) == (2.0, 0.0)


def test_it_is_over_when_the_last_was_accepted_in_the_usual_time() -> None:
    after = [sample(10.0, 0.05), sample(11.0, 0.5), sample(12.0, 0.01, 429), sample(13.0, 0.05)]
    assert recovered(after, 10.0, 0.1) == 2.0
    assert recovered(after[-1:], 10.0, 0.1) == 0.0


def test_the_figures_of_a_slow_disk() -> None:
    most = [sample(float(second) / 10, 0.1) for second in range(100)]
    over = [sample(20 + second / 10, 0.2) for second in range(95)] + [sample(21.0, 0.01, 429)] * 3
    run = Phases([sample(15.0, 0.02)], most, over, [sample(31.0, 0.01)], [0.0, 10.0, 20.0, 30.0], [(0.0, 5)])
    landed = Counter({name for one in (*run.calm, *most, *over, *run.after) for name in one.ids})
    del landed["15.0-0"]
    landed["15.0-1"] = 2
    found = figures(run, landed, 10.0)
    assert (found.max_per_s, found.useful_per_s, found.useful_share) == (100.0, 95.0, 0.95)
    assert (found.shed_p99_ms, found.recovered_s, found.rss_max) == (10.0, 0.0, 5)
    assert (found.missing, found.doubled, found.without_retry_after) == (1, 1, 0)
    assert found.statuses == {"200": 95, "429": 3}


def test_the_figures_of_quotas() -> None:
    def window(p99: float, refused: int) -> Window:
        others = [sample(0.0, p99), *repeat(sample(0.0, p99, 429), refused)]
        return Window(others, [sample(0.0, 0.1), sample(1.0, 0.1), sample(1.0, 0.1, 429)], 0.0, 2.75)

    calm, flooded = [window(0.01, 0)] * 3, [window(0.011, 0), window(0.5, 2), window(0.011, 0)]
    found = quota_figures(calm, flooded, window(0.1, 1))
    assert found.others_p99_shift == pytest.approx(0.1)
    assert found.others_refused == 2
    assert (found.key_passed_per_s, found.device_passed_per_s) == (5.0, 5.0)
    assert found.device_neighbours_refused == 1


@pytest.mark.slow
def test_its_smallest_form_keeps_what_does_not_depend_on_the_machine() -> None:
    command = [sys.executable, "-m", "loadtest", "overload", "--seconds", "2", "--windows", "1"]
    done = subprocess.run(
        [*command, "--window-seconds", "1", "--json"], capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr[-3000:]
    found = cast(dict[str, float], msgspec.json.decode(done.stdout))
    assert (found["missing"], found["doubled"], found["without_retry_after"]) == (0, 0, 0)
    assert (found["others_refused"], found["device_neighbours_refused"]) == (0, 0)
    assert found["acked"] > 0
