"""`insights`: how long analysts' questions take over a large past."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from loadtest import clickhouse
from loadtest.cockpit import cockpit, filled
from loadtest.errors import ProgramFailed
from loadtest.house import work_folder
from loadtest.questions import Took
from loadtest.stitching.month import prepared
from loadtest.timelines import settle, stitched
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.period import period
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

Clock = Callable[[], int]
Report = Callable[[str], None]
_SAME: Final = ("trend", "funnel", "retention")  # of which both tell how many units there are

QUESTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "trend": {"events": ["Order Completed"], "measure": "units", "raw": True},
    "funnel": {"steps": ["page:*", "Product Viewed", "identify:*", "Order Completed"], "within": "7d"},
    "retention": {"start": "*", "every": "week", "kind": "first", "intervals": 4, "raw": True},
    "paths": {"depth": 5},
}


class Insights(msgspec.Struct, frozen=True):
    """What the command prints: events in the lake, seconds of wall clock a question (medians), CPU seconds by
    question, and the most memory that one of them took, MB.

    `rollup_p95_ms`: of the questions that the roll-up answers, where the lake has one; `chdb`: seconds and
    CPU seconds of ClickHouse for the same over the same columns; null where it is not installed.
    """

    events: int
    trend_s: float
    funnel_s: float
    retention_s: float
    paths_s: float
    cpu_s: dict[str, float]
    peak_mb: float
    rollup_p95_ms: float | None
    chdb: dict[str, float | dict[str, float]] | None


def insights(events: int, rounds: int, data: Path | None, clock: Clock, report: Report) -> Insights:
    """Ask each question `rounds` times, each in a program of its own, over `data` or a made-up month."""
    month = None if data else prepared(events, work_folder(), clock, report)
    folder = data if month is None else stitched(month.whole, report)
    assert folder is not None
    if month is not None:
        filled(folder, clock(), report)
        settle(folder, report)
    settings = WarehouseSettings(data=str(folder))
    with connect(settings, read_only=True) as lake, ExitStack() as made:
        stored, newest = lake.query("SELECT count(*), epoch_us(max(timestamp)) FROM events")[0]
        columns = made.enter_context(clickhouse.columns(lake, newest)) if clickhouse.available() else None
        if columns is None:
            report("insights: chdb is null: it is not installed (pip install chdb-core)")
        took: dict[str, list[Took]] = {name: [] for name in QUESTIONS}
        theirs: dict[str, list[Took]] = {name: [] for name in QUESTIONS if columns}
        for number in range(rounds):
            for name, question in QUESTIONS.items():
                took[name].append(asked(folder, name, question, newest))
                report(f"insights: {name} of round {number + 1} took {took[name][-1].wall_s:.1f} s")
                if columns:
                    theirs[name].append(_beside(columns, name, newest, took[name][-1]))
                    report(f"insights: chdb took {theirs[name][-1].wall_s:.1f} s")
    return Insights(
        events=stored,
        **_walls(took),
        cpu_s=_cpus(took),
        peak_mb=round(max(one.peak_mb for many in took.values() for one in many), 1),
        rollup_p95_ms=_rollup(folder, newest + 1, report),
        chdb={**_walls(theirs), "cpu_s": _cpus(theirs)} if theirs else None,
    )


def _walls(took: Mapping[str, list[Took]]) -> dict[str, float]:
    return {f"{name}_s": round(median(one.wall_s for one in many), 3) for name, many in took.items()}


def _cpus(took: Mapping[str, list[Took]]) -> dict[str, float]:
    return {name: round(median(one.cpu_s for one in many), 3) for name, many in took.items()}


def _rollup(folder: Path, now: int, report: Report) -> float | None:
    """Milliseconds; None where there is no roll-up that answers."""
    try:
        return cockpit(folder, now, report).rollup_p95_ms
    except ProgramFailed as error:
        report(f"insights: rollup_p95_ms is null: {error}")
        return None


def _beside(columns: Path, name: str, now: int, ours: Took) -> Took:
    """The same question asked of ClickHouse. ProgramFailed where the answer is another one."""
    found = clickhouse.asked(columns, name, period("30d", None, "UTC", now).since)
    if name in _SAME and found.n != ours.n:
        raise ProgramFailed(f"{name}: {ours.n} units are in the answer, and {found.n} in chdb's")
    return found


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
