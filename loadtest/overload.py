"""`overload`: three times what a slow disk takes; who is let in, how the others are told, what remains."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
import pyarrow.parquet as pq

from loadtest.charts import Chart
from loadtest.drive import answers
from loadtest.openloop import (
    Pool,
    Sample,
    accepted,
    closed_loop,
    open_loop,
    over_time,
    percentile,
    statuses,
)
from loadtest.processes import Process, Program, free_port, role, rss_of, sojourn, wait_until
from loadtest.slowed.disk import Disk
from loadtest.visits import iso
from loadtest.wire import Request, address, basic, envelope
from warehouse.registry import Registry
from warehouse.segments import tally

WORKERS: Final = 2
BATCH: Final = 20
CONNECTIONS: Final = 48
DRAIN_S: Final = 120.0
LOOK_S: Final = 0.25
STEP_S: Final = 0.5
TIMES: Final = 3.0
_EVENT: Final = (
    b'{"type":"track","event":"Order Completed","messageId":"%b","anonymousId":"%b","timestamp":"%b",'
    b'"properties":{"order":"%b","revenue":59.9,"currency":"EUR","products":[%b]},'
    b'"context":{"library":{"name":"analytics.js","version":"2.1"},"locale":"de-DE"}}'
)
_PRODUCT: Final = b'{"sku":"course-analytics-101","name":"Analytics for everyone","price":29.95,"quantity":1}'
Clock = Callable[[], float]
Report = Callable[[str], None]


class Slow(msgspec.Struct, frozen=True):
    """What came of the slow disk; rates in acknowledged events a second, times in seconds or ms as named."""

    max_per_s: float
    useful_per_s: float
    useful_share: float
    rss_max: int
    shed_p99_ms: float
    accepted_p99_ms: float
    recovered_s: float
    statuses: dict[str, int]
    without_retry_after: int
    acked: int
    missing: int
    doubled: int


class Collector:
    """`sojourn collect` on a folder of its own, with a slow disk where one is given."""

    def __init__(self, folder: Path, disk: Disk | None, workers: int, **settings: str) -> None:
        port = free_port()
        self.url, self.data = f"http://127.0.0.1:{port}", folder / "data"
        variables = {
            "SOJOURN_DATA": str(self.data),
            "SOJOURN_PORT": str(port),
            "SOJOURN_WORKERS": str(workers),
            **settings,
            **(disk.variables if disk else {}),
        }
        self.data.mkdir(parents=True)
        self.program = Program(
            sojourn("collect"), mark=uuid4().hex, log=folder / "collect.log", variables=variables
        )

    def key(self, rate: float | None = None) -> str:
        """A new write key."""
        registry = Registry.open(self.data / "registry.sqlite", now=lambda: 0)
        secret = registry.create_key("loadtest", rate=rate).secret
        registry.close()
        return secret

    def workers(self) -> list[Process]:
        return [process for process in self.program.all() if role(process) == "worker"]

    def drain(self) -> None:
        wait_until("the journal to be empty", self._drained, DRAIN_S)

    def _drained(self) -> bool:
        self.program.require()
        journal = self.data / "journal"
        return not any(journal.glob("*/*.sealed")) and all(
            tally(path.read_bytes(), path.stem).events == 0
            for path in journal.glob("*/*.open")
            if path.exists()
        )

    def landed(self) -> Counter[str]:
        """How often each message id stands in landing."""
        found: Counter[str] = Counter()
        for path in (self.data / "landing").glob("date=*/hour=*/*.parquet"):
            found.update(pq.read_table(path, columns=["message_id"])["message_id"].to_pylist())
        return found


def requests(
    key: str, run: str, at: int, events: int = BATCH, device: str | None = None
) -> Iterator[Request]:
    """Batches without end, each of a device of its own, or all of `device`; every message id is new."""
    headers = b"Content-Type: application/json\r\n" + basic(key)
    sent_at, products = iso(at // 1000), b",".join([_PRODUCT] * 5)
    for number in count():
        ids = tuple(f"{run}-{number}-{index}" for index in range(events))
        who = (device or f"{run}-{number}").encode()
        bodies = [_EVENT % (one.encode(), who, sent_at.encode(), one.encode(), products) for one in ids]
        yield Request("/v1/batch", envelope(bodies, sent_at), ids, headers)


async def watch_memory(workers: list[Process], clock: Clock, seen: list[tuple[float, int]]) -> None:
    """The greatest resident size of a worker, four times a second, until cancelled."""
    while True:
        seen.append((clock(), max(rss_of([process]) for process in workers)))
        await asyncio.sleep(LOOK_S)


def recovered(after: Iterable[Sample], ended: float, usual_s: float) -> float:
    """Seconds after the overload from which on every request was accepted in the usual time."""
    late = [one.due for one in after if one.status != 200 or one.took > usual_s]
    return max(late, default=ended) - ended


class Phases(msgspec.Struct):
    """The samples of a run by phase, with the seconds at which each began and ended."""

    calm: list[Sample]
    most: list[Sample]
    over: list[Sample]
    after: list[Sample]
    marks: list[float]
    memory: list[tuple[float, int]]


async def phases(collector: Collector, seconds: float, now: int, clock: Clock, report: Report) -> Phases:
    """Calm, as much as the disk takes, three times that, and calm again."""
    key, pool, memory = collector.key(), Pool(address(collector.url), clock), list[tuple[float, int]]()
    watching = asyncio.ensure_future(watch_memory(collector.workers(), clock, memory))
    await asyncio.sleep(2.5)
    marks = [clock()]
    most = await closed_loop(pool, requests(key, "most", now), CONNECTIONS, seconds)
    marks.append(clock())
    rate = accepted(most, marks[0] + 1.0, marks[0] + seconds) / BATCH
    report(f"the disk takes {rate * BATCH:.0f} events/s")
    await asyncio.sleep(2.0)
    calm = await open_loop(pool, requests(key, "calm", now), rate / 2, seconds / 2)
    report(f"p99 at half of that: {percentile([one.took for one in calm], 0.99) * 1000:.0f} ms")
    marks.append(clock())
    pouring = asyncio.ensure_future(open_loop(pool, requests(key, "over", now), rate * TIMES, seconds))
    await asyncio.sleep(seconds)
    marks.append(clock())
    after = await open_loop(pool, requests(key, "after", now), rate / 2, max(10.0, seconds / 2))
    over = await pouring
    report(f"answered at {TIMES:g} times that: {statuses(over)}")
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    pool.close()
    return Phases(calm, most, over, after, marks, memory)


def slow_disk(
    disk: Disk, seconds: float, now: int, clock: Clock, report: Report
) -> tuple[Slow, tuple[Chart, ...]]:
    """The whole of it, in a folder that is removed. `now` in µs UTC, `clock` in s."""
    with tempfile.TemporaryDirectory(prefix="loadtest-overload-") as name:
        collector = Collector(Path(name), disk, WORKERS)
        with collector.program:
            asyncio.run(answers(collector.url, "/health", 60.0, lambda: int(clock() * 1e6)))
            run = asyncio.run(phases(collector, seconds, now, clock, report))
            collector.drain()
            landed = collector.landed()
        report(f"{sum(landed.values())} events are in landing")
        return figures(run, landed, seconds), charts(run)


def figures(run: Phases, landed: Counter[str], seconds: float) -> Slow:
    began_most, _, began_over, ended = run.marks
    most = accepted(run.most, began_most + 1.0, began_most + seconds)
    useful = accepted(run.over, began_over, ended)
    shed = [one for one in run.over if one.status != 200]
    acked = [
        name for one in (*run.calm, *run.most, *run.over, *run.after) if one.status == 200 for name in one.ids
    ]
    usual = max(2 * percentile([one.took for one in run.calm], 0.99), 0.1)
    return Slow(
        max_per_s=round(most, 1),
        useful_per_s=round(useful, 1),
        useful_share=round(useful / most, 3) if most else 0.0,
        rss_max=max(size for _, size in run.memory),
        shed_p99_ms=round(percentile([one.took for one in shed], 0.99) * 1000, 1),
        accepted_p99_ms=round(
            percentile([one.took for one in run.over if one.status == 200], 0.99) * 1000, 1
        ),
        recovered_s=round(recovered(run.after, ended, usual), 2),
        statuses=statuses(run.over),
        without_retry_after=sum(one.retry_after is None for one in shed),
        acked=len(acked),
        missing=sum(name not in landed for name in acked),
        doubled=sum(times > 1 for times in landed.values()),
    )


def charts(run: Phases) -> tuple[Chart, ...]:
    start = run.marks[0]
    every = sorted([*run.most, *run.calm, *run.over, *run.after])
    kept = [one for one in every if one.status == 200]
    shed = [one for one in every if one.status != 200]

    def events(found: list[Sample]) -> float:
        return sum(len(one.ids) for one in found) / STEP_S

    def p99(found: list[Sample]) -> float:
        return percentile([one.took for one in found], 0.99) * 1000

    sent = {
        "accepted": over_time(kept, start, STEP_S, events),
        "turned away": over_time(shed, start, STEP_S, events),
    }
    times = {
        "accepted": over_time(kept, start, STEP_S, p99),
        "turned away": over_time(shed, start, STEP_S, p99),
    }
    memory = {"largest worker": [(at - start, size / 2**20) for at, size in run.memory if at >= start]}
    return (
        Chart("Slow disk: events by when they were sent", "events/s", sent),
        Chart("Slow disk: p99 of the answer, from the moment at which it was due", "ms", times),
        Chart("Slow disk: resident memory", "MiB", memory),
    )
