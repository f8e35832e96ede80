"""`bench`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report, wait_answers
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "bench",
    ("bench", "--seconds", "5", "--rounds", "5"),
    ("bench", "--seconds", "1", "--rounds", "1"),
    (
        Promise("ratio at 1 event a request is at least 0.3", lambda figures: figures["ratio"]["1"] >= 0.3),
        Promise("door at 50 a request is at least 80,000", lambda figures: figures["door"]["50"] >= 80_000),
    ),
)


@measures(RUN)
@click.option("--seconds", default=5.0, show_default=True, help="Length of one run of wrk.")
@click.option(
    "--rounds", default=3, show_default=True, help="Interleaved rounds; each figure is their median."
)
@click.option(
    "--ip-policy",
    default="truncate",
    show_default=True,
    type=click.Choice(["keep", "truncate", "drop"]),
    help="Privacy treatment of the write key.",
)
def command(seconds: float, rounds: int, ip_policy: str) -> Measured:
    """Events per CPU second of the collector, beside a bare ASGI app."""
    from loadtest.bench import bench

    return Measured(bench(seconds, rounds, ip_policy, now_us, wait_answers, report))
