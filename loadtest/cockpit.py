"""Questions of a cockpit, asked one after the other in one connection: what the roll-up answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtest.errors import ProgramFailed
from loadtest.questions import MEMORY, THREADS
from warehouse.insights.kinds import INSIGHTS
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings

Report = Callable[[str], None]
Question = tuple[str, Mapping[str, Any]]

_EVENTS: Final = (("*",), ("Product Viewed",), ("Order Completed",), ("page:*",))
_RANGES: Final = (("7d", "day"), ("14d", "day"), ("30d", "day"), ("30d", "week"), ("30d", "whole"))
_ZONES: Final = ("UTC", "Asia/Shanghai")


class Cockpit(msgspec.Struct, frozen=True):
    """Milliseconds a question: wall clock, and CPU of all threads; `slowest`: what took longest."""

    questions: int
    rollup_p50_ms: float
    rollup_p95_ms: float
    cpu_p95_ms: float
    slowest: str


def questions() -> Iterator[Question]:
    """How much, of how many, how often each: by day, by week and of the whole range, in two time zones."""
    for events, (since, every), zone in product(_EVENTS, _RANGES, _ZONES):
        measure = "events" if zone == "UTC" and every == "week" else "units"
        yield (
            "trend",
            {"events": events, "measure": measure, "since": since, "every": every, "timezone": zone},
        )
    conversion = ("Order Completed", "Product Viewed")
    yield "trend", {"events": conversion, "measure": "units", "formula": "A / B * 100", "since": "30d"}
    yield "trend", {"events": ("*",), "measure": "units", "rolling": 7, "since": "14d"}
    yield "trend", {"events": ("*",), "measure": "events_per_unit", "since": "30d"}
    yield "trend", {"events": ("Order Completed",), "measure": "units", "unit": "device", "since": "30d"}


def cockpit(folder: Path, now: int, report: Report) -> Cockpit:
    """Ask every question once, after a first one that opens the lake's files. `now`: µs UTC.

    ProgramFailed where the roll-up is not what answered, or nobody is in an answer.
    """
    settings = WarehouseSettings(data=str(folder), lake_threads=THREADS, lake_memory=MEMORY)
    took: list[tuple[float, float, str]] = []
    with connect(settings, read_only=True) as lake:
        lake.snapshot()
        for name, fields in questions():
            wall, cpu = _asked(lake, name, fields, now)
            took.append((wall, cpu, f"{name} {msgspec.json.encode(fields).decode()}"))
            report(f"cockpit: {wall * 1e3:.0f} ms, CPU {cpu * 1e3:.0f} ms: {took[-1][2]}")
    walls = [wall for wall, _, _ in took]
    return Cockpit(
        questions=len(took),
        rollup_p50_ms=milliseconds(walls, 0.5),
        rollup_p95_ms=milliseconds(walls, 0.95),
        cpu_p95_ms=milliseconds([cpu for _, cpu, _ in took], 0.95),
        slowest=max(took)[2],
    )


def _asked(lake: Lake, name: str, fields: Mapping[str, Any], now: int) -> tuple[float, float]:
    insight = INSIGHTS[name]
    question = msgspec.convert(fields, insight.question)
    wall, cpu = time.perf_counter(), time.process_time()
    answer = insight.ask(lake, question, now)
    took = time.perf_counter() - wall, time.process_time() - cpu
    if not answer.n:
        raise ProgramFailed(f"nobody is in the answer to {name} {fields}")
    if getattr(answer, "source", "rollup") != "rollup":
        raise ProgramFailed(f"{name} {fields} was answered from events: {answer.why_raw}")
    return took


def milliseconds(seconds: list[float], share: float) -> float:
    """A quantile (nearest rank) of some times, in milliseconds."""
    ranked = sorted(seconds)
    return round(ranked[min(int(share * len(ranked)), len(ranked) - 1)] * 1e3, 1)
