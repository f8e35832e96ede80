"""`serving`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "serving",
    ("serving", "--minutes", "10"),
    ("serving", "--minutes", "0.2", "--readers", "2", "--rate", "50"),
    (
        Promise(
            "something was committed, and asked", lambda figures: figures["commits"] and figures["answers"]
        ),
        Promise("the roll-up answered too", lambda figures: figures["rolled"] > 0),
        Promise("no error of a lock", lambda figures: figures["lock_errors"] == 0),
        Promise("every answer belongs to one snapshot", lambda figures: figures["torn"] == 0),
    ),
)


@measures(RUN)
@click.option("--minutes", default=10.0, show_default=True, help="How long questions are asked.")
@click.option(
    "--readers", default=8, show_default=True, help="Programs that ask, each over its own connection."
)
@click.option("--rate", default=200.0, show_default=True, help="Events a second beside the batches.")
@click.option("--work", default=None, type=click.Path(path_type=Path), help="Folder for the data.")
def command(minutes: float, readers: int, rate: float, work: Path | None) -> Measured:
    """Whether answers are right while everything is being committed: locks, and snapshots."""
    from loadtest.house import work_folder
    from loadtest.serving import serving

    return Measured(serving(minutes, readers, rate, work or work_folder(), now_us, report))
