"""`sessionize`: what sessions and customers cost over a month of events, of all of them and of new ones."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from loadtest.errors import ProgramFailed
from loadtest.history import Past, copy_data
from loadtest.linked import measure
from loadtest.stitching.month import prepared
from loadtest.stitching.news import load_news
from loadtest.stitching.peers import peers
from loadtest.stitching.steps import Spent

NEWS: Final = 100_000
EVENTS_AN_EDGE: Final = 5
SEED: Final = 2026
Clock = Callable[[], int]
Report = Callable[[str], None]


class Sessionized(msgspec.Struct, frozen=True):
    """What the command prints: CPU seconds and peak memory (MiB) of each step.

    `full`: the gap rule alone; `all_rules`: all of them with every column, written;
    `delta`: 100,000 new events stitched and in the roll-up, with the commit: recent ones, of any age, each
    with a link between two ids, and recent ones over half the history; `unexplained`: events without a fate.
    `late_churn_pct`: where 0.5 % of whole sessions come late, how many of the others' ids are none then.
    `components_s`, seconds of wall clock: pairs of ids, a fifth as many as events, joined and written back.
    """

    events: int
    full_cpu_s: float
    full_rss_mb: float
    all_rules_cpu_s: float
    all_rules_rss_mb: float
    rebuild_cpu_s: float
    rebuild_rss_mb: float
    delta_recent_s: float
    delta_any_age_s: float
    delta_graph_s: float
    delta_half_s: float
    delta_rss_mb: float
    components_s: float
    components_cpu_s: float
    late_churn_pct: float
    sessions: int
    unexplained: int
    peers: dict[str, dict[str, float]]


def sessionize(rows: int, work: Path, clock: Clock, report: Report) -> Sessionized:
    """Measure on copies of the prepared month; each step has a process of its own."""
    month = prepared(rows, work, clock, report)
    past = month.past
    news = min(NEWS, rows // 20)
    with tempfile.TemporaryDirectory(prefix="run-", dir=work) as folder:
        half, whole = Path(folder) / "half", Path(folder) / "whole"
        copy_data(month.half, half)
        copy_data(month.whole, whole)
        full, every = step("gap", whole, report), step("every_rule", whole, report)
        rebuilt = step("whole", whole, report)
        late = step("late", whole, report).found
        step("rolled", whole, report)
        deltas = {kind: _delta(whole, past, kind, number, news, report) for number, kind in enumerate(_KINDS)}
        step("whole", half, report)
        step("rolled", half, report)
        deltas["half"] = _delta(half, past, "recent", 0, news, report)
        others = peers(whole, report)
    joined = measure(rows // EVENTS_AN_EDGE, SEED, report)
    costs = {f"delta_{kind}_s": delta.cpu_s for kind, delta in deltas.items()}
    return Sessionized(
        events=rows,
        full_cpu_s=full.cpu_s,
        full_rss_mb=full.rss_mb,
        all_rules_cpu_s=every.cpu_s,
        all_rules_rss_mb=every.rss_mb,
        rebuild_cpu_s=rebuilt.cpu_s,
        rebuild_rss_mb=rebuilt.rss_mb,
        delta_rss_mb=max(delta.rss_mb for delta in deltas.values()),
        components_s=round(joined.components_s + joined.write_back_s, 2),
        components_cpu_s=round(joined.components_cpu_s + joined.write_back_cpu_s, 2),
        late_churn_pct=round(100 * late["changed"] / late["early"], 3),
        sessions=rebuilt.found["sessions"],
        unexplained=rebuilt.found["unexplained"],
        peers=others,
        **costs,
    )


_KINDS = ("recent", "any_age", "graph")


def _delta(data: Path, past: Past, kind: str, number: int, news: int, report: Report) -> Spent:
    load_news(data, past, kind, number, news)
    return step("delta", data, report)


def step(name: str, data: Path, report: Report) -> Spent:
    """Raises ProgramFailed with the last line of what the process said where it fails."""
    arguments = [sys.executable, "-m", "loadtest.stitching.steps", name, str(data)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProgramFailed(f"step {name}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    spent = msgspec.json.decode(done.stdout, type=Spent)
    report(f"{name}: {spent.cpu_s} CPU s, {spent.rss_mb} MiB, {spent.found}")
    return spent
