"""`tags`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "tags",
    ("tags",),
    ("tags", "--events", "200000", "--lot", "2000"),
    (Promise("all customers by ten rules in 4 GB", lambda figures: figures["full_rss_mb"] <= 4_096),),
)


@measures(RUN)
@click.option("--events", default=4_000_000, show_default=True, help="Events of a made-up month.")
@click.option("--lot", default=5_000, show_default=True, help="New events between two evaluations.")
@click.option(
    "--work", default=None, type=click.Path(path_type=Path), help="Folder that keeps the month for next time."
)
def command(events: int, lot: int, work: Path | None) -> Measured:
    """CPU seconds and memory of tags by ten rules, over a lake as the loader wrote it."""
    from loadtest.house import work_folder
    from loadtest.stitching.tagged import tagged

    return Measured(tagged(events, lot, work or work_folder(), now_us, report))
