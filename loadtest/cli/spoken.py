"""`spoken`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "spoken",
    ("spoken", "--rounds", "9"),
    ("spoken", "--rounds", "3", "--batches", "20"),
    (
        Promise(
            "a translated protocol keeps a tenth of Segment's speed",
            lambda figures: min(figures["share"].values()) >= 0.1,
        ),
    ),
)


@measures(RUN)
@click.option("--rounds", default=9, show_default=True, help="Rounds; each figure is their median.")
@click.option("--batches", default=100, show_default=True, help="Batches of each protocol in a round.")
def command(rounds: int, batches: int) -> Measured:
    """Events a second of processor time that each protocol's reading, translation and judging takes in."""
    from loadtest.spoken import spoken

    return Measured(spoken(rounds, batches))
