"""`rolling`: workers replaced one at a time under load: no connection refused or reset, nothing lost."""

import asyncio
import os
import signal
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from loadtest.acknowledged import Acknowledged
from loadtest.crash import SETTLE_S, Clock, Report, load
from loadtest.drive import Ack, Client, answers
from loadtest.errors import ConnectionLost, ProgramFailed
from loadtest.house import House
from loadtest.processes import role
from loadtest.strikes import UP_AGAIN_S
from loadtest.traffic import Shop
from loadtest.wire import Answer

WORKERS: Final = 2
REPLACED_S: Final = 90.0
LOOK_S: Final = 0.1


class Rolling(msgspec.Struct, frozen=True):
    """What the command prints: workers replaced, requests, tries that got no answer, ids, the books."""

    restarts: int
    requests: int
    refused_connections: int
    resets: int
    not_taken: dict[str, int]
    acked: int
    missing: int
    doubled: int
    difference: int

    @property
    def held(self) -> bool:
        lost = self.refused_connections + self.resets + self.missing + self.doubled + abs(self.difference)
        return lost == 0 and self.acked > 0


class Counting(Client):
    """The load client, which counts what an SDK would see of a restart."""

    def __init__(self, url: str, **given: Any) -> None:
        super().__init__(url, **given)
        self.refused_connections = self.resets = 0
        self.statuses: Counter[int] = Counter()

    async def _once(self, data: bytes) -> Answer:
        try:
            answer = await super()._once(data)
        except ConnectionLost as lost:
            if str(lost).startswith("cannot connect"):
                self.refused_connections += 1
            else:
                self.resets += 1
            raise
        self.statuses[answer.status] += 1
        return answer


def workers_of(house: House) -> set[int]:
    return {process.pid for process in house.all() if role(process) == "worker"}


async def roll(house: House, restarts: int, report: Report) -> int:
    """SIGHUP after SIGHUP until so many workers were replaced; how many were."""
    done = 0
    while done < restarts:
        before = workers_of(house)
        (collect,) = [process.pid for process in house.all() if role(process) == "collect"]
        os.kill(collect, signal.SIGHUP)
        await replaced(house, before)
        done += len(before)
        report(f"{done}/{restarts} workers replaced")
    return done


async def replaced(house: House, before: set[int]) -> None:
    """Until none of these workers runs, and as many others do. Raises ProgramFailed."""
    for _ in range(int(REPLACED_S / LOOK_S)):
        now = workers_of(house)
        if not now & before and len(now) == len(before):
            return
        await asyncio.sleep(LOOK_S)
    raise ProgramFailed(f"workers {sorted(before)} were not replaced within {REPLACED_S:g} s")


async def under_load(
    house: House, restarts: int, acked: Acknowledged, rate: float, rng: Random, clock: Clock, report: Report
) -> tuple[Counting, int]:
    """The client and how many workers were replaced; what was acknowledged goes to `acked`."""
    key, shop = house.write_key(), Shop(seed=rng.randrange(1 << 30))

    def remember(ack: Ack) -> None:
        acked.add(ack.request.ids)

    await answers(house.url, "/health", UP_AGAIN_S, clock)
    since = clock() + int((2 + rate / 100) * 1e6)
    async with Counting(house.url, clock=clock, connections=16, remember=remember) as client:
        pacing = asyncio.create_task(
            client.pace(load(shop, key, rate, since, rng), until=1 << 62, backlog=2_000)
        )
        await asyncio.sleep(3)
        done = await roll(house, restarts, report)
        await asyncio.sleep(1)
        if pacing.done():
            pacing.result()
        pacing.cancel()
        with suppress(asyncio.CancelledError):
            await pacing
        return client, done


def rolling(restarts: int, rate: float, seed: int, clock: Clock, report: Report) -> Rolling:
    """Replace under load, let everything settle, then compare the acknowledged ids with `events`."""
    with tempfile.TemporaryDirectory(prefix="loadtest-rolling-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        with House(data, workers=WORKERS) as house, Acknowledged(Path(folder) / "acknowledged") as acked:
            loaded = under_load(house, restarts, acked, rate, Random(seed), clock, report)
            client, done = asyncio.run(loaded)
            books = house.settle(SETTLE_S)
            report(f"the books: {books}")
            with house.lake() as lake:
                missing, doubled = acked.compared(lake)
            answered = client.statuses
            not_taken = {str(status): answered[status] for status in sorted(answered) if status != 200}
            return Rolling(
                done, answered.total(), client.refused_connections, client.resets, not_taken, acked.count,
                missing, doubled, books.difference,
            )  # fmt: skip
