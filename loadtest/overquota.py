"""`overload`: a write key at twenty times its quota, and a device that floods; who else notices."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

import msgspec

from loadtest.charts import Chart
from loadtest.drive import answers
from loadtest.openloop import Pool, Sample, accepted, open_loop, percentile
from loadtest.overload import BATCH, WORKERS, Clock, Collector, Report, requests
from loadtest.slowed.disk import Disk
from loadtest.wire import address

KEY_RATE: Final = 200.0
DEVICE_RATE: Final = 100.0
FLOOD: Final = 20.0
OTHERS: Final = 2000.0
BURST_S: Final = 2.0
PAUSE_S: Final = 0.5
SPENT_S: Final = 0.75
T = TypeVar("T")


class Quotas(msgspec.Struct, frozen=True):
    """Rates in acknowledged events a second. `others_p99_shift`: 0.1 is a tenth more with the flood."""

    key_quota_per_s: float
    key_passed_per_s: float
    others_refused: int
    others_p99_ms: float
    others_p99_flooded_ms: float
    others_p99_shift: float
    device_quota_per_s: float
    device_passed_per_s: float
    device_neighbours_refused: int


class Window(msgspec.Struct, frozen=True):
    """The requests of the others and of the flood, from `begin` to `end`."""

    others: list[Sample]
    flood: list[Sample]
    begin: float
    end: float

    @property
    def p99(self) -> float:
        return percentile([one.took for one in self.others], 0.99)

    @property
    def passed(self) -> float:
        """Events a second once what the bucket held at the beginning is spent."""
        return accepted(self.flood, self.begin + SPENT_S, self.end)


class Flood(msgspec.Struct, frozen=True):
    """Two streams into one collector: `others` and `flooding` are keys; `device` floods where it is named."""

    others: str
    flooding: str
    rate: float
    device: str | None = None

    async def window(self, pool: Pool, name: str, times: float, seconds: float, now: int) -> Window:
        """Both for so long; the flood at `times` its quota."""
        begin = pool.clock()
        usual = open_loop(pool, requests(self.others, f"{name}-o", now), OTHERS / BATCH, seconds)
        flooding = requests(self.flooding, f"{name}-f", now, device=self.device)
        others, flood = await asyncio.gather(
            usual, open_loop(pool, flooding, self.rate * times / BATCH, seconds)
        )
        return Window(others, flood, begin, begin + seconds)


async def windows(collector: Collector, number: int, seconds: float, now: int, clock: Clock) -> list[Window]:
    """In turn a window in which a key keeps to its quota, and one in which it sends twenty times as much."""
    pool, flood = (
        Pool(address(collector.url), clock),
        Flood(collector.key(), collector.key(KEY_RATE), KEY_RATE),
    )
    await asyncio.sleep(2.5)
    await flood.window(pool, "warm", 1.0, BURST_S, now)
    found = []
    for turn in range(number * 2):
        found.append(await flood.window(pool, f"w{turn}", FLOOD if turn % 2 else 1.0, seconds, now))
        await asyncio.sleep(PAUSE_S)
    pool.close()
    return found


async def device_window(collector: Collector, seconds: float, now: int, clock: Clock) -> Window:
    """One device of a key at twenty times what a device may send, beside the key's other devices."""
    pool, key = Pool(address(collector.url), clock), collector.key()
    await asyncio.sleep(2.5)
    flood = Flood(key, key, DEVICE_RATE, "flooding-device")
    found = await flood.window(pool, "device", FLOOD, seconds, now)
    pool.close()
    return found


def quotas(
    disk: Disk, number: int, seconds: float, now: int, clock: Clock, report: Report
) -> tuple[Quotas, tuple[Chart, ...]]:
    """Both floods, each against a collector of its own. `seconds`: of one window."""
    found = _with_collector(disk, lambda one: windows(one, number, seconds, now, clock), clock)
    calm, flooded = found[::2], found[1::2]
    report(f"others' p99: {[round(one.p99 * 1000) for one in calm]} ms, with the flood "
           f"{[round(one.p99 * 1000) for one in flooded]} ms")  # fmt: skip
    longer = max(seconds, 4 * BURST_S)
    device = _with_collector(
        disk,
        lambda one: device_window(one, longer, now, clock),
        clock,
        SOJOURN_DEVICE_RATE=str(DEVICE_RATE),
    )
    return figures(calm, flooded, device), (_chart(calm, flooded),)


def _with_collector(
    disk: Disk, work: Callable[[Collector], Coroutine[object, object, T]], clock: Clock, **settings: str
) -> T:
    with tempfile.TemporaryDirectory(prefix="loadtest-overquota-") as name:
        collector = Collector(Path(name), disk, WORKERS, **settings)
        with collector.program:
            asyncio.run(answers(collector.url, "/health", 60.0, lambda: int(clock() * 1e6)))
            return asyncio.run(work(collector))


def figures(calm: list[Window], flooded: list[Window], device: Window) -> Quotas:
    usual, shifted = median(one.p99 for one in calm), median(one.p99 for one in flooded)
    return Quotas(
        key_quota_per_s=KEY_RATE,
        key_passed_per_s=round(median(one.passed for one in flooded), 1),
        others_refused=sum(sample.status != 200 for one in (*calm, *flooded) for sample in one.others),
        others_p99_ms=round(usual * 1000, 1),
        others_p99_flooded_ms=round(shifted * 1000, 1),
        others_p99_shift=round(shifted / usual - 1, 3) if usual else 0.0,
        device_quota_per_s=DEVICE_RATE,
        device_passed_per_s=round(device.passed, 1),
        device_neighbours_refused=sum(sample.status != 200 for sample in device.others),
    )


def _chart(calm: list[Window], flooded: list[Window]) -> Chart:
    start = min(one.begin for one in calm)
    lines = {
        name: [(one.begin - start, one.p99 * 1000) for one in found]
        for name, found in (("key within its quota", calm), ("key at 20 times its quota", flooded))
    }
    return Chart("Quotas: p99 of the other keys, window by window", "ms", lines)
