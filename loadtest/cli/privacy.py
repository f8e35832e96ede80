"""`privacy`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "privacy",
    ("privacy",),
    ("privacy",),
    (
        Promise("no address is found in any file", lambda figures: figures["ips_found"] == 0),
        Promise("no personal value is found in any file", lambda figures: figures["pii_found"] == 0),
    ),
)


@measures(RUN)
@click.option("--policy", default="strict", show_default=True, help="Privacy policy of the write key.")
@click.option(
    "--ip-policy",
    default="drop",
    show_default=True,
    type=click.Choice(["keep", "truncate", "hash", "drop"]),
    help="What becomes of IP addresses.",
)
@click.option("--seed", default=2026, show_default=True, help="Seed of the people.")
def command(policy: str, ip_policy: str, seed: int) -> Measured:
    """Search every file for seeded personal data; exit code 1 unless none of it is there."""
    from loadtest.privacy import privacy

    result = privacy(policy, ip_policy, seed, now_us, report)
    return Measured(result, result.held)
