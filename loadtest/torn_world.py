"""One small Sojourn on a disk that forgets: its programs, its power cuts, and what is left at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final
from uuid import uuid4

import duckdb
import msgspec

from loadtest.acknowledged import Acknowledged
from loadtest.crash import load
from loadtest.drive import Ack, Client, answers
from loadtest.errors import BadOutput, GaveUp
from loadtest.processes import Program, free_port, run, sojourn
from loadtest.torn_disk import Disk
from loadtest.traffic import Shop
from sdk_contract.errors import SojournError
from warehouse.check import Checked, check
from warehouse.lake import connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

RATE: Final = 80.0
START_S, SETTLE_S = 90.0, 120.0
# Every step comes several times a second: a life lasts a few seconds.
HASTY: Final = {
    "SOJOURN_SEGMENT_AGE": "0.3",
    "SOJOURN_SEGMENT_BYTES": "64KiB",
    "SOJOURN_STITCH_EVERY": "0.3",
    "SOJOURN_STITCH_SHARE": "1",
    "SOJOURN_UPKEEP_EVERY": "0.5",
    "SOJOURN_MARK_EVERY": "0.5",
    "SOJOURN_SNAPSHOT_KEEP": "60",
    "SOJOURN_GEO": "off",
}
Clock = Callable[[], int]


class Outcome(msgspec.Struct, frozen=True):
    """One world after its cuts: ids acknowledged, missing, doubled, the books' difference, write keys lost.

    `trouble`: why it did not come to rest, or what is damaged. `fell`: programs that ended by themselves.
    """

    seed: int
    acked: int = 0
    missing: int = 0
    doubled: int = 0
    difference: int = 0
    keys_lost: int = 0
    fell: int = 0
    trouble: str = ""

    @property
    def held(self) -> bool:
        wrong = (self.missing, self.doubled, self.difference, self.keys_lost, self.fell)
        return not any(wrong) and not self.trouble


class World:
    """Collector and sessionizer, started directly, on `disk`; `log` gets what they print."""

    def __init__(self, disk: Disk, log: Path, clock: Clock, rng: Random) -> None:
        self.disk, self._clock, self._rng = disk, clock, rng
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        own = {"SOJOURN_DATA": str(disk.root), "SOJOURN_PORT": str(port), "SOJOURN_WORKERS": "1"}
        self._variables = {**HASTY, **own, **disk.variables}
        log.touch()
        self._log, self._mark = log, uuid4().hex
        self._programs: list[Program] = []
        self.keys: list[str] = []

    def start(self) -> None:
        if not self._programs:
            made = (self._program(name) for name in ("collect", "sessionize"))
            self._programs = list(made)
            return
        for program in self._programs:
            program.start()

    def _program(self, name: str) -> Program:
        return Program(sojourn(name), mark=self._mark, log=self._log, variables=self._variables)

    def stop(self) -> None:
        """In order, as an operator does."""
        for program in self._programs:
            program.stop()

    def kill(self) -> None:
        """Everything at once."""
        for program in self._programs:
            program.kill_all()

    def cut(self) -> None:
        """The power goes; one time in eight right after everything was stopped in order."""
        if self._rng.random() < 1 / 8:
            self.stop()
        self.kill()
        self.disk.cut(self._rng)

    def make_key(self) -> str:
        """A write key that must never be lost once this returns."""
        said = run(sojourn("key", "create", "torn", "--json"), self._variables)
        self.keys.append(msgspec.json.decode(said)["write_key"])
        return self.keys[-1]

    def require(self) -> None:
        """Raises ProgramFailed where one of the two has ended."""
        for program in self._programs:
            program.require()

    def check(self) -> Checked:
        """The books, and every file of the lake read whole."""
        registry = self._registry()
        try:
            return check(self._settings, registry, deep=True)
        finally:
            registry.close()

    def keys_lost(self) -> int:
        registry = self._registry()
        try:
            there = {key.secret for key in registry.keys()}
        finally:
            registry.close()
        return len(set(self.keys) - there)

    def compared(self, acked: Acknowledged) -> tuple[int, int]:
        """As Acknowledged.compared says it."""
        with connect(self._settings, read_only=True) as lake:
            return acked.compared(lake)

    def fell(self) -> int:
        """How often a program had to be started again that nobody had killed."""
        return self._log.read_text(errors="replace").count("program fell")

    @property
    def _settings(self) -> WarehouseSettings:
        return WarehouseSettings(data=str(self.disk.root), lake_threads=1)

    def _registry(self) -> Registry:
        return Registry.open(self.disk.root / "registry.sqlite", now=lambda: 0)


async def lives(world: World, cuts: int, acked: Acknowledged, clock: Clock, rng: Random) -> None:
    """Traffic through `cuts` power cuts and a last life; returns when everything acknowledged is stored.

    Raises GaveUp and ProgramFailed where it does not come to rest.
    """

    def remember(ack: Ack) -> None:
        acked.add(ack.request.ids)

    key = await asyncio.to_thread(world.make_key)
    shop = Shop(seed=rng.randrange(1 << 30), customers=200)
    client = Client(world.url, clock=clock, patience_s=120.0, answer_s=5.0, remember=remember)
    async with client:
        due = load(shop, key, RATE, clock() + 1_000_000, rng)
        pacing = asyncio.create_task(client.pace(due, until=1 << 62, backlog=100))
        for _ in range(cuts):
            await life(world, clock, rng)
            await asyncio.to_thread(world.cut)
        world.start()
        await answers(world.url, "/health", START_S, clock)
        await asyncio.sleep(1.0)
        if pacing.done():
            pacing.result()
        pacing.cancel()
        with suppress(asyncio.CancelledError):
            await pacing
    if client.refused:
        refused = client.refused[0]
        raise BadOutput(f"refused: {refused.status} {refused.body[:200]!r} for {refused.request.path}")
    await settled(world)


async def life(world: World, clock: Clock, rng: Random) -> None:
    """One life until the power goes: sometimes while the programs still start."""
    world.start()
    if rng.random() < 0.25:
        await asyncio.sleep(0.3 + 1.5 * rng.random())
        return
    await answers(world.url, "/health", START_S, clock)
    if rng.random() < 0.3:
        await asyncio.to_thread(world.make_key)
    await asyncio.sleep(0.3 + 3.0 * rng.random())


async def settled(world: World) -> None:
    """Until nothing is pending. Raises GaveUp with the last books, or with why there were none."""
    last: Checked | Exception | None = None
    for _ in range(int(SETTLE_S)):
        await asyncio.sleep(1.0)
        world.require()
        if any((world.disk.root / "journal").glob("*/*.[os]*e[nd]*")):
            continue
        try:
            last = await asyncio.to_thread(world.check)
        except (SojournError, duckdb.Error) as error:  # the lake is being made or mended at this moment
            last = error
            continue
        if last.balance is not None and not last.balance.total.pending:
            return
    raise GaveUp(f"still pending after {SETTLE_S:g} s: {last}")
