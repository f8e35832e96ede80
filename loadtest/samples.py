"""What is looked at once a second while a run goes on: the journal, the memory of every program, the load."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from loadtest.charts import Chart
from loadtest.flood import Flood
from loadtest.house import House
from loadtest.processes import role, rss_of
from warehouse.live import segment_files

_EVERY_S: Final = 1.0
_SMOOTH: Final = 10


class Sample(NamedTuple):
    """One look: `at` seconds of the run, bytes of journal, events acknowledged, resident bytes by program."""

    at: float
    backlog: int
    acked: int
    rss: Mapping[str, int]
    stage: str


class Samples:
    """Looks at a house and its load. `stage` is what happens to the store at the moment."""

    def __init__(self, house: House, flood: Flood, clock: Callable[[], float]) -> None:
        self._house, self._flood, self._clock = house, flood, clock
        self.taken: list[Sample] = []
        self.stage = "well"

    def take(self) -> Sample:
        rss: dict[str, int] = defaultdict(int)
        for process in self._house.all():
            name = role(process)
            rss[name] = max(rss[name], rss_of([process]))
        journal = backlog_of(self._house.data / "journal")
        sample = Sample(self._clock(), journal, self._flood.events, dict(rss), self.stage)
        self.taken.append(sample)
        return sample

    async def keep(self, report: Callable[[Sample], None]) -> None:
        """Until it is cancelled."""
        while True:
            report(await asyncio.to_thread(self.take))
            await asyncio.sleep(_EVERY_S)

    @property
    def rss_max(self) -> dict[str, int]:
        """The most that any process of each program has taken."""
        programs = sorted({name for sample in self.taken for name in sample.rss})
        return {name: max(sample.rss.get(name, 0) for sample in self.taken) for name in programs}

    @property
    def backlog_max(self) -> int:
        return max((sample.backlog for sample in self.taken), default=0)

    def between(self, since: float, until: float) -> list[Sample]:
        return [sample for sample in self.taken if since <= sample.at <= until]


def backlog_of(journal: Path) -> int:
    """Bytes of all segments; what disappears meanwhile is published."""
    size = 0
    for worker, name in segment_files(journal):
        with suppress(FileNotFoundError):
            size += (journal / worker / name).stat().st_size
    return size


def charts(samples: Samples, bytes_an_event: float) -> tuple[Chart, ...]:
    """Backlog, memory and rates over time, and what the store was doing."""
    taken = samples.taken
    programs = sorted(samples.rss_max)
    pairs = list(zip(taken, taken[_SMOOTH:], strict=False))
    return (
        Chart("Journal not yet published", "MB", {"backlog": [(s.at, s.backlog / 1e6) for s in taken]}),
        Chart(
            "Resident memory, the largest process of each program", "MiB",
            {name: [(s.at, s.rss.get(name, 0) / 2**20) for s in taken] for name in programs},
        ),
        Chart(
            "Intake and publishing", "events/s",
            {
                "acknowledged": [(b.at, (b.acked - a.acked) / (b.at - a.at)) for a, b in pairs],
                "published": [(b.at, published(a, b, bytes_an_event) / (b.at - a.at)) for a, b in pairs],
            },
        ),
        Chart("The store: which fault was on", "a level each", _faults(taken)),
    )  # fmt: skip


def published(before: Sample, after: Sample, bytes_an_event: float) -> float:
    """Events that left the journal between two looks."""
    return max(0.0, after.acked - before.acked - (after.backlog - before.backlog) / bytes_an_event)


def _faults(taken: list[Sample]) -> dict[str, list[tuple[float, float]]]:
    stages = list(dict.fromkeys(sample.stage for sample in taken))
    return {
        stage: [(s.at, level if s.stage == stage else 0.0) for s in taken]
        for level, stage in enumerate(stages, 1)
        if stage != "well"
    }
