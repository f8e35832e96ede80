"""`soak`: steady traffic for half an hour or more; what must not grow is flat after the first minutes."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from pathlib import Path
from typing import Final

import msgspec

from loadtest.charts import Chart
from loadtest.drive import Ack, Client, answers
from loadtest.freshness import Watcher, schedule, send_probes, wait_loaded
from loadtest.house import House
from loadtest.soak import flat
from loadtest.soak.flat import Halves, Points
from loadtest.soak.samples import Log, Sample, sample
from loadtest.traffic import Shop
from loadtest.wire import basic
from warehouse.settings import Folders

EVERY_S: Final = 5.0
WARM_S: Final = 600.0
WORKERS: Final = 2
CUSTOMERS: Final = 20_000
# An hour of snapshots would need an hour to come to rest; nothing else is changed.
LONGEST_KEEP_S: Final = 300.0
MEMORY: Final = ("worker", "sink", "sessionize", "console", "publish", "collect", "up")
# Beside a quarter more: how many files more do not count.
SLACK: Final = {"journal": 4, "lake, small": 16, "dedup": 4, "run": 2}
_TOLD_S: Final = 30.0
Clock = Callable[[], int]
Report = Callable[[str], None]


class SoakFigures(msgspec.Struct, frozen=True):
    """What the command prints; `before` and `after` are the halves of what came after `warm_s` seconds.

    By program: `memory_mib` (its own), `descriptors` (the most), `cores`. `files` (the most) by place;
    `commit_s`: a load with its commit, `freshness_s`: from the 200 to the row in SQL, both at p95. `grows`:
    MiB and files at the end of what grows by nature. `fallen`: processes that ended meanwhile.
    """

    seconds: float
    warm_s: float
    events: int
    rate: float
    memory_mib: dict[str, Halves]
    descriptors: dict[str, Halves]
    files: dict[str, Halves]
    registry_mib: Halves
    commit_s: Halves
    freshness_s: Halves
    cores: dict[str, float]
    grows: dict[str, float]
    unseen: int
    refused: int
    fallen: int

    @property
    def held(self) -> bool:
        groups = (self.memory_mib, self.descriptors, self.files)
        singles = (self.registry_mib, self.commit_s, self.freshness_s)
        flat = all(one.flat for group in groups for one in group.values()) and all(
            one.flat for one in singles
        )
        return flat and self.unseen == self.refused == self.fallen == 0


class Soaked(msgspec.Struct):
    """What was seen over time. `commits`: (second, seconds) of every load."""

    samples: list[Sample] = []
    commits: list[tuple[float, float]] = []
    events: int = 0
    refused: int = 0


def soak(
    minutes: float, rate: float, work: Path | None, clock: Clock, report: Report
) -> tuple[SoakFigures, tuple[Chart, ...]]:
    """Traffic for `minutes` on an empty folder; the first 10 minutes, or a third of less, are the warm-up."""
    warm_s = min(WARM_S, minutes * 20)
    with tempfile.TemporaryDirectory(prefix="loadtest-soak-", dir=work) as folder:
        data = Path(folder) / "data"
        data.mkdir()
        variables = {"SOJOURN_SNAPSHOT_KEEP": str(max(60.0, min(LONGEST_KEEP_S, warm_s / 2)))}
        with House(data, workers=WORKERS, variables=variables) as house:
            asyncio.run(answers(house.url, "/health", 60.0, clock))
            wait_loaded(house, 0, report)
            with house.lake() as lake, ThreadPoolExecutor(1) as pool:
                watcher = Watcher(lake, clock)
                watching = pool.submit(watcher.run)
                try:
                    since, soaked = asyncio.run(_drive(house, rate, minutes, watcher, clock, report))
                finally:
                    watcher.ended.set()
                watching.result()
    fresh = [
        ((probe.acked_at - since) / 1e6, (probe.sql_at - probe.acked_at) / 1e6)
        for probe in watcher.probes
        if probe.sql_at is not None
    ]
    unseen = len(watcher.probes) - len(fresh)
    return figures(soaked, fresh, unseen, warm_s), charts(soaked, fresh)


async def _drive(
    house: House, rate: float, minutes: float, watcher: Watcher, clock: Clock, report: Report
) -> tuple[int, Soaked]:
    """The traffic, the probes and the looks; returns when the first one came (µs UTC) and what was seen."""
    soaked = Soaked()
    # Visits that began in the quarter of an hour before have to be made up first.
    since = clock() + int((15 + rate / 20) * 1e6)
    load = schedule(Shop(customers=CUSTOMERS), rate, since)
    first = await asyncio.to_thread(next, load)
    until = since + int(minutes * 60e6)

    def remember(ack: Ack) -> None:
        soaked.events += len(ack.request.ids)

    async with Client(
        house.url, clock=clock, connections=16, headers=basic(house.write_key()), remember=remember
    ) as client:
        await asyncio.gather(
            client.pace(chain([first], load), until=until),
            send_probes(client, watcher, f"{since:x}", since, until, clock),
            _look(house, soaked, since, until, clock, report),
        )
        soaked.refused = len(client.refused)
    return since, soaked


async def _look(house: House, soaked: Soaked, since: int, until: int, clock: Clock, report: Report) -> None:
    folders, log, told = Folders(house.data), Log(house.program.log), 0.0
    for at in range(since, until, int(EVERY_S * 1e6)):
        await asyncio.sleep(max(0, at - clock()) / 1e6)
        second = (clock() - since) / 1e6
        soaked.samples.append(found := await asyncio.to_thread(sample, house, folders, second))
        soaked.commits += [(second, took) for took in log.took("loaded")]
        if second - told >= _TOLD_S:
            told = second
            memory = ", ".join(f"{name} {mib:.0f}" for name, mib in sorted(found.own.items()))
            report(f"{second:.0f} of {(until - since) / 1e6:.0f} s: {soaked.events:,} events, MiB: {memory}")


def figures(soaked: Soaked, fresh: Points, unseen: int, warm_s: float) -> SoakFigures:
    """Judges what was seen."""
    samples = soaked.samples
    first, last = samples[0], samples[-1]
    seconds = last.second - first.second
    programs = [name for name in MEMORY if name in last.own]

    def line(field: str, name: str) -> Points:
        return _line(samples, field, name)

    return SoakFigures(
        seconds=round(last.second, 1),
        warm_s=warm_s,
        events=soaked.events,
        rate=round(soaked.events / last.second, 1),
        memory_mib={name: flat.memory(line("own", name), warm_s) for name in programs},
        descriptors={name: flat.files(line("descriptors", name), warm_s, 8) for name in programs},
        files={name: flat.files(line("files", name), warm_s, slack) for name, slack in SLACK.items()},
        registry_mib=flat.memory(line("mib", "registry"), warm_s),
        commit_s=flat.duration(soaked.commits, warm_s),
        freshness_s=flat.duration(fresh, warm_s),
        cores={name: round((last.cpu[name] - first.cpu.get(name, 0.0)) / seconds, 3) for name in programs},
        grows={
            **{f"{name}, MiB": last.mib[name] for name in ("landing", "lake, full", "dedup", "catalog")},
            **{f"{name}, files": last.files[name] for name in ("landing", "lake, full")},
        },
        unseen=unseen,
        refused=soaked.refused,
        fallen=sum(len(one.pids - other.pids) for one, other in pairwise(samples)),
    )


def charts(soaked: Soaked, fresh: Points) -> tuple[Chart, ...]:
    """Everything over time."""
    samples = soaked.samples

    def chart(title: str, unit: str, field: str) -> Chart:
        names = sorted({name for one in samples for name in getattr(one, field)})
        return Chart(title, unit, {name: _line(samples, field, name) for name in names})

    sizes = chart("Sizes", "MiB", "mib")
    small = {name: sizes.lines[name] for name in ("catalog", "registry", "dedup", "journal")}
    return (
        chart("Own memory by program", "MiB", "own"),
        chart("Resident memory with mapped files, by program", "MiB", "resident"),
        Chart("CPU by program", "cores", _cores(samples)),
        Chart("A load with its commit", "s", {"load": soaked.commits}),
        Chart("From the answer to the row in SQL", "s", {"freshness": list(fresh)}),
        chart("Files", "files", "files"),
        chart("Open descriptors", "descriptors", "descriptors"),
        Chart("Catalog, registry, dedup index, journal", "MiB", small),
        Chart("Landing and lake", "MiB", {name: sizes.lines[name] for name in ("landing", "lake, full")}),
    )


def _line(samples: Sequence[Sample], field: str, name: str) -> Points:
    return [(one.second, getattr(one, field).get(name, 0)) for one in samples]


def _cores(samples: Sequence[Sample]) -> dict[str, Points]:
    return {
        name: [
            (
                later.second,
                max(0.0, later.cpu.get(name, 0) - one.cpu.get(name, 0)) / (later.second - one.second),
            )
            for one, later in pairwise(samples)
        ]
        for name in sorted({name for one in samples for name in one.cpu})
    }
