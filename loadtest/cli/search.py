"""`search`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "search",
    ("search", "--events", "50000000"),
    ("search", "--events", "200000", "--each", "5"),
    (
        Promise(
            "customers found within 1 s of CPU at p95",
            lambda figures: max(figures["cpu_p95_ms"].values()) <= 1_000,
        ),
    ),
)


@measures(RUN)
@click.option("--events", default=50_000_000, show_default=True, help="Events of the past in the lake.")
@click.option("--each", default=40, show_default=True, help="Searches of each kind.")
@click.option(
    "--data",
    default=None,
    type=click.Path(path_type=Path, exists=True),
    help="A data folder to ask instead of a made-up one.",
)
def command(events: int, each: int, data: Path | None) -> Measured:
    """CPU milliseconds to find customers by an id, its beginning, and what was said of them."""
    from loadtest.house import work_folder
    from loadtest.searching import searches
    from loadtest.stitching.month import prepared
    from loadtest.timelines import stitched

    folder = data or stitched(prepared(events, work_folder(), now_us, report).whole, report)
    return Measured(searches(folder, each, report))
