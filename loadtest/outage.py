"""`outage`: the object store fails in every way while events come in; nothing is lost, all is caught up."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from loadtest.charts import Chart
from loadtest.flood import EVENTS, Flood
from loadtest.full import NOTHING, Full, full
from loadtest.house import House
from loadtest.processes import free_port
from loadtest.proxy import Fault, Proxy
from loadtest.samples import Sample, Samples, charts, published
from loadtest.seaweed import BucketAt, SeaweedServer, at_python
from loadtest.store import answering, landing_of
from loadtest.stored import Compared, compared, count
from loadtest.wire import address

SINGLY: Final = (
    Fault.SLOW, Fault.ERROR_500, Fault.ERROR_503, Fault.CUT_UPLOAD, Fault.CUT_ANSWER, Fault.SILENT,
)  # fmt: skip
_MIXED_SHARE: Final = 0.4
_CAUGHT_UP: Final = 0.05
_MOST_LOOKS: Final = 300
_STUCK_S: Final = 100.0
_SETTLE_S: Final = 300.0
_TOLD_EVERY_S: Final = 10.0
Report = Callable[[str], None]


class Wish(msgspec.Struct, frozen=True):
    """How large a run is: events, bytes of backlog to reach, events a second that come in, seconds that each
    fault lasts, seconds that a slow answer takes, and bytes of the disk that is filled (0: none is).
    """

    events: int
    backlog: int
    rate: float
    stage_s: float = 30.0
    slow_s: float = 30.0
    disk: int = 512 << 20


class Outage(msgspec.Struct, frozen=True):
    """What the command prints. `intake_per_s` is what came in during the outage, `drain_per_s` what was
    published from the store's return until 95 % of the backlog was gone, while more came in.

    `refused_503`, `full_at` (share of the disk), `shut` (times that the door shut) and
    `retry_after_ratio_p50` (seconds named ÷ seconds until there was room) are of the disk that was filled.
    """

    events: int
    acked: int
    missing: int
    doubled: int
    difference: int
    backlog_max_bytes: int
    rss_max: dict[str, int]
    intake_per_s: float
    drain_per_s: float
    drain_over_intake: float
    loaded_per_s: float
    refused_503: int
    full_at: float
    shut: int
    retry_after_ratio_p50: float
    faults: dict[str, int]
    seconds: float

    @property
    def held(self) -> bool:
        return (
            self.missing == self.doubled == self.difference == 0
            and self.acked >= self.events
            and all(self.faults.get(fault) for fault in (*SINGLY, Fault.DOWN))
            and max(self.rss_max.get("worker", 0), self.rss_max.get("sink", 0)) <= 512 << 20
        )


class Scene:
    """One house before one store, under one load."""

    def __init__(self, house: House, proxy: Proxy, flood: Flood, clock: Callable[[], float]) -> None:
        self.house, self.proxy, self.flood, self.clock = house, proxy, flood, clock
        self.samples = Samples(house, flood, clock)
        self.bytes_an_event = flood.bytes_an_event

    async def stage(self, name: str, faults: Sequence[Fault], seconds: float, share: float = 1.0) -> None:
        """So many seconds, or until something has met the fault, if that takes longer."""
        self.samples.stage = name
        await self.proxy.set(faults, share)
        met = self.proxy.met.total()
        await asyncio.sleep(seconds)
        for _ in range(_MOST_LOOKS if faults else 0):
            if self.proxy.met.total() > met:
                return
            await asyncio.sleep(0.1)

    async def pile_up(self, backlog: int) -> None:
        """The store is down until so many bytes wait; what comes in meanwhile tells how large an event is."""
        self.samples.stage = Fault.DOWN
        await self.proxy.set([Fault.DOWN])
        before = await asyncio.to_thread(self.samples.take)
        await self.until(lambda sample: sample.backlog >= backlog and sample.acked > before.acked)
        after = self.samples.taken[-1]
        if after.backlog > before.backlog and after.acked > before.acked:
            self.bytes_an_event = (after.backlog - before.backlog) / (after.acked - before.acked)

    async def until(self, holds: Callable[[Sample], bool]) -> Sample:
        """The first look of which it holds, or the last one when everything has been sent."""
        while True:
            sample = await asyncio.to_thread(self.samples.take)
            if holds(sample) or self.flood.done == self.flood.batches:
                return sample
            await asyncio.sleep(1.0)

    async def caught_up(self) -> tuple[Sample, Sample]:
        """The store is well: the looks at its return, and when 95 % of the backlog is gone."""
        self.samples.stage = "well"
        await self.proxy.set()
        first = await asyncio.to_thread(self.samples.take)
        while True:
            sample = await asyncio.to_thread(self.samples.take)
            if sample.backlog <= _CAUGHT_UP * first.backlog:
                return first, sample
            await asyncio.sleep(0.5)


class Course(msgspec.Struct, frozen=True):
    """Rates of one course (events a second), and how its events compare with the lake."""

    intake: float
    drain: float
    loaded: float
    stored: Compared
    difference: int
    acked: int
    rss_max: dict[str, int]
    backlog_max: int
    charts: tuple[Chart, ...]


async def course(scene: Scene, wish: Wish, report: Report) -> Course:
    """Faults mixed, each alone, then away until the backlog is there; then well; then a mix again."""
    watching = asyncio.create_task(scene.samples.keep(_teller(scene, report)))
    sending = asyncio.create_task(scene.flood.run())
    try:
        await scene.stage("well", (), wish.stage_s / 2)
        began = await asyncio.to_thread(scene.samples.take)
        await scene.stage("mixed", SINGLY, wish.stage_s, _MIXED_SHARE)
        for fault in SINGLY:
            waits = fault in (Fault.SLOW, Fault.SILENT)
            await scene.stage(fault, [fault], max(wish.stage_s, 2.0 * wish.slow_s if waits else 0))
        await scene.pile_up(wish.backlog)
        back, gone = await scene.caught_up()
        await scene.stage("mixed", SINGLY, wish.stage_s, _MIXED_SHARE)
        scene.samples.stage = "well"
        await scene.proxy.set()
        await sending
        loaded = await _loaded(scene)
    finally:
        for task in (watching, sending):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(watching, sending)
    report("everything is loaded; comparing")
    stored, difference = await asyncio.to_thread(_compared, scene)
    return Course(
        intake=(back.acked - began.acked) / (back.at - began.at),
        drain=published(back, gone, scene.bytes_an_event) / (gone.at - back.at),
        loaded=scene.flood.events / (loaded - back.at),
        stored=stored,
        difference=difference,
        acked=scene.flood.events,
        rss_max=scene.samples.rss_max,
        backlog_max=scene.samples.backlog_max,
        charts=charts(scene.samples, scene.bytes_an_event),
    )


def _teller(scene: Scene, report: Report) -> Callable[[Sample], None]:
    last = [float("-inf")]

    def tell(sample: Sample) -> None:
        if sample.at - last[0] >= _TOLD_EVERY_S:
            last[0] = sample.at
            report(
                f"{sample.at:5.0f} s  store {sample.stage}: {sample.acked:,} acknowledged, "
                f"{sample.backlog / 1e6:,.0f} MB wait, sink {sample.rss.get('sink', 0) >> 20} MiB"
            )

    return tell


async def _loaded(scene: Scene) -> float:
    """When as many events were in the lake as were acknowledged, or it had not moved for a while."""
    loaded, moved = -1, scene.clock()
    while True:
        before, loaded = loaded, await asyncio.to_thread(_count, scene.house)
        moved = scene.clock() if loaded > before else moved
        if loaded >= scene.flood.events or scene.clock() - moved > _STUCK_S:
            return moved
        await asyncio.sleep(2.0)


def _count(house: House) -> int:
    house.program.require()
    with house.lake() as lake:
        return count(lake)


def _compared(scene: Scene) -> tuple[Compared, int]:
    books = scene.house.settle(_SETTLE_S)
    with scene.house.lake(threads=2) as lake:
        return compared(lake, scene.flood), books.difference


def outage(
    wish: Wish, seed: int, clock: Callable[[], float], report: Report
) -> tuple[Outage, tuple[Chart, ...]]:
    """The whole run, on a SeaweedFS of its own. `clock` gives seconds of any origin."""
    with tempfile.TemporaryDirectory(prefix="loadtest-outage-") as name:
        folder = Path(name)
        (folder / "store").mkdir()
        server = SeaweedServer(at_python("weed"), folder / "store", free_port)
        with server.running():
            server.client().create_bucket(Bucket="outage")
            bucket = BucketAt(server.endpoint_url, server.access_key, server.secret_key, "outage")
            return asyncio.run(_run(folder, bucket, wish, Random(seed), clock, report))


async def _run(
    folder: Path, bucket: BucketAt, wish: Wish, dice: Random, clock: Callable[[], float], report: Report
) -> tuple[Outage, tuple[Chart, ...]]:
    origin = clock()

    def elapsed() -> float:
        return clock() - origin

    async with Proxy(address(bucket.endpoint_url), wish.slow_s, dice) as proxy:
        data = folder / "data"
        data.mkdir()
        house = await asyncio.to_thread(House, data, variables=landing_of(bucket, "main", proxy.port))
        flood = Flood(house.url, house.write_key(), wish.events, wish.rate, elapsed, dice)
        try:
            await answering(house)
            done = await course(Scene(house, proxy, flood, elapsed), wish, report)
        finally:
            await asyncio.to_thread(house.__exit__)
        limits = full(folder, bucket, proxy, wish.disk, dice, elapsed, report) if wish.disk else None
        at_limit = await limits if limits else NOTHING
    return _figures(wish, done, at_limit, dict(proxy.met), round(elapsed(), 1)), done.charts


def _figures(wish: Wish, done: Course, at_limit: Full, met: dict[str, int], seconds: float) -> Outage:
    return Outage(
        events=-(-wish.events // EVENTS) * EVENTS,
        acked=done.acked,
        missing=done.stored.missing + at_limit.stored.missing,
        doubled=done.stored.doubled + at_limit.stored.doubled,
        difference=abs(done.difference) + abs(at_limit.difference),
        backlog_max_bytes=done.backlog_max,
        rss_max={
            name: max(done.rss_max.get(name, 0), at_limit.rss_max.get(name, 0)) for name in done.rss_max
        },
        intake_per_s=round(done.intake),
        drain_per_s=round(done.drain),
        drain_over_intake=round(done.drain / max(done.intake, 1e-9), 2),
        loaded_per_s=round(done.loaded),
        refused_503=at_limit.refused,
        full_at=round(at_limit.full_at, 3),
        shut=at_limit.shut,
        retry_after_ratio_p50=round(at_limit.ratio_p50, 2),
        faults={str(name): number for name, number in sorted(met.items())},
        seconds=seconds,
    )
