"""`attribution`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "attribution",
    ("attribution",),
    ("attribution", "--paths", "20000"),
    (
        Promise(
            "a million journeys over 50 channels take at most 10 CPU seconds",
            lambda figures: figures["markov_s"]["1"] <= 10 * max(1.0, figures["journeys"] / 1e6),
        ),
        Promise(
            "the order of journeys changes no credit by a millionth of a conversion",
            lambda figures: figures["reordered"] <= 1e-6,
        ),
        Promise(
            "ChannelAttribution's data, where it is given, is credited as published",
            lambda figures: figures["published"] is None or figures["published"] <= 1,
        ),
    ),
)


@measures(RUN)
@click.option("--paths", default=1_000_000, show_default=True, help="Made-up journeys.")
@click.option("--channels", default=50, show_default=True, help="Channels that they go through.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the journeys.")
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="ChannelAttribution's Data.csv.")
def command(paths: int, channels: int, seed: int, data: Path | None) -> Measured:
    """How fast Markov attribution is, and whether it credits as was published."""
    from loadtest.attributed import attributed

    return Measured(attributed(paths, channels, seed, data, report))
