"""`timeline`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "timeline",
    ("timeline", "--events", "50000000"),
    ("timeline", "--events", "200000", "--customers", "20"),
    (Promise("a page of a timeline within 200 ms at p95", lambda figures: figures["p95_ms"] <= 200),),
)


@measures(RUN)
@click.option("--events", default=50_000_000, show_default=True, help="Events of the past in the lake.")
@click.option("--customers", default=200, show_default=True, help="Customers that are looked at.")
@click.option(
    "--data",
    default=None,
    type=click.Path(path_type=Path, exists=True),
    help="A data folder to ask instead of a made-up one.",
)
def command(events: int, customers: int, data: Path | None) -> Measured:
    """Milliseconds for a page of a customer's timeline and for a profile, with a large past behind them."""
    from loadtest.timelines import timelines

    return Measured(timelines(events, customers, data, now_us, report))
