"""`actions`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "actions",
    ("actions", "--seconds", "120", "--kills", "20"),
    ("actions", "--seconds", "20", "--kills", "4"),
    (
        Promise(
            "from event to webhook within 30 s at p99",
            lambda figures: figures["p99_s"] is not None and figures["p99_s"] <= 30,
        ),
        Promise("nobody is missed", lambda figures: figures["lost"] == 0),
        Promise("nobody is told under two keys", lambda figures: figures["doubled"] == 0),
        Promise("each stands on a timeline", lambda figures: figures["untold"] == 0),
        Promise("the books balance", lambda figures: figures["difference"] == 0),
        Promise("programs were killed", lambda figures: figures["kills"] > 0),
    ),
)


@measures(RUN)
@click.option("--seconds", default=120.0, show_default=True, help="Length of the time in peace.")
@click.option("--kills", default=20, show_default=True, help="Kills of the writer and the deliverer.")
@click.option("--seed", default=2026, show_default=True, help="Seed of what the receiver refuses.")
def command(seconds: float, kills: int, seed: int) -> Measured:
    """From an event to its webhook, through kills and a receiver that sends back what it got."""
    from loadtest.actions import actions

    result = actions(seconds, kills, seed, now_us, report)
    return Measured(result, result.held)
