"""`torn`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "torn",
    ("torn", "--runs", "200"),
    ("torn", "--runs", "4"),
    (
        Promise("no acknowledged event is missing", lambda figures: figures["missing"] == 0),
        Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
        Promise("the books balance", lambda figures: figures["difference"] == 0),
        Promise("no write key is lost", lambda figures: figures["keys_lost"] == 0),
        Promise("no program falls, none starts in a loop", lambda figures: figures["fell"] == 0),
        Promise("every run comes to rest, nothing damaged", lambda figures: figures["troubled"] == 0),
    ),
)


@measures(RUN)
@click.option("--runs", default=200, show_default=True, help="Worlds, each cut three times.")
@click.option("--beside", default=3, show_default=True, help="How many of them at a time.")
@click.option(
    "--lie",
    default="",
    help="What the disk only pretends to sync: journal, landing, lake, catalog or registry; it must fail.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Folder that keeps the runs that fail.")
@click.option("--seed", default=None, type=int, help="Seed of the cuts; the default is another each time.")
def command(runs: int, beside: int, lie: str, keep: Path | None, seed: int | None) -> Measured:
    """Power cuts that drop or tear what was not synced; exit code 1 unless nothing is lost or doubled."""
    from loadtest.torn import torn

    chosen = now_us() if seed is None else seed
    report(f"seed {chosen}")
    result = torn(runs, beside, lie, chosen, keep, now_us, report)
    return Measured(result, result.held)
