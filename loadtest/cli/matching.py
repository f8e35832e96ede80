"""`matching`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "matching",
    ("matching",),
    ("matching", "--people", "2000"),
    (
        Promise("Febrl 4: F1 of at least 0.999", lambda figures: figures["febrl4"]["f1"] >= 0.999),
        Promise("Febrl 3: F1 of at least 0.995", lambda figures: figures["febrl3"]["f1"] >= 0.995),
        Promise(
            "confidence is off by at most 0.02 on data it was not learned from",
            lambda figures: figures["calibration_error"] <= 0.02,
        ),
        Promise(
            "a million records take at most 60 s",
            lambda figures: figures["made"]["seconds"] <= 60 * max(1.0, figures["made"]["records"] / 1e6),
        ),
    ),
)


@measures(RUN)
@click.option(
    "--people", default=770_000, show_default=True, help="Made-up people; three of ten are there twice."
)
@click.option("--seed", default=2026, show_default=True, help="Seed of their names and errors.")
@click.option("--threads", default=2, show_default=True, help="Threads to match with.")
def command(people: int, seed: int, threads: int) -> Measured:
    """How well probable identity finds the same people, and how fast."""
    from loadtest.matching import matching

    return Measured(matching(people, seed, threads, report))
