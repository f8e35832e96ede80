"""`backup`: copies are taken while everything runs under load, the machine dies, and each copy is put back:
what was acknowledged is there once, the books close, and a rebuild changes nothing.
"""

import asyncio
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from loadtest.acknowledged import Acknowledged
from loadtest.anew import differing, wait_stitched
from loadtest.crash import EAGER, SETTLE_S, Clock, Report, load
from loadtest.drive import Ack, Client, answers
from loadtest.house import House
from loadtest.processes import run, sojourn
from loadtest.strikes import UP_AGAIN_S
from loadtest.traffic import Shop

WORKERS: Final = 2
BEFORE_S, BETWEEN_S, AFTER_S = 8.0, 2.0, 3.0


class Backups(msgspec.Struct, frozen=True):
    """What the command prints: copies taken and put back, how long the slowest took to be taken, ids
    acknowledged, and the sums over all that were put back; `differs` as in `crash`.
    """

    backups: int
    slowest_s: float
    acked: int
    missing: int
    doubled: int
    difference: int
    differs: int

    @property
    def held(self) -> bool:
        lost = self.missing + self.doubled + abs(self.difference) + self.differs
        return lost == 0 and self.acked > 0 and self.backups > 0


class Back(msgspec.Struct, frozen=True):
    """What was found where one copy was put back."""

    missing: int
    doubled: int
    difference: int
    differs: int


async def taken_under_load(
    house: House, copies: list[Path], acked: Acknowledged, rate: float, rng: Random, clock: Clock
) -> list[float]:
    """Takes each copy while clients send, then ends all programs at one blow; seconds that each took."""

    def remember(ack: Ack) -> None:
        acked.add(ack.request.ids)

    key, shop = house.write_key(), Shop(seed=rng.randrange(1 << 30))
    await answers(house.url, "/health", UP_AGAIN_S, clock)
    async with Client(house.url, clock=clock, connections=16, remember=remember) as client:
        due = load(shop, key, rate, clock(), rng)
        pacing = asyncio.create_task(client.pace(due, until=1 << 62, backlog=2_000))
        await asyncio.sleep(BEFORE_S)
        took = [await asyncio.to_thread(take, house, copy) for copy in copies]
        await asyncio.sleep(AFTER_S)
        house.program.kill_all()
        pacing.cancel()
        with suppress(asyncio.CancelledError):
            await pacing
    return took


def take(house: House, copy: Path) -> float:
    began = time.monotonic()
    run(sojourn("backup", str(copy), "--json"), house.variables)
    took = time.monotonic() - began
    time.sleep(BETWEEN_S)
    return took


def put_back(dead: Path, copy: Path, into: Path, fresh: bool, acked: Acknowledged) -> Back:
    """In place of what the dead machine has, or (`fresh`) on a new one that got landing and secrets."""
    house = House(into, workers=WORKERS, variables=EAGER)
    if fresh:
        for name in ("landing", "secrets"):
            shutil.copytree(dead / name, into / name)
    else:
        shutil.copytree(dead, into)
    run(sojourn("restore", str(copy), "--replace", "--json"), house.variables)
    if fresh:
        journal = into.with_name(f"{into.name}-journal")
        shutil.copytree(dead / "journal", journal)
        run(sojourn("recover", str(journal), "--json"), house.variables)
    with house:
        difference = house.settle(SETTLE_S).difference
        with house.lake() as lake:
            missing, doubled = acked.compared(lake)
        wait_stitched(house)
    return Back(missing, doubled, difference, differing(house))


def backups(times: int, rate: float, seed: int, clock: Clock, report: Report) -> Backups:
    """Take so many copies, then put back each, in turn on a new machine and in the place of the old one."""
    found = list[Back]()
    with tempfile.TemporaryDirectory(prefix="loadtest-backup-") as folder:
        dead = Path(folder) / "data"
        dead.mkdir()
        copies = [Path(folder) / f"copy-{number}" for number in range(times)]
        with (
            House(dead, workers=WORKERS, variables=EAGER) as house,
            Acknowledged(Path(folder) / "acknowledged") as acked,
        ):
            took = asyncio.run(taken_under_load(house, copies, acked, rate, Random(seed), clock))
            report(f"{times} copies taken, {acked.count} events acknowledged; the machine is dead")
            for number, copy in enumerate(copies):
                into = Path(folder) / f"back-{number}"
                found.append(put_back(dead, copy, into, number % 2 == 0, acked))
                report(f"copy {number + 1}/{times} put back: {found[-1]}")
                shutil.rmtree(into)
        sums = {name: sum(abs(getattr(one, name)) for one in found) for name in Back.__struct_fields__}
        return Backups(backups=times, slowest_s=round(max(took), 2), acked=acked.count, **sums)
