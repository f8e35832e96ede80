"""`torn`: power cuts on a disk that drops or tears what was not synced; nothing acknowledged may be lost."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final

import duckdb
import msgspec

from loadtest.acknowledged import Acknowledged
from loadtest.errors import UnknownStep
from loadtest.torn_disk import Disk, built
from loadtest.torn_world import Outcome, World, lives
from sdk_contract.errors import SojournError

CUTS: Final = 3
# What a disk may be told to lie about: a part of the paths whose syncs are left out.
LIES: Final = {
    "": "",
    "journal": "/journal/",
    "landing": "/landing/",
    "lake": "/lake/data",
    "catalog": "/lake/catalog.sqlite",
    "registry": "/registry.sqlite",
}
Clock = Callable[[], int]
Report = Callable[[str], None]


class Torn(msgspec.Struct, frozen=True):
    """What the command prints: over all runs, what was acknowledged, missing, doubled; the books'
    differences, write keys lost, programs that fell, and runs that did not come to rest or left damage.
    """

    runs: int
    cuts: int
    acked: int
    missing: int
    doubled: int
    difference: int
    keys_lost: int
    fell: int
    troubled: int
    seconds: float

    @property
    def held(self) -> bool:
        wrong = (self.missing, self.doubled, self.difference, self.keys_lost, self.fell, self.troubled)
        return not any(wrong) and self.acked > 0


def torn(
    runs: int, beside: int, lie: str, seed: int, keep: Path | None, clock: Clock, report: Report
) -> Torn:
    """`runs` worlds, `beside` of them at a time, each cut `CUTS` times; those that fail stay in `keep`.

    `lie` names what the disk only pretends to sync: '' nothing, or one of LIES.
    """
    if lie not in LIES:
        raise UnknownStep(f"lie {lie!r}; it may be about {', '.join(filter(None, LIES))}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="loadtest-torn-") as folder:
        library = built(Path(folder))
        outcomes = asyncio.run(_all(Path(folder), library, runs, beside, lie, seed, keep, clock, report))
    return summed(outcomes, time.monotonic() - began)


def summed(outcomes: Sequence[Outcome], seconds: float) -> Torn:
    return Torn(
        len(outcomes),
        CUTS * len(outcomes),
        sum(one.acked for one in outcomes),
        sum(one.missing for one in outcomes),
        sum(one.doubled for one in outcomes),
        sum(abs(one.difference) for one in outcomes),
        sum(one.keys_lost for one in outcomes),
        sum(one.fell for one in outcomes),
        sum(bool(one.trouble) for one in outcomes),
        round(seconds, 1),
    )


async def _all(
    folder: Path,
    library: Path,
    runs: int,
    beside: int,
    lie: str,
    seed: int,
    keep: Path | None,
    clock: Clock,
    report: Report,
) -> list[Outcome]:
    room = asyncio.Semaphore(beside)
    outcomes: list[Outcome] = []

    async def one(number: int) -> None:
        async with room:
            place = folder / f"{seed + number}"
            place.mkdir()
            outcome = await run_world(place, library, LIES[lie], seed + number, clock)
            outcomes.append(outcome)
            report(f"run {len(outcomes)}/{runs}: {'held' if outcome.held else outcome}")
            if keep is not None and not outcome.held:
                shutil.copytree(place, keep / place.name, dirs_exist_ok=True)
            shutil.rmtree(place)

    async with asyncio.TaskGroup() as group:
        for number in range(runs):
            group.create_task(one(number))
    return outcomes


async def run_world(place: Path, library: Path, deny: str, seed: int, clock: Clock) -> Outcome:
    """One world from its first start to its books."""
    rng = Random(seed)
    disk = Disk(place / "data", place / "shadow", library, deny)
    world = World(disk, place / "log", clock, rng)
    with Acknowledged(place / "acknowledged") as acked:
        try:
            await lives(world, CUTS, acked, clock, rng)
            checked = await asyncio.to_thread(world.check)
            missing, doubled = await asyncio.to_thread(world.compared, acked)
        except (SojournError, duckdb.Error, ExceptionGroup) as error:
            return Outcome(seed, acked.count, fell=world.fell(), trouble=told(error))
        finally:
            await asyncio.to_thread(world.kill)
        difference = checked.balance.total.difference if checked.balance else 0
        trouble = "; ".join(checked.damage)
        return Outcome(
            seed, acked.count, missing, doubled, difference, world.keys_lost(), world.fell(), trouble
        )


def told(error: BaseException) -> str:
    """The last line that the first error of a group says."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (str(error).strip() or repr(error)).splitlines()[-1][-400:]
