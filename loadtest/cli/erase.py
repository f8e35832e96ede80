"""`erase`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "erase",
    ("erase",),
    ("erase", "--events", "100000", "--people", "10"),
    (
        Promise("the books close", lambda figures: figures["difference"] == 0),
        Promise("two searches are enough", lambda figures: figures["looks"] == 2),
    ),
)


@measures(RUN)
@click.option("--events", default=5_000_000, show_default=True, help="Events of the past.")
@click.option("--people", default=100, show_default=True, help="People who are erased in one pass.")
@click.option("--work", default=None, type=click.Path(path_type=Path), help="Folder for what it writes.")
def command(events: int, people: int, work: Path | None) -> Measured:
    """Erase many people from a large past in one pass; exit code 1 unless the books close afterwards."""
    from loadtest.erasures import erase

    result = erase(events, people, work, report)
    return Measured(result, result.held)
