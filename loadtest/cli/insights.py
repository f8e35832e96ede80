"""`insights`: its options, and what it promises."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

_QUESTIONS: Final = ("trend_s", "funnel_s", "retention_s", "paths_s")


def _near_chdb(figures: Mapping[str, Any]) -> bool:
    theirs = figures["chdb"]
    return theirs is not None and all(figures[name] <= 4 * theirs[name] for name in _QUESTIONS)


def _within_a_second(figures: Mapping[str, Any]) -> bool:
    return figures["rollup_p95_ms"] is not None and figures["rollup_p95_ms"] <= 1_000


RUN: Final = Run(
    "insights",
    ("insights", "--events", "50000000"),
    ("insights", "--events", "200000", "--rounds", "1"),
    (
        Promise("a funnel of four steps within 8 s", lambda figures: figures["funnel_s"] <= 8),
        Promise("retention within 9 s", lambda figures: figures["retention_s"] <= 9),
        Promise("paths within 12 s", lambda figures: figures["paths_s"] <= 12),
        Promise("none slower than 4 times chdb", _near_chdb),
        Promise("questions of the roll-up within 1 s at p95", _within_a_second),
        Promise("4 GB of memory at most", lambda figures: figures["peak_mb"] <= 4_096),
    ),
)


@measures(RUN)
@click.option("--events", default=50_000_000, show_default=True, help="Events of the past in the lake.")
@click.option("--rounds", default=3, show_default=True, help="How often each question is asked.")
@click.option(
    "--data",
    default=None,
    type=click.Path(path_type=Path, exists=True),
    help="A data folder to ask instead of a made-up one.",
)
def command(events: int, rounds: int, data: Path | None) -> Measured:
    """Seconds, CPU and memory of analysts' questions over a large past."""
    from loadtest.insights import insights

    return Measured(insights(events, rounds, data, now_us, report))
