"""`rolling`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "rolling",
    ("rolling", "--restarts", "100"),
    ("rolling", "--restarts", "4"),
    (
        Promise("no connection is refused", lambda figures: figures["refused_connections"] == 0),
        Promise("no connection is reset", lambda figures: figures["resets"] == 0),
        Promise("no acknowledged event is missing", lambda figures: figures["missing"] == 0),
        Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
        Promise("the books balance", lambda figures: figures["difference"] == 0),
    ),
)


@measures(RUN)
@click.option("--restarts", default=100, show_default=True, help="Workers to replace, one at a time.")
@click.option("--rate", default=400.0, show_default=True, help="Events a second meanwhile.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the traffic.")
def command(restarts: int, rate: float, seed: int) -> Measured:
    """Replace workers under load; exit code 1 unless no client notices and nothing is lost."""
    from loadtest.rolling import rolling

    result = rolling(restarts, rate, seed, now_us, report)
    return Measured(result, result.held)
