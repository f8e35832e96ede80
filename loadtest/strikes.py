"""Strikes: programs killed at chosen steps and at random, several independently at the same time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

from loadtest.arms import Arms
from loadtest.charts import Chart
from loadtest.drive import answers
from loadtest.errors import GaveUp, UnknownStep
from loadtest.house import House
from loadtest.processes import Process, kill, role

RANDOM: Final = "random"
TARGETS: Final = ("worker", "worker", "sink", "sessionize", "collect", "console", "up", "all")
# Steps of programs that do not wait for each other: one strike of each row is under way at a time.
ROWS: Final = (
    ("append", "fsync"),
    ("seal",),
    ("upload", "tally", "trim"),
    ("load", "stitch", "join", "compact", "expire", "mark", "open"),
)
# Out of a hundred kills.
WEIGHTS: Final = {
    "append": 13, "fsync": 12, "seal": 11, "upload": 11, "tally": 8, "trim": 7, "load": 6, "stitch": 6,
    "join": 4, "compact": 6, "expire": 2, "mark": 2, "open": 2, RANDOM: 10,
}  # fmt: skip
UP_AGAIN_S: Final = 90.0
_LOOK_S, _PATIENCE_S, _GIVE_UP_S = 0.05, 8.0, 600.0
Clock = Callable[[], int]
Report = Callable[[str], None]


def shares(kills: int, only: Sequence[str] = ()) -> dict[str, int]:
    """How many of the kills each step gets, `only` these or all; UnknownStep for another name."""
    for name in only:
        if name not in WEIGHTS:
            raise UnknownStep(f"step {name!r}; there is {', '.join(WEIGHTS)}")
    weights = {name: weight for name, weight in WEIGHTS.items() if not only or name in only}
    whole = sum(weights.values())
    exact = {name: kills * weight / whole for name, weight in weights.items()}
    given = {name: int(share) for name, share in exact.items()}
    most_owed = sorted(exact, key=lambda name: given[name] - exact[name])
    for name in most_owed[: kills - sum(given.values())]:
        given[name] += 1
    return given


def victim(rng: Random, found: list[Process]) -> tuple[str, list[int]]:
    """A target of those that run: its name, and the pids to kill (all of them for 'all')."""
    by_role: dict[str, list[int]] = {}
    for process in found:
        by_role.setdefault(role(process), []).append(process.pid)
    name = rng.choice([target for target in TARGETS if target in by_role or target == "all"])
    if name == "all":
        return name, [process.pid for process in found]
    return name, [rng.choice(by_role[name])]


class Strikes:
    """Gives each step its share of kills, in programs of `house` that are armed with `arms`.

    Between two kills of a row of steps lies a random pause of `between_s` on average. `up` is started again
    where it fell.
    """

    def __init__(
        self,
        house: House,
        arms: Arms,
        wanted: Mapping[str, int],
        between_s: float,
        rng: Random,
        clock: Clock,
        report: Report,
    ) -> None:
        self._house, self._arms, self._wanted = house, arms, wanted
        self._between_s, self._rng, self._clock, self.report = between_s, rng, clock, report
        self._began = time.monotonic()
        self._random: Counter[str] = Counter()
        self._lines: dict[str, list[tuple[float, float]]] = {step: [(0.0, 0.0)] for step in wanted}
        self.charts: tuple[Chart, ...] = (Chart("Kills by step", "kills", self._lines),)

    def by_step(self) -> dict[str, int]:
        """The kills so far."""
        done = self._arms.by_step()
        return {step: self._random.total() if step == RANDOM else done[step] for step in self._wanted}

    async def run(self) -> None:
        """Returns when every share is used up and the house answers. GaveUp where a step is not reached."""
        async with asyncio.TaskGroup() as group:
            for row in ROWS:
                group.create_task(self._aimed([step for step in row if self._wanted.get(step)]))
            group.create_task(self._at_random())
        await answers(self._house.url, "/health", UP_AGAIN_S, self._clock)

    async def _aimed(self, row: Sequence[str]) -> None:
        reached = time.monotonic()
        while left := self._left(row):
            await self._pause()
            (step,) = self._rng.choices(list(left), list(left.values()))
            if await self._order(step):
                reached = time.monotonic()
                self._tell(step)
            elif time.monotonic() - reached > _GIVE_UP_S:
                raise GaveUp(f"no program came to any of {', '.join(left)} within {_GIVE_UP_S:g} s")

    def _left(self, row: Sequence[str]) -> dict[str, int]:
        done = self.by_step()
        return {step: self._wanted[step] - done[step] for step in row if done[step] < self._wanted[step]}

    async def _order(self, step: str) -> bool:
        """Whether it was obeyed in time."""
        order = self._arms.give(step)
        until = time.monotonic() + _PATIENCE_S
        try:
            while time.monotonic() < until:
                if self._arms.obeyed(order):
                    return True
                await asyncio.sleep(_LOOK_S)
        finally:
            self._arms.withdraw(order)
        return self._arms.obeyed(order)

    async def _at_random(self) -> None:
        """Its share spread over the whole run; where nothing is aimed at, as fast as the pauses allow."""
        wanted = self._wanted.get(RANDOM, 0)
        aimed = sum(self._wanted.values()) - wanted
        while self._random.total() < wanted:
            await self._pause()
            done = sum(self._arms.by_step().values())
            if done * wanted < self._random.total() * aimed:
                continue
            name, pids = victim(self._rng, self._house.all())
            for pid in pids:
                kill(pid)
            self._random[name] += 1
            self._tell(RANDOM, name)
            if name in ("up", "all"):
                await asyncio.to_thread(self._house.program.wait)
                self._house.start()
            if self._rng.random() < 0.5:
                await answers(self._house.url, "/health", UP_AGAIN_S, self._clock)

    async def _pause(self) -> None:
        await asyncio.sleep(self._between_s * (0.3 + 1.4 * self._rng.random()))

    def _tell(self, step: str, name: str = "") -> None:
        done = self.by_step()
        self._lines[step].append((time.monotonic() - self._began, done[step]))
        self.report(f"kill {sum(done.values())}/{sum(self._wanted.values())}: {step} {name}".rstrip())
