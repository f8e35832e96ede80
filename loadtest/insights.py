"""`insights`: how long analysts' questions take over a large past."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from loadtest.errors import ProgramFailed
from loadtest.house import work_folder
from loadtest.questions import Took
from loadtest.stitching.month import prepared
from loadtest.timelines import stitched
from warehouse.insights.kinds import INSIGHTS
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

Clock = Callable[[], int]
Report = Callable[[str], None]

QUESTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "trend": {"events": ["Order Completed"], "measure": "units"},
    "funnel": {"steps": ["page:*", "Product Viewed", "identify:*", "Order Completed"], "within": "7d"},
    "retention": {"start": "*", "every": "week", "kind": "first", "intervals": 4},
    "paths": {"depth": 5},
}


class Insights(msgspec.Struct, frozen=True):
    """What the command prints: events in the lake, seconds of wall clock a question (medians), CPU seconds by
    question, and the most memory that one of them took, MB.
    """

    events: int
    trend_s: float
    funnel_s: float
    retention_s: float
    paths_s: float
    cpu_s: dict[str, float]
    peak_mb: float


def insights(events: int, rounds: int, data: Path | None, clock: Clock, report: Report) -> Insights:
    """Ask each question `rounds` times, each in a program of its own, over `data` or a made-up month."""
    month = None if data else prepared(events, work_folder(), clock, report)
    folder = data if month is None else stitched(month.whole, report)
    assert folder is not None
    with connect(WarehouseSettings(data=str(folder)), read_only=True) as lake:
        stored, newest = lake.query("SELECT count(*), epoch_us(max(timestamp)) FROM events")[0]
    took: dict[str, list[Took]] = {name: [] for name in QUESTIONS}
    for number in range(rounds):
        for name, question in QUESTIONS.items():
            took[name].append(asked(folder, name, question, newest))
            report(f"insights: {name} of round {number + 1} took {took[name][-1].wall_s:.1f} s")
    seconds = {f"{name}_s": round(median(one.wall_s for one in many), 3) for name, many in took.items()}
    return Insights(
        events=stored,
        cpu_s={name: round(median(one.cpu_s for one in many), 3) for name, many in took.items()},
        peak_mb=round(max(one.peak_mb for many in took.values() for one in many), 1),
        **seconds,
    )


def asked(folder: Path, name: str, question: Mapping[str, Any], now: int) -> Took:
    """What one question cost in a program of its own. ProgramFailed where nobody was in the answer."""
    assert name in INSIGHTS
    command = [sys.executable, "-m", "loadtest.questions", str(folder), name, str(now)]
    done = subprocess.run(command, input=msgspec.json.encode(question), capture_output=True, check=False)
    if done.returncode:
        last = (done.stderr.decode().strip().splitlines() or ["no word"])[-1]
        raise ProgramFailed(f"{name}: {last}")
    took = msgspec.json.decode(done.stdout, type=Took)
    if not took.n:
        raise ProgramFailed(f"{name}: nobody is in the answer")
    return took
