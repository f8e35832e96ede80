"""`dedup`: every batch sent three times within 7 days, through restarts and over several workers' segments.

The clock is injected: two weeks pass in minutes. What is sent are landing objects in the documented schema,
and the writer loads them as it always does. Beside that: what a load of 5,000 ids costs over indexes of
several sizes.
"""

import heapq
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from loadtest.history import in_schema
from warehouse.landing import LocalStore, object_key
from warehouse.load import load_new
from warehouse.registry import Registry
from warehouse.runs import Entries
from warehouse.segments import Tally, segment_id
from warehouse.settings import WarehouseSettings
from warehouse.writer import Writer, open_writer

BATCH: Final = 5_000
TIMES: Final = 3
WORKERS: Final = 4
CHANGED_EVERY: Final = 50
_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000
_WINDOW_US: Final = 7 * _DAY_US
_SPREAD_US: Final = 7 * _DAY_US
_AT_ONCE: Final = 20
_LOADS: Final = 7
_LATEST: Final = 10
Report = Callable[[str], None]


class Sending(msgspec.Struct, frozen=True, order=True):
    """A batch on its way: received at `at` (µs UTC), for the `time`-th time (0, 1, 2)."""

    at: int
    batch: int
    time: int


class DedupFigures(msgspec.Struct, frozen=True):
    """`false_drops`: ids of which no copy is stored; `doubled`: stored copies beyond the first.

    `changed` ids came again with another body, `changed_marked` of them are marked so; `rebuilt` says that an
    index made anew from the lake judged everything the same. `load_cpu_s`: CPU seconds of a load of 5,000 new
    ids by the number of ids in the index.
    """

    ids: int
    sent: int
    restarts: int
    stored: int
    duplicate: int
    false_drops: int
    doubled: int
    changed: int
    changed_marked: int
    rebuilt: bool
    bytes_per_id: float
    load_cpu_s: dict[str, float]

    @property
    def held(self) -> bool:
        """Whether nothing was doubled, dropped or left unmarked."""
        return (
            self.false_drops == self.doubled == 0
            and self.stored == self.ids
            and self.stored + self.duplicate == self.sent
            and self.changed == self.changed_marked
            and self.rebuilt
        )


def sendings(batches: int, start: int, seed: int) -> Iterator[Sending]:
    """Every batch three times at random gaps, the third within 7 days of the first, in order of arrival."""
    dice = random.Random(seed)
    all_of_them: list[Sending] = []
    for batch in range(batches):
        first = start + dice.randrange(_SPREAD_US)
        gaps = sorted(dice.randrange(_WINDOW_US) for _ in range(TIMES - 1))
        all_of_them += (Sending(first + gap, batch, time) for time, gap in enumerate((0, *gaps)))
    heapq.heapify(all_of_them)
    while all_of_them:
        yield heapq.heappop(all_of_them)


def object_of(sending: Sending, segment: str) -> pa.Table:
    """The landing rows of one sending; the last time every fiftieth id says something else."""
    numbers = range(BATCH)
    bodies = [
        '{"price":2}' if sending.time == TIMES - 1 and number % CHANGED_EVERY == 0 else '{"price":1}'
        for number in numbers
    ]
    moment = pa.array([sending.at] * BATCH, pa.timestamp("us", "UTC"))
    same = {"project": "shop", "key_id": "k_1", "dialect": "segment", "segment_id": segment, "verdict": "ok"}
    same |= {"type": "track", "event": "Viewed", "anonymous_id": "d"}
    return in_schema(
        pa.table(
            {name: [value] * BATCH for name, value in same.items()}
            | {
                "key_no": pa.array([1] * BATCH, pa.int32()),
                "record": pa.array(numbers, pa.int32()),
                "index": pa.array([0] * BATCH, pa.int32()),
                "message_id": [f"b{sending.batch}-{number}" for number in numbers],
                "timestamp": moment,
                "received_at": moment,
                "properties": bodies,
            }
        )
    )


