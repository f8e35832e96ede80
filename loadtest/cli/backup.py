"""`backup`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "backup",
    ("backup", "--times", "6"),
    ("backup", "--times", "2"),
    (
        Promise("no acknowledged event is missing after a restore", lambda figures: figures["missing"] == 0),
        Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
        Promise("the books balance", lambda figures: figures["difference"] == 0),
        Promise("a rebuild changes no row", lambda figures: figures["differs"] == 0),
    ),
)


@measures(RUN)
@click.option("--times", default=6, show_default=True, help="Copies to take, and to put back.")
@click.option("--rate", default=200.0, show_default=True, help="Events a second meanwhile.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the traffic.")
def command(times: int, rate: float, seed: int) -> Measured:
    """Back up under load, lose the machine, restore; exit code 1 unless nothing is lost."""
    from loadtest.backups import backups

    result = backups(times, rate, seed, now_us, report)
    return Measured(result, result.held)
