"""`crash`: programs are killed under load, at random and at every step of an event's way; each acknowledged
event must be stored once.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from loadtest.acknowledged import Acknowledged
from loadtest.anew import differing, wait_stitched
from loadtest.arms import Arms
from loadtest.charts import Chart
from loadtest.drive import Ack, Client, answers
from loadtest.house import House
from loadtest.routes import shapes
from loadtest.strikes import UP_AGAIN_S, Strikes, shares
from loadtest.traffic import Shop
from loadtest.wire import Request

WORKERS: Final = 2
SETTLE_S: Final = 300.0
PAUSE_S: Final = 3.0
# Small segments and eager upkeep, so that every step comes often between two kills.
EAGER: Final = {
    "SOJOURN_SEGMENT_AGE": "0.5",
    "SOJOURN_STITCH_EVERY": "0.5",
    "SOJOURN_STITCH_SHARE": "1",
    "SOJOURN_UPKEEP_EVERY": "1",
    "SOJOURN_MARK_EVERY": "2",
    "SOJOURN_SNAPSHOT_KEEP": "60",
}
# Ids that end take another step, which is killed too.
RULES: Final = "kinds:\n  email: {ttl: 30d}\n  phone: {ttl: 30d}\n"
Clock = Callable[[], int]
Report = Callable[[str], None]
Point = tuple[float, float]


class Crash(msgspec.Struct, frozen=True):
    """What the command prints: kills, also by step, ids acknowledged, of these not stored, ids stored twice,
    the books, seconds of the killing, what the load client grew by meanwhile, MiB, and how many rows of
    sessions, ids and customers a rebuild changes.
    """

    kills: int
    steps: dict[str, int]
    acked: int
    missing: int
    doubled: int
    difference: int
    seconds: float
    client_mib: float
    differs: int

    @property
    def held(self) -> bool:
        return self.missing == self.doubled == self.difference == self.differs == 0 and self.acked > 0


class Ran(msgspec.Struct, frozen=True):
    """What went on under load: kills by step, seconds, MiB that the client grew by, and all over time."""

    steps: dict[str, int]
    seconds: float
    client_mib: float
    charts: tuple[Chart, ...]


def load(
    shop: Shop, key: str, rate: float, since: int, rng: Random, most: int = 40
) -> Iterator[tuple[int, Request]]:
    """Live traffic with fresh ids, in turn in every shape that the routes know; below `most` events each."""
    makers, messages = shapes(key), shop.live(since, rate)
    while True:
        maker = rng.choice(makers)
        batch = list(islice(messages, 1 if maker.single else rng.randrange(1, most)))
        ids = tuple(message.message_id for message in batch)
        yield batch[-1].at, maker.request([message.body for message in batch], ids, batch[-1].at)


async def under_load(
    house: House, strikes: Strikes, acked: Acknowledged, rate: float, rng: Random, clock: Clock
) -> Ran:
    """Kill while the client sends; the ids of what was acknowledged go to `acked`."""

    def remember(ack: Ack) -> None:
        acked.add(ack.request.ids)

    key, shop = house.write_key(), Shop(seed=rng.randrange(1 << 30))
    await answers(house.url, "/health", UP_AGAIN_S, clock)
    since, began, before = clock() + int((2 + rate / 100) * 1e6), time.monotonic(), own_mib()
    async with Client(
        house.url, clock=clock, connections=16, patience_s=UP_AGAIN_S, answer_s=5.0, remember=remember
    ) as client:
        due = load(shop, key, rate, since, rng)
        pacing = asyncio.create_task(client.pace(due, until=1 << 62, backlog=2_000))
        watching = asyncio.create_task(watch(strikes, acked))
        try:
            await strikes.run()
            seconds = time.monotonic() - began
            await asyncio.sleep(PAUSE_S)
            if pacing.done():
                pacing.result()
        finally:
            for task in (pacing, watching):
                task.cancel()
            await asyncio.gather(pacing, watching, return_exceptions=True)
        strikes.report(f"killed {strikes.by_step()}; {acked.count} acknowledged, {client.tries} tries")
        for refused in client.refused[:3]:
            strikes.report(f"refused: {refused.status} {refused.body[:200]!r} for {refused.request.path}")
    grown = round(max(own_mib() - before, 0.0), 1)
    return Ran(strikes.by_step(), round(seconds, 1), grown, strikes.charts)


async def watch(strikes: Strikes, acked: Acknowledged) -> None:
    """Every second, what was acknowledged and how large this process is, for the report."""
    began = time.monotonic()
    lines: dict[str, list[Point]] = {"acknowledged": [], "client": []}
    strikes.charts += (
        Chart("Acknowledged", "events", {"acknowledged": lines["acknowledged"]}),
        Chart("Memory of the load client", "MiB", {"client": lines["client"]}),
    )
    while True:
        now = time.monotonic() - began
        lines["acknowledged"].append((now, acked.count))
        lines["client"].append((now, own_mib()))
        await asyncio.sleep(1.0)


def own_mib() -> float:
    """Resident memory of this process."""
    fields = Path("/proc/self/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) / 1024


def crash(
    kills: int,
    between_s: float,
    rate: float,
    seed: int,
    clock: Clock,
    report: Report,
    only: Sequence[str] = (),
) -> tuple[Crash, tuple[Chart, ...]]:
    """Kill under load, let everything settle, then compare the acknowledged ids with `events`.

    `only` names the steps to kill at; by default all, and random kills besides.
    """
    rng = Random(seed)
    with tempfile.TemporaryDirectory(prefix="loadtest-crash-") as folder, Arms(rng) as arms:
        data = Path(folder) / "data"
        data.mkdir()
        (rules := Path(folder) / "identity.yaml").write_text(RULES)
        variables = {**EAGER, **arms.variables, "SOJOURN_IDENTITY_RULES": str(rules)}
        with (
            House(data, workers=WORKERS, variables=variables) as house,
            Acknowledged(Path(folder) / "acknowledged") as acked,
        ):
            strikes = Strikes(house, arms, shares(kills, only), between_s, rng, clock, report)
            ran = asyncio.run(under_load(house, strikes, acked, rate, rng, clock))
            books = house.settle(SETTLE_S)
            report(f"the books: {books}")
            with house.lake() as lake:
                missing, doubled = acked.compared(lake)
            figures = (acked.count, missing, doubled, books.difference, ran.seconds, ran.client_mib)
            wait_stitched(house)
        differs = differing(house)
        report(f"{differs} rows differ from a rebuild")
        return Crash(sum(ran.steps.values()), ran.steps, *figures, differs), ran.charts
