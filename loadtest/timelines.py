"""`timeline`: how long a page of a customer's timeline and a profile take, with a large past behind them."""

import math
import shutil
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from loadtest.history import copy_data
from loadtest.house import work_folder
from loadtest.processes import run, sojourn
from loadtest.stitching.month import prepared
from warehouse.dedup import DedupIndex
from warehouse.lake import Lake, connect
from warehouse.profile import profile
from warehouse.settings import WarehouseSettings
from warehouse.timeline import View, timeline
from warehouse.upkeep import Upkeep

PAGES_EACH: Final = 3
PAGE_EVENTS: Final = 50
WARM: Final = 5
REBUILD_S: Final = 7_200.0
HOUR_US: Final = 3_600_000_000
Clock = Callable[[], int]
Report = Callable[[str], None]


class Timelines(msgspec.Struct, frozen=True):
    """What the command prints: events in the lake, pages asked for, milliseconds of wall clock a page and a
    profile, and of them the CPU's.
    """

    events: int
    pages: int
    p50_ms: float
    p95_ms: float
    profile_p95_ms: float
    cpu_p50_ms: float
    cpu_p95_ms: float


class Took(msgspec.Struct):
    """Seconds of one question."""

    wall: float
    cpu: float


def timelines(events: int, customers: int, data: Path | None, clock: Clock, report: Report) -> Timelines:
    """Ask for pages of some customers' timelines and for their profiles, over `data` or a made-up month."""
    folder = data or stitched(prepared(events, work_folder(), clock, report).whole, report)
    with connect(WarehouseSettings(data=str(folder)), read_only=True) as lake:
        ((stored,),) = lake.query("SELECT count(*) FROM events")
        chosen = [id for (id,) in lake.query(_CHOSEN, [customers + WARM])]
        for id in chosen[:WARM]:
            pages_of(lake, id)
            profiled(lake, id)
        pages = [took for id in chosen[WARM:] for took in pages_of(lake, id)]
        report(f"timeline: {len(pages)} pages asked for")
        profiles = [profiled(lake, id) for id in chosen[WARM:]]
    wall, cpu = [took.wall for took in pages], [took.cpu for took in pages]
    return Timelines(
        events=stored,
        pages=len(pages),
        p50_ms=milliseconds(wall, 0.5),
        p95_ms=milliseconds(wall, 0.95),
        profile_p95_ms=milliseconds([took.wall for took in profiles], 0.95),
        cpu_p50_ms=milliseconds(cpu, 0.5),
        cpu_p95_ms=milliseconds(cpu, 0.95),
    )


def stitched(whole: Path, report: Report) -> Path:
    """A copy of a loaded data folder in which Sojourn made sessions and customers, unless there is one."""
    folder = whole.with_name("stitched")
    if not folder.is_dir():
        report("timeline: making sessions and customers")
        made = whole.with_name("stitched-made")
        shutil.rmtree(made, ignore_errors=True)
        copy_data(whole, made)
        shutil.rmtree(made / "landing", ignore_errors=True)
        run(sojourn("rebuild", "--json"), {"SOJOURN_DATA": str(made)}, within_s=REBUILD_S)
        settle(made, report)
        made.rename(folder)
    return folder


def settle(folder: Path, report: Report) -> None:
    """Let upkeep come to rest, as it has where a month's events took a month to arrive."""
    settings = WarehouseSettings(data=str(folder))
    hours = count(time.time_ns() // 1000, HOUR_US)  # each look at the clock finds the next one
    with connect(settings, read_only=False) as lake:
        dedup = DedupIndex.open(settings.folders.dedup, lake)
        upkeep = Upkeep(lake, settings.folders.lake_data, now=lambda: next(hours), snapshot_keep=0.0)
        quiet = 0
        while quiet < 2:  # what a rewrite wrote last is left alone only after the next look
            chores = upkeep.step(dedup, math.inf)
            report(f"timeline: upkeep did {len(chores)} chores")
            quiet = 0 if chores else quiet + 1


def pages_of(lake: Lake, any_id: str) -> list[Took]:
    """The first pages of a timeline, the newest first."""
    found: list[Took] = []
    cursor: str | None = None
    for _ in range(PAGES_EACH):
        began = _now()
        page = timeline(lake, any_id, View(PAGE_EVENTS, cursor=cursor))
        found.append(_since(began))
        if page is None or page.next is None:
            break
        cursor = page.next
    return found


def profiled(lake: Lake, any_id: str) -> Took:
    began = _now()
    profile(lake, any_id)
    return _since(began)


def milliseconds(seconds: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


def _now() -> Took:
    return Took(time.perf_counter(), time.process_time())


def _since(began: Took) -> Took:
    now = _now()
    return Took(now.wall - began.wall, now.cpu - began.cpu)


# Half of them by the events they have: who comes often is looked at often.
_CHOSEN = """
    SELECT customer_id
    FROM customers
    WHERE events > 0
    ORDER BY hash(customer_id) / (CASE WHEN hash(customer_id, 1) % 2 = 0 THEN events ELSE 1 END)
    LIMIT ?"""
