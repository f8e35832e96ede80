"""`publish`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "publish",
    ("publish", "--events", "5000000", "--kills", "20"),
    ("publish", "--events", "100000", "--kills", "4"),
    (
        Promise("PostgreSQL has the lake's rows, and no others", lambda figures: figures["differs"] == 0),
        Promise("runs were killed", lambda figures: figures["kills"] > 0),
        Promise(
            "what did not change is not written again",
            lambda figures: figures["again_cpu_s"] <= max(3.0, figures["first_cpu_s"] / 2),
        ),
    ),
)


@measures(RUN)
@click.option("--events", default=5_000_000, show_default=True, help="Events of a made-up month.")
@click.option("--kills", default=20, show_default=True, help="Runs that are told to die at a step.")
@click.option("--seed", default=2026, show_default=True, help="Seed of where they die.")
@click.option("--work", default=None, type=click.Path(path_type=Path), help="Folder that keeps the month.")
def command(events: int, kills: int, seed: int, work: Path | None) -> Measured:
    """Tables in PostgreSQL: the first run, the next ones, and after kills compared with the lake."""
    from loadtest.house import work_folder
    from loadtest.publishing import publishing

    return Measured(publishing(events, kills, seed, work or work_folder(), now_us, report))
