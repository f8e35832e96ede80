"""`spoken`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report, wait_answers
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "spoken",
    ("spoken", "--rounds", "7"),
    ("spoken", "--rounds", "1", "--batches", "20", "--seconds", "1"),
    (
        Promise(
            "a translated protocol is read at a tenth of Segment's speed",
            lambda figures: min(figures["read"]["share"].values()) >= 0.1,
        ),
        Promise(
            "the door takes any protocol at a quarter of Segment's speed",
            lambda figures: min(figures["door"]["share"].values()) >= 0.25,
        ),
    ),
)


@measures(RUN)
@click.option("--rounds", default=7, show_default=True, help="Rounds; each figure is their median.")
@click.option("--batches", default=100, show_default=True, help="Batches of each protocol in a round.")
@click.option(
    "--seconds", default=2.0, show_default=True, help="Time of each protocol at the door in a round."
)
def command(rounds: int, batches: int, seconds: float) -> Measured:
    """Events a second of processor time that each protocol takes: to read, and in all at the door."""
    from loadtest.spoken import spoken

    return Measured(spoken(rounds, batches, seconds, now_us, wait_answers, report))
