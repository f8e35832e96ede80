"""`dedup`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "dedup",
    ("dedup",),
    ("dedup", "--ids", "40000", "--sizes", "40000"),
    (
        Promise("nothing is doubled", lambda figures: figures["doubled"] == 0),
        Promise("nothing is dropped wrongly", lambda figures: figures["false_drops"] == 0),
        Promise("an id takes at most 64 bytes", lambda figures: figures["bytes_per_id"] <= 64),
        Promise(
            "a load of 5,000 ids takes at most 0.3 CPU s",
            lambda figures: max(figures["load_cpu_s"].values()) <= 0.3,
        ),
    ),
)


@measures(RUN)
@click.option("--ids", default=10_000_000, show_default=True, help="Ids; each is sent three times.")
@click.option(
    "--sizes", default="1000000,10000000,50000000", show_default=True, help="Ids of the indexes to load over."
)
@click.option("--work", default=None, type=click.Path(path_type=Path), help="Folder for what it writes.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the gaps and restarts.")
def command(ids: int, sizes: str, work: Path | None, seed: int) -> Measured:
    """Everything sent three times within 7 days; exit code 1 unless nothing is doubled or dropped."""
    from loadtest.dedup import dedup

    result = dedup(ids, tuple(int(size) for size in sizes.split(",") if size), work, seed, report)
    return Measured(result, result.held)
