"""The load client against a door that fails: nothing acknowledged is lost, nothing is acknowledged twice."""

import asyncio
import time
from random import Random

import pytest

from loadtest.drive import Ack, Client, Refused, answers
from loadtest.errors import GaveUp
from loadtest.wire import Request, envelope, zipped
from tests.loadtest.door import Door, Fault, listening


def now_us() -> int:
    return time.time_ns() // 1000


def batch(number: int, size: int = 3) -> Request:
    ids = tuple(f"m-{number}-{index}" for index in range(size))
    events = (f'{{"messageId":"{one}","type":"track"}}'.encode() for one in ids)
    return Request("/v1/batch", envelope(events, "2026-11-21T00:00:00.000Z"), ids)


async def send_all(door: Door, requests: list[Request]) -> Client:
    async with (
        listening(door) as url,
        Client(url, clock=now_us, connections=4, first_pause_s=0.001) as client,
        asyncio.TaskGroup() as group,
    ):
        for request in requests:
            group.create_task(client.send(request))
    return client


def sometimes(rng: Random) -> Fault:
    return lambda _: rng.choice(["ok", "ok", "lost", "cut", "503", "429"])


def test_faults_lose_no_acknowledged_id_and_acknowledge_none_twice() -> None:
    door = Door(sometimes(Random(1)))
    requests = [batch(number) for number in range(60)]
    client = asyncio.run(send_all(door, requests))
    acked = [one for ack in client.acked for one in ack.request.ids]
    assert sorted(acked) == sorted(one for request in requests for one in request.ids)
    assert set(acked) <= set(door.kept)
    assert len(door.kept) > len(set(door.kept)), "an answer that was lost makes the client send again"
    assert client.tries == door.requests > len(requests)


def test_connections_are_used_again() -> None:
    door = Door()
    asyncio.run(send_all(door, [batch(number) for number in range(40)]))
    assert door.connections <= 4


def test_a_refusal_is_final_and_told() -> None:
    door = Door(lambda _: "413")
    client = asyncio.run(send_all(door, [batch(1)]))
    assert door.requests == 1
    assert not client.acked
    assert [(refused.status, refused.body) for refused in client.refused] == [(413, b"{}")]


def test_patience_ends_with_an_error_that_says_why() -> None:
    async def work() -> None:
        async with (
            listening(Door(lambda _: "503")) as url,
            Client(url, clock=now_us, patience_s=0.2) as client,
        ):
            await client.send(batch(1))

    with pytest.raises(GaveUp, match="answered 503"):
        asyncio.run(work())


def test_zipped_bodies_arrive() -> None:
    door = Door()
    asyncio.run(send_all(door, [zipped(batch(5))]))
    assert door.acked == ["m-5-0", "m-5-1", "m-5-2"]


def test_pace_keeps_the_schedule_and_ends_before_its_end() -> None:
    async def work() -> tuple[int, list[Ack]]:
        async with listening(Door()) as url, Client(url, clock=now_us) as client:
            began = now_us()
            due = [(began + number * 20_000, batch(number)) for number in range(100)]
            await client.pace(iter(due), until=began + 10 * 20_000)
            return began, list(client.acked)

    began, acked = asyncio.run(work())
    assert len(acked) == 10
    assert all(ack.answered_at >= began + number * 20_000 for number, ack in enumerate(acked))


def test_the_time_of_the_answer_is_taken_after_it() -> None:
    ticks = iter(range(1_000_000))

    async def work() -> Ack | Refused:
        async with listening(Door()) as url, Client(url, clock=lambda: next(ticks)) as client:
            return await client.send(batch(1))

    answer = asyncio.run(work())
    assert isinstance(answer, Ack)
    assert answer.answered_at > 0


def test_waiting_for_an_answer_gives_up_where_nobody_listens() -> None:
    with pytest.raises(GaveUp, match="/health"):
        asyncio.run(answers("http://127.0.0.1:9", "/health", 0.1, now_us))
