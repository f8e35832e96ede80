"""`crash`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "crash",
    ("crash", "--kills", "20"),
    ("crash", "--kills", "2"),
    (
        Promise("no acknowledged event is missing", lambda figures: figures["missing"] == 0),
        Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
        Promise("the books balance", lambda figures: figures["difference"] == 0),
    ),
)


@measures(RUN)
@click.option("--kills", default=20, show_default=True, help="How many times something is killed.")
@click.option("--seconds-between", default=2.0, show_default=True, help="Mean pause between two kills.")
@click.option("--rate", default=400.0, show_default=True, help="Events a second meanwhile.")
@click.option(
    "--seed", default=None, type=int, help="Seed of the kills; the default is another one each time."
)
def command(kills: int, seconds_between: float, rate: float, seed: int | None) -> Measured:
    """Kill -9 of any program at random under load; exit code 1 unless nothing is missing or doubled."""
    from loadtest.crash import crash

    chosen = now_us() if seed is None else seed
    report(f"seed {chosen}")
    result = crash(kills, seconds_between, rate, chosen, now_us, report)
    return Measured(result, result.held)
