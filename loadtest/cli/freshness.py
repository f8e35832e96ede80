"""`freshness`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "freshness",
    ("freshness", "--minutes", "10"),
    ("freshness", "--minutes", "0.5", "--history", "200000", "--rate", "200"),
    (
        Promise(
            "SQL within 5 s at p99",
            lambda figures: figures["sql_p99_s"] is not None and figures["sql_p99_s"] <= 5,
        ),
        Promise(
            "timeline within 15 s at p99",
            lambda figures: figures["timeline_p99_s"] is not None and figures["timeline_p99_s"] <= 15,
        ),
        Promise("at most one core", lambda figures: figures["cores"] <= 1),
    ),
)


@measures(RUN)
@click.option("--minutes", default=10.0, show_default=True, help="Length of the measured load.")
@click.option("--rate", default=1000.0, show_default=True, help="Events a second.")
@click.option(
    "--history",
    default=10_000_000,
    show_default=True,
    help="Events of the 7 days before, in the lake already.",
)
@click.option(
    "--work",
    default=None,
    type=click.Path(path_type=Path),
    help="Folder that keeps the history for next time.",
)
def command(minutes: float, rate: float, history: int, work: Path | None) -> Measured:
    """Seconds from the 200 to SQL and to the timeline, with a large history behind."""
    from loadtest.freshness import freshness
    from loadtest.house import work_folder

    return Measured(freshness(minutes, rate, history, work or work_folder(), now_us, report))
