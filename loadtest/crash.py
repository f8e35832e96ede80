"""`crash`: kill -9 of any program at random under load; each acknowledged event must be stored once."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from loadtest.drive import Client, answers
from loadtest.house import House
from loadtest.processes import Process, kill, role
from loadtest.routes import shapes
from loadtest.traffic import Shop
from loadtest.wire import Request

WORKERS: Final = 2
TARGETS: Final = ("worker", "worker", "sink", "sessionize", "collect", "console", "up", "all")
SETTLE_S: Final = 180.0
UP_AGAIN_S: Final = 90.0
PAUSE_S: Final = 3.0
Clock = Callable[[], int]
Report = Callable[[str], None]


class Crash(msgspec.Struct, frozen=True):
    """What the command prints: kills, ids acknowledged, of these not stored, ids stored twice, the books."""

    kills: int
    acked: int
    missing: int
    doubled: int
    difference: int

    @property
    def held(self) -> bool:
        return self.missing == self.doubled == self.difference == 0 and self.acked > 0


def victim(rng: Random, found: list[Process]) -> tuple[str, list[int]]:
    """A target of those that run: its name, and the pids to kill (all of them for 'all')."""
    by_role: dict[str, list[int]] = {}
    for process in found:
        by_role.setdefault(role(process), []).append(process.pid)
    name = rng.choice([target for target in TARGETS if target in by_role or target == "all"])
    if name == "all":
        return name, [process.pid for process in found]
    return name, [rng.choice(by_role[name])]


def load(shop: Shop, key: str, rate: float, since: int, rng: Random) -> Iterator[tuple[int, Request]]:
    """Live traffic with fresh ids, in turn in every shape that the routes know."""
    makers, messages = shapes(key), shop.live(since, rate)
    while True:
        maker = rng.choice(makers)
        batch = list(islice(messages, 1 if maker.single else rng.randrange(1, 40)))
        ids = tuple(message.message_id for message in batch)
        yield batch[-1].at, maker.request([message.body for message in batch], ids, batch[-1].at)


async def strike(
    house: House, kills: int, between_s: float, rng: Random, clock: Clock, report: Report
) -> Counter[str]:
    """`kills` kills, each after a random pause; `up` is started again where it fell."""
    done: Counter[str] = Counter()
    for number in range(kills):
        await asyncio.sleep(between_s * (0.3 + 1.4 * rng.random()))
        name, pids = victim(rng, house.all())
        for pid in pids:
            kill(pid)
        done[name] += 1
        report(f"kill {number + 1}/{kills}: {name} {pids if len(pids) == 1 else ''}")
        if name in ("up", "all"):
            await _up_again(house)
        if rng.random() < 0.5:
            await answers(house.url, "/health", UP_AGAIN_S, clock)
    await answers(house.url, "/health", UP_AGAIN_S, clock)
    return done


async def _up_again(house: House) -> None:
    await asyncio.to_thread(house.program.wait)
    house.start()


async def under_load(
    house: House, kills: int, between_s: float, rate: float, rng: Random, clock: Clock, report: Report
) -> set[str]:
    """The message ids that were acknowledged while programs were killed."""
    key, shop = house.write_key(), Shop(seed=rng.randrange(1 << 30))
    await answers(house.url, "/health", UP_AGAIN_S, clock)
    since = clock() + int((2 + rate / 100) * 1e6)
    async with Client(house.url, clock=clock, connections=16, patience_s=UP_AGAIN_S, answer_s=5.0) as client:
        pacing = asyncio.create_task(
            client.pace(load(shop, key, rate, since, rng), until=1 << 62, backlog=2_000)
        )
        done = await strike(house, kills, between_s, rng, clock, report)
        await asyncio.sleep(PAUSE_S)
        if pacing.done():
            pacing.result()
        pacing.cancel()
        with suppress(asyncio.CancelledError):
            await pacing
        report(f"killed {dict(done)}; {len(client.acked)} requests acknowledged in {client.tries} tries")
        for refused in client.refused[:3]:
            report(f"refused: {refused.status} {refused.body[:200]!r} for {refused.request.path}")
        return {message_id for ack in client.acked for message_id in ack.request.ids}


def crash(kills: int, between_s: float, rate: float, seed: int, clock: Clock, report: Report) -> Crash:
    """Kill under load, let everything settle, then compare the acknowledged ids with `events`."""
    with tempfile.TemporaryDirectory(prefix="loadtest-crash-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        with House(data, workers=WORKERS) as house:
            acked = asyncio.run(under_load(house, kills, between_s, rate, Random(seed), clock, report))
            books = house.settle(SETTLE_S)
            report(f"the books: {books}")
            missing, doubled = compared(house, acked)
            return Crash(kills, len(acked), missing, doubled, books.difference)


def compared(house: House, acked: set[str]) -> tuple[int, int]:
    """(acknowledged ids that are not in events, ids that are there more than once)."""
    with house.lake() as lake:
        stored = dict(lake.query("SELECT message_id, count(*) FROM events GROUP BY message_id"))
    return len(acked - stored.keys()), sum(count > 1 for count in stored.values())
