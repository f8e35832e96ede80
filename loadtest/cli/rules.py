"""`rules`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report, wait_answers
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "rules",
    ("rules", "--seconds", "4", "--rounds", "5"),
    ("rules", "--seconds", "1", "--rounds", "1"),
    (
        Promise(
            "a plan of 200 events enforced keeps 80 %",
            lambda figures: min(figures["kept"]["planned"].values()) >= 0.8,
        ),
        Promise(
            "the strict policy keeps 60 %",
            lambda figures: min(figures["kept"]["strict"].values()) >= 0.6,
        ),
    ),
)


@measures(RUN)
@click.option("--seconds", default=4.0, show_default=True, help="Length of one run of wrk.")
@click.option(
    "--rounds", default=3, show_default=True, help="Interleaved rounds; each figure is their median."
)
def command(seconds: float, rounds: int) -> Measured:
    """What a plan of 200 events enforced and a strict privacy policy leave of the door's speed."""
    from loadtest.rules import rules

    return Measured(rules(seconds, rounds, now_us, wait_answers, report))