class Lapse:
    """A data folder whose time is ours."""

    def __init__(self, data: Path, start: int) -> None:
        self.settings = WarehouseSettings(data=str(data), load_rows=_AT_ONCE * BATCH)
        self.clock = start
        self.registry = Registry.open(self.settings.folders.registry, now=self.now)
        self.store = LocalStore(self.settings.landing_url)
        self.writer: Writer = self.open()
        self.restarts = self._landed = 0

    def now(self) -> int:
        return self.clock

    def open(self) -> Writer:
        return open_writer(self.settings, self.registry, now=self.now)

    def restart(self) -> None:
        self.writer.close()
        self.writer = self.open()
        self.restarts += 1

    def land(self, sending: Sending) -> None:
        """One object of one of the workers, counted as the sink does."""
        self.clock = max(self.clock, sending.at)
        worker = f"n-w{self._landed % WORKERS}"
        segment = segment_id(worker, 1_700_000_000_000, self._landed // WORKERS)
        sink = pa.BufferOutputStream()
        pq.write_table(object_of(sending, segment), sink, compression="zstd")
        self.store.put_new(object_key(segment, sending.at), sink.getvalue().to_pybytes())
        self.registry.tally_segment(worker, segment, [Tally(1, sending.at // _HOUR_US, BATCH)])
        self._landed += 1

    def load(self) -> None:
        while self.writer.load().objects:
            pass
        self.writer.upkeep()


def dedup(ids: int, sizes: tuple[int, ...], work: Path | None, seed: int, report: Report) -> DedupFigures:
    """Let two weeks pass, count what is there, then measure loads over larger indexes."""
    with tempfile.TemporaryDirectory(prefix="loadtest-dedup-", dir=work) as name:
        folder = Path(name)
        batches = max(1, ids // BATCH)
        lapse = Lapse(folder / "data", 1_795_000_000_000_000)
        dice = random.Random(seed)
        sent: list[Sending] = []
        for number, sending in enumerate(sendings(batches, lapse.clock, seed), 1):
            sent.append(sending)
            lapse.land(sending)
            if number % _AT_ONCE == 0 or number == batches * TIMES:
                lapse.load()
                if dice.random() < 0.2:
                    lapse.restart()
                report(f"sent {number:,} of {batches * TIMES:,} batches, {lapse.restarts} restarts")
        figures = _counted(lapse, batches)
        lapse.writer.close()
        figures = msgspec.structs.replace(figures, rebuilt=_rebuilds(lapse, sent[-_LATEST:]))
        costs = {str(size): _load_cost(folder / f"size-{size}", size, report) for size in sizes}
    return msgspec.structs.replace(figures, load_cpu_s=costs)


def _counted(lapse: Lapse, batches: int) -> DedupFigures:
    lake = lapse.writer.lake
    ((stored, distinct),) = lake.query("SELECT count(*), count(DISTINCT message_id) FROM events")
    ((duplicate, marked),) = lake.query(
        "SELECT count(*), count(*) FILTER (WHERE NOT same_body) FROM duplicates"
    )
    lapse.writer.dedup.flush()
    files = sum(path.stat().st_size for path in lapse.settings.folders.dedup.glob("*.run"))
    ids = batches * BATCH
    return DedupFigures(
        ids, ids * TIMES, lapse.restarts, stored, duplicate, ids - distinct, stored - distinct,
        batches * len(range(0, BATCH, CHANGED_EVERY)), marked, False,
        round(files / max(1, len(lapse.writer.dedup)), 1), {},
    )  # fmt: skip


def _rebuilds(lapse: Lapse, latest: list[Sending]) -> bool:
    """Whether an index that was lost and made anew knows the newest batches when they come again."""
    shutil.rmtree(lapse.settings.folders.dedup)
    lapse.writer = lapse.open()
    before = _stored(lapse)
    for sending in latest:
        lapse.land(Sending(sending.at, sending.batch, 0))
    lapse.load()
    after = _stored(lapse)
    lapse.writer.close()
    return after == before


def _stored(lapse: Lapse) -> int:
    ((stored,),) = lapse.writer.lake.query("SELECT count(*) FROM events")
    return int(stored)


def _load_cost(folder: Path, size: int, report: Report) -> float:
    """CPU seconds of a load of 5,000 new ids, commit included, over an index of `size` ids; the median."""
    report(f"an index of {size:,} ids")
    lapse = Lapse(folder, 1_795_000_000_000_000)
    index = lapse.writer.dedup
    noise = np.random.default_rng(size)
    for _ in range(0, size, 1_000_000):
        index.add(_entries(noise, min(size, 1_000_000), lapse.clock), index.covered)
        while index.tidy():
            pass
    costs = []
    for number in range(_LOADS):
        lapse.land(Sending(lapse.clock, number, 0))
        began = time.process_time()
        load_new(lapse.writer.lake, lapse.store, index, limit=BATCH, now=lapse.now)
        costs.append(time.process_time() - began)
    lapse.writer.close()
    shutil.rmtree(folder)
    return round(sorted(costs)[_LOADS // 2], 3)


def _entries(noise: np.random.Generator, count: int, now: int) -> Entries:
    h1, h2, body = (noise.integers(0, 2**64, count, np.uint64) for _ in range(3))
    return Entries(h1, h2, body, noise.integers(now - _WINDOW_US, now, count, np.int64))
