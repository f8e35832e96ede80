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
from warehouse import rollup
from warehouse.insights.activity import FEW
from warehouse.insights.kinds import INSIGHTS
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings

Report = Callable[[str], None]
Question = tuple[str, Mapping[str, Any]]

_FREQUENT: Final = """
    SELECT event FROM daily WHERE type = 'track' AND event IS NOT NULL
    GROUP BY event ORDER BY sum(events) DESC, event LIMIT 2"""
_OTHERS: Final = """
    SELECT type || ':*' FROM daily WHERE type NOT IN ('track', '*')
    GROUP BY type ORDER BY sum(events) DESC, type LIMIT 1"""
_RANGES: Final = (("7d", "day"), ("14d", "day"), ("30d", "day"), ("30d", "week"), ("30d", "whole"))
_ZONES: Final = ("UTC", "Asia/Shanghai")


class Cockpit(msgspec.Struct, frozen=True):
    """Milliseconds a question: wall clock, and CPU of all threads; `slowest`: what took longest."""

    questions: int
    rollup_p50_ms: float
    rollup_p95_ms: float
    cpu_p95_ms: float
    slowest: str


def questions(lake: Lake) -> Iterator[Question]:
    """How much, of how many, how often each: by day, by week and of the whole range, in two time zones.

    Of all events, of the two most frequent and of all pages or the like.
    """
    frequent = [name for (name,) in lake.query(_FREQUENT)]
    others = [name for (name,) in lake.query(_OTHERS)]
    for event, (since, every), zone in product(["*", *frequent, *others], _RANGES, _ZONES):
        measure = "events" if zone == "UTC" and every == "week" else "units"
        fields = {"events": [event], "measure": measure, "since": since, "every": every}
        yield "trend", {**fields, "timezone": zone}
    yield "trend", {"events": frequent, "measure": "units", "formula": "B / A * 100", "since": "30d"}
    yield "trend", {"events": ["*"], "measure": "units", "rolling": 7, "since": "14d"}
    yield "trend", {"events": ["*"], "measure": "events_per_unit", "since": "30d"}
    yield "trend", {"events": frequent[:1], "measure": "units", "unit": "device", "since": "30d"}
    yield "retention", {"kind": "first", "every": "week", "intervals": 4, "since": "30d"}
    yield "retention", {"start": frequent[0], "every": "day", "intervals": 7, "since": "14d"}


def cockpit(folder: Path, now: int, report: Report) -> Cockpit:
    """Ask every question once, over a lake that is open already. `now`: µs UTC.

    ProgramFailed where the roll-up is not what answered.
    """
    settings = WarehouseSettings(data=str(folder), lake_threads=THREADS, lake_memory=MEMORY)
    took: list[tuple[float, float, str]] = []
    with connect(settings, read_only=True) as lake:
        lake.snapshot()
        for name, fields in questions(lake):
            wall, cpu = _asked(lake, name, fields, now)
            took.append((wall, cpu, f"{name} {msgspec.json.encode(fields).decode()}"))
    walls = [wall for wall, _, _ in took]
    report(f"cockpit: the slowest of {len(took)} took {max(walls):.2f} s: {max(took)[2]}")
    return Cockpit(
        questions=len(took),
        rollup_p50_ms=milliseconds(walls, 0.5),
        rollup_p95_ms=milliseconds(walls, 0.95),
        cpu_p95_ms=milliseconds([cpu for _, cpu, _ in took], 0.95),
        slowest=max(took)[2],
    )


def filled(folder: Path, now: int, report: Report) -> None:
    """The roll-up of a made-up lake, filled to its end. `now`: µs UTC."""
    with connect(WarehouseSettings(data=str(folder)), read_only=False) as lake:
        done = rollup.fill(lake, now)
        while done.behind:
            done = rollup.fill(lake, now)
            report(f"cockpit: the roll-up is filled until {done.until:,}, {done.behind:,} are left")


def _asked(lake: Lake, name: str, fields: Mapping[str, Any], now: int) -> tuple[float, float]:
    insight = INSIGHTS[name]
    question = msgspec.convert(fields, insight.question)
    wall, cpu = time.perf_counter(), time.process_time()
    answer = insight.ask(lake, question, now)
    took = time.perf_counter() - wall, time.process_time() - cpu
    if getattr(answer, "source", "rollup") != "rollup" and answer.why_raw != FEW:
        raise ProgramFailed(f"{name} {fields} was answered from events: {answer.why_raw}")
    return took


def milliseconds(seconds: list[float], share: float) -> float:
    """A quantile (nearest rank) of some times, in milliseconds."""
    ranked = sorted(seconds)
    return round(ranked[min(int(share * len(ranked)), len(ranked) - 1)] * 1e3, 1)
