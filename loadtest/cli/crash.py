"""`crash`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Figures, Promise, Run

# The way of an event; each of these steps must have had its part of the kills.
WAY: Final = ("append", "fsync", "seal", "upload", "load", "stitch", "compact", "trim")
PART: Final = 0.05
CLIENT_MIB: Final = 256


def spread(figures: Figures) -> bool:
    least = int(figures["kills"] * PART)
    return all(figures["steps"].get(step, 0) >= least for step in WAY)


RUN: Final = Run(
    "crash",
    ("crash", "--kills", "1000"),
    ("crash", "--kills", "20"),
    (
        Promise("no acknowledged event is missing", lambda figures: figures["missing"] == 0),
        Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
        Promise("the books balance", lambda figures: figures["difference"] == 0),
        Promise("a rebuild changes no row", lambda figures: figures["differs"] == 0),
        Promise(f"each step on an event's way had {PART:.0%} of the kills", spread),
        Promise(
            f"the load client grew by at most {CLIENT_MIB} MiB",
            lambda figures: figures["client_mib"] <= CLIENT_MIB,
        ),
    ),
)


@measures(RUN)
@click.option("--kills", default=1000, show_default=True, help="How many times something is killed.")
@click.option(
    "--seconds-between", default=0.5, show_default=True, help="Mean pause between two kills of a program."
)
@click.option("--rate", default=200.0, show_default=True, help="Events a second meanwhile.")
@click.option("--only", default="", help="Steps to kill at, with commas between; random: any time.")
@click.option(
    "--seed", default=None, type=int, help="Seed of the kills; the default is another one each time."
)
def command(kills: int, seconds_between: float, rate: float, only: str, seed: int | None) -> Measured:
    """Kill -9 at every step and at random, under load; exit code 1 unless nothing is missing or doubled."""
    from loadtest.crash import crash

    chosen = now_us() if seed is None else seed
    report(f"seed {chosen}")
    steps = tuple(filter(None, only.split(",")))
    result, charts = crash(kills, seconds_between, rate, chosen, now_us, report, steps)
    return Measured(result, result.held, charts)
