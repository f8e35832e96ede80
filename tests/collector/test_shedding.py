"""Who is turned away when too much comes, and for how long."""

import asyncio
import re
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from collector import shedding as shedding_module
from collector.excess import BODY
from collector.files import Files
from collector.journal import Journal
from collector.shedding import (
    ALWAYS,
    BEAT,
    LATE,
    LET_IN,
    LONGEST_RETRY,
    SMALLEST_COMMIT,
    Busy,
    Cause,
    Queue,
    Shedding,
    Turns,
)
from tests.collector.running import running
from tests.collector.segments_made import RECEIVED, request

MB = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def queue(clock: Clock, rate: float | None = MB) -> Queue:
    """A queue that has seen a disk of this rate: bytes a second."""
    made = Queue(1.0, 64 * MB, clock)
    if rate is not None:
        made.begin()
        clock.now += 1.0
        made.end(int(rate))
    return made


def test_a_disk_that_was_never_slow_takes_what_comes() -> None:
    clock = Clock()
    fast = queue(clock, None)
    for size, seconds in ((4096, 0.02), (MB, 0.001)):
        fast.begin()
        clock.now += seconds
        fast.end(size)
    fast.add(1, 20 * MB)
    assert not fast.full(1)
    assert not fast.full(None)


def test_what_would_wait_too_long_is_turned_away_until_the_disk_caught_up() -> None:
    slow = queue(Clock())
    slow.add(1, MB // 2)
    assert not slow.full(1)
    assert slow.wait == pytest.approx(0.5)
    slow.add(1, MB // 2)
    assert slow.full(1)
    assert slow.full(None)
    slow.remove(1, MB)
    assert not slow.full(1)
    assert slow.of_key == {}


def test_a_little_may_always_wait() -> None:
    crawling = queue(Clock(), 1000)
    crawling.add(1, ALWAYS // 2)
    assert not crawling.full(1)


def test_the_greatest_sender_is_turned_away_first() -> None:
    slow = queue(Clock())
    slow.add(1, 850_000)
    slow.add(2, 10_000)
    assert slow.full(1)
    assert not slow.full(2)
    assert not slow.full(3)
    assert not slow.full(None)


def test_many_great_senders_leave_room_for_a_small_one() -> None:
    slow = queue(Clock())
    for _ in range(2000):
        for key_no in range(20):
            if not slow.full(key_no):
                slow.add(key_no, 1000)
    assert slow.size <= MB
    assert all(slow.full(key_no) for key_no in range(20))
    assert not slow.full(99)


def test_a_commit_that_hangs_turns_everybody_away_and_then_nobody() -> None:
    clock = Clock()
    hung = queue(clock, None)
    hung.add(1, 100)
    hung.begin()
    clock.now += 0.9
    assert not hung.full(2)
    clock.now += 0.2
    assert hung.full(2)
    hung.end(100)
    hung.remove(1, 100)
    assert not hung.full(2)


def test_the_rate_is_forgotten_when_commits_are_quick_again() -> None:
    clock = Clock()
    slow = queue(clock, MB)
    for _ in range(2000):
        slow.begin()
        clock.now += 0.005
        slow.end(4096)
    slow.add(1, 20 * MB)
    assert not slow.full(1)


def test_a_failed_commit_ends_too() -> None:
    clock = Clock()
    failing = queue(clock, None)
    failing.begin()
    clock.now += 2.0
    failing.end(0)
    failing.add(1, ALWAYS * 2)
    assert failing.full(1)


@pytest.fixture
def nobody_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shedding_module, "LET_IN", 0)


def turns(lasting: list[float], share: float = 1.0) -> list[bool]:
    """Whether the loop is late at the end of turns that last so long; `share` of the time it works."""
    clock, said = Clock(), list[bool]()
    told = Turns(clock, lambda: clock.now * share)
    assert not told.late()
    for seconds in lasting:
        told.beat()
        clock.now += seconds
        said.append(told.late())
    return said


@pytest.mark.usefixtures("nobody_let_in")
def test_one_long_turn_is_a_large_request_two_are_too_many() -> None:
    long, short = BEAT + LATE + 0.01, BEAT + LATE - 0.01
    assert turns([short, long, short, *[BEAT] * 40, long]) == [False] * 44
    assert turns([long, short, long, long, short]) == [False, False, True, True, False]
    assert turns([long] * 4, 0.1) == [False] * 4
    assert turns([long] * 4, 0.8) == [False, True, True, True]


def test_a_late_loop_still_lets_a_few_in() -> None:
    clock, said = Clock(), list[bool]()
    told = Turns(clock, clock)
    for _ in range(3):
        told.beat()
        clock.now += 1.0
        said = [told.late() for _ in range(LET_IN * 2)]
    assert said == [False] * LET_IN + [True] * LET_IN


def test_the_worst_lateness_is_told() -> None:
    clock = Clock()
    told = Turns(clock, clock)
    for seconds in (BEAT, 0.3, BEAT):
        told.beat()
        clock.now += seconds
    told.beat()
    assert told.latest == pytest.approx(0.3 - BEAT)


def shedding(slow: Queue, chance: float = 0.0) -> Shedding:
    return Shedding(slow, Turns(lambda: 0.0, lambda: 0.0), lambda: chance)


def test_busy_says_of_what_there_was_too_much() -> None:
    slow = queue(Clock())
    shedding(slow).check(1)
    slow.add(1, 2 * MB)
    with pytest.raises(Busy, match="disk") as refused:
        shedding(slow).check(1)
    assert refused.value.cause is Cause.JOURNAL


def test_the_more_are_turned_away_the_later_they_come_back_and_not_together() -> None:
    calm, stormy = shedding(queue(Clock())), shedding(queue(Clock()))
    for _ in range(8):
        stormy.measure(100, 900)
    assert calm.retry_after() == 1
    assert stormy.retry_after() == 10
    assert shedding(queue(Clock()), 0.99).spread(10, 1.0) == 20
    assert shedding(queue(Clock()), 0.99).spread(10) == 13
    for _ in range(8):
        stormy.measure(0, 100_000)
    assert stormy.retry_after() <= LONGEST_RETRY
    for _ in range(20):
        stormy.measure(100, 0)
    assert stormy.retry_after() <= 2


class Held(Files):
    """A disk that writes when it is let."""

    def __init__(self) -> None:
        self.leave = threading.Event()
        self.sizes: list[int] = []

    def write(self, descriptor: int, data: bytes) -> None:
        assert self.leave.wait(20)
        self.sizes.append(len(data))
        super().write(descriptor, data)


def test_a_commit_takes_no_more_than_the_disk_writes_in_a_moment(tmp_path: Path) -> None:
    async def work() -> tuple[list[int], Queue]:
        files, waiting = Held(), queue(Clock(), MB)
        waiting.commit_limit = SMALLEST_COMMIT
        journal = Journal.open(tmp_path / "w", "n", "w", lambda: RECEIVED, files, queue=waiting)
        tasks = [asyncio.ensure_future(journal.append(request(), bytes(10_000), 1)) for _ in range(120)]
        await asyncio.sleep(0)
        assert waiting.size > 120 * 10_000
        files.leave.set()
        await asyncio.gather(*tasks)
        await journal.close()
        return files.sizes, waiting

    sizes, waiting = asyncio.run(work())
    assert sizes[0] <= SMALLEST_COMMIT
    assert max(sizes) < 120 * 10_000 / 2
    assert waiting.size == 0
    assert waiting.of_key == {}


def test_the_door_turns_away_what_the_disk_cannot_take_and_takes_it_later(tmp_path: Path) -> None:
    event = {"event": "Paid", "userId": "u1"}
    with running(tmp_path) as door:
        door.door.queue.add(door.key.no, 65 * MB)
        busy = door.client.post("/v1/track", json=event, headers={"origin": "https://a"})
        late = httpx.post(f"{door.url}/v1/track", json={**event, "writeKey": door.key.secret})
        door.door.queue.remove(door.key.no, 65 * MB)
        taken = door.client.post("/v1/track", json=event)
        assert door.door.queue.size == 0
    assert (busy.status_code, busy.json()["reason"]) == (429, "busy")
    assert late.status_code == 429
    assert int(busy.headers["retry-after"]) >= 1
    assert busy.headers["access-control-allow-origin"] == "https://a"
    assert taken.status_code == 200


def test_a_connection_too_many_is_told_so_and_not_reset(tmp_path: Path) -> None:
    size = 8_000_000
    head = f"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
    with running(tmp_path, connections=2) as door:
        with httpx.Client(base_url=door.url, timeout=20, trust_env=False) as other:
            assert [one.get("/health").status_code for one in (door.client, other)] == [200, 200]
            with socket.create_connection(("127.0.0.1", int(door.url.rpartition(":")[2])), 20) as excess:
                excess.sendall(head.encode())
                time.sleep(0.05)
                excess.sendall(bytes(size))
                answer = b"".join(iter(lambda: excess.recv(65536), b""))
            assert len(door.door.connections) == 2
            assert other.get("/health").status_code == 200
        door.door.metrics.flush(door.door.counts)
        shed = [one for metric in door.door.metrics.shed.collect() for one in metric.samples]
        assert ("connections", 1.0) in [(one.labels["cause"], one.value) for one in shed]
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert re.search(rb"\r\nretry-after: [1-9]\d*\r\n", answer)
    assert answer.endswith(BODY)


@pytest.mark.usefixtures("nobody_let_in")
def test_a_door_whose_loop_is_late_again_and_again_turns_away_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shedding_module, "WORK", 0.0)
    event = {"event": "Paid", "userId": "u1"}
    with running(tmp_path) as door:
        loop = door.server.servers[0].get_loop()
        done = threading.Event()

        def sleeping() -> None:
            time.sleep((BEAT + LATE) * 1.5)
            if not done.is_set():
                loop.call_soon(sleeping)

        loop.call_soon_threadsafe(sleeping)
        answers = [door.client.post("/v1/track", json=event) for _ in range(4)]
        done.set()
        assert httpx.get(f"{door.url}/health").status_code == 200
        while door.client.post("/v1/track", json=event).status_code == 429:
            time.sleep(0.05)
    assert 429 in [answer.status_code for answer in answers]
