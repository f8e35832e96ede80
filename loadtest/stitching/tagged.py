"""`tags`: what evaluating tags costs, of all customers and of those who did something new."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from loadtest.history import copy_data
from loadtest.stitching.month import prepared
from loadtest.stitching.news import load_news
from loadtest.stitching.run import step

LOTS: Final = 5
Clock = Callable[[], int]
Report = Callable[[str], None]


class Tagged(msgspec.Struct, frozen=True):
    """What the command prints: CPU seconds and peak memory (MiB) with the rules of `steps.TAGS`.

    `full`: every customer of `events` events, by new rules, with `stays` found; `news`: the median of some
    lots of `lot` new events, stitched before, of so many `customers` each; `per_million_cpu_s`: the same for
    a million events that come in such lots.
    """

    events: int
    rules: int
    full_cpu_s: float
    full_rss_mb: float
    stays: int
    lot: int
    customers: int
    news_cpu_s: float
    per_million_cpu_s: float


def tagged(events: int, lot: int, work: Path, clock: Clock, report: Report) -> Tagged:
    """Measure on a copy of the prepared month; each step has a process of its own."""
    month = prepared(events, work, clock, report)
    with tempfile.TemporaryDirectory(prefix="run-", dir=work) as folder:
        whole = Path(folder) / "whole"
        copy_data(month.whole, whole)
        step("whole", whole, report)
        full = step("tag", whole, report)
        news = []
        for number in range(LOTS):
            load_news(whole, month.past, "recent", number, lot)
            step("delta", whole, report)
            news.append(step("tag", whole, report))
    cpu = median(one.cpu_s for one in news)
    return Tagged(
        events=events,
        rules=full.found["tags"],
        full_cpu_s=full.cpu_s,
        full_rss_mb=full.rss_mb,
        stays=full.found["stays"],
        lot=lot,
        customers=int(median(one.found["customers"] for one in news)),
        news_cpu_s=cpu,
        per_million_cpu_s=round(cpu * 1_000_000 / lot, 2),
    )
