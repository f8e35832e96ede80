"""A disk that fills up while the store is away: accepted until the watermark, then 503, then on by itself."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

import msgspec

from loadtest.flood import EVENTS, Flood, Refusal
from loadtest.house import House
from loadtest.proxy import Fault, Proxy
from loadtest.samples import Samples
from loadtest.seaweed import BucketAt
from loadtest.store import answering, landing_of
from loadtest.stored import Compared, compared
from loadtest.volume import Volume, volume

_FASTEST: Final = 25_000.0
_FILL_S: Final = 20.0
_BYTES_AN_EVENT: Final = 430
_SEGMENTS: Final = 2_048
_REFUSED_S: Final = 3.0
_ROOM_S: Final = 20.0
_BATCH_BYTES: Final = EVENTS * _BYTES_AN_EVENT
_MEASURED_AFTER_S: Final = 3.0
_APART_S: Final = 3.0
_LOOK_S: Final = 1.0
_SLOWER: Final = 8
_CONNECTIONS: Final = 4
_SETTLE_S: Final = 900.0


class Full(msgspec.Struct, frozen=True):
    """How it went: requests refused, share of the disk at the first, times that the door shut, seconds that
    Retry-After named ÷ seconds until there was room (median, while the store drained it).
    """

    refused: int
    full_at: float
    shut: int
    ratio_p50: float
    stored: Compared
    difference: int
    rss_max: dict[str, int]


NOTHING: Final = Full(0, 0.0, 0, 0.0, Compared(0, 0), 0, {})


async def full(
    folder: Path,
    bucket: BucketAt,
    proxy: Proxy,
    size: int,
    dice: Random,
    clock: Callable[[], float],
    report: Callable[[str], None],
) -> Full:
    """Fill a disk of `size` bytes while the store is down; let it come back slowly, then well."""
    place = folder / "volume"
    place.mkdir()
    with volume(place, size) as disk:
        data = place / "data"
        data.mkdir()
        # What is loaded would take the room again that is gained.
        (folder / "full-lake").mkdir()
        (data / "lake").symlink_to(folder / "full-lake")
        variables = {
            **landing_of(bucket, "full", proxy.port),
            "SOJOURN_DISK_WATERMARK": str(disk.watermark),
            "SOJOURN_SEGMENT_BYTES": str(_segment_bytes(size)),
        }
        house = await asyncio.to_thread(House, data, workers=1, variables=variables)
        events = size // _BYTES_AN_EVENT
        rate = min(_FASTEST, events / _FILL_S)
        flood = Flood(house.url, house.write_key(), events, rate, clock, dice)
        flood.longest_pause_s = _LOOK_S
        try:
            await answering(house)
            return await _fill(house, disk, proxy, flood, clock, report)
        finally:
            await asyncio.to_thread(house.__exit__)


async def _fill(
    house: House,
    disk: Volume,
    proxy: Proxy,
    flood: Flood,
    clock: Callable[[], float],
    report: Callable[[str], None],
) -> Full:
    samples = Samples(house, flood, clock)
    await proxy.set([Fault.DOWN])
    watching = asyncio.create_task(samples.keep(lambda _: None))
    sending = asyncio.create_task(flood.run(_CONNECTIONS))
    try:
        await _until(lambda: bool(flood.refusals) or sending.done())
        full_at, before = disk.share, flood.events
        report(f"{clock():5.0f} s  the disk is {full_at:.1%} full: {before:,} events taken, then 503")
        await asyncio.sleep(_REFUSED_S)
        proxy.uploads_per_s = disk.too_much / _segment_bytes(disk.size) / _ROOM_S
        flood.rate /= _SLOWER
        back = clock()
        await proxy.set()
        await _until(lambda: flood.events > before + EVENTS * _CONNECTIONS or sending.done())
        opened = clock()
        report(f"{opened:5.0f} s  there is room again, {opened - back:.0f} s after the store came back")
        proxy.uploads_per_s = None
        await sending
    finally:
        proxy.uploads_per_s = None
        for task in (watching, sending):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(watching, sending)
    books = await asyncio.to_thread(house.settle, _SETTLE_S)
    with house.lake() as lake:
        stored = compared(lake, flood)
    ratio = ratio_p50(flood.refusals, back, opened)
    return Full(
        len(flood.refusals), full_at, shut(flood.refusals, opened), ratio, stored, books.difference,
        samples.rss_max,
    )  # fmt: skip


def _segment_bytes(disk: int) -> int:
    """Small, so that many make up the room which the door waits for; a batch at least goes into each."""
    return max(disk // _SEGMENTS, _BATCH_BYTES)


async def _until(holds: Callable[[], bool]) -> None:
    while True:
        if holds():
            return
        await asyncio.sleep(0.05)


def ratio_p50(refusals: Sequence[Refusal], back: float, opened: float) -> float:
    """Of what was refused while the store drained the journal for some seconds; 0.0 where nothing was."""
    since = back + _MEASURED_AFTER_S
    named = [(one.retry_after, opened - one.at) for one in refusals if since <= one.at < opened - 1.0]
    return median(wait / seconds for wait, seconds in named) if named else 0.0


def shut(refusals: Sequence[Refusal], opened: float) -> int:
    """How often the door shut: once until it opened, then whenever requests were refused anew."""
    later = sorted(one.at for one in refusals if one.at > opened)
    anew = sum(at - before > _APART_S for before, at in pairwise([opened - _APART_S - 1, *later]))
    return int(len(later) < len(refusals)) + anew
