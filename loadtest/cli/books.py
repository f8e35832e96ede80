"""`books`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "books",
    ("books",),
    ("books", "--events", "20000", "--kills", "2", "--rate", "2000"),
    (
        Promise("the books close at 0 for every key and hour", lambda figures: figures["difference"] == 0),
        Promise(
            "client, tables, check and metric say the same of every term, key and hour",
            lambda figures: figures["differences"] == 0 and figures["misread"] == 0,
        ),
        Promise(
            "every id is stored once, or has the fate that it must have",
            lambda figures: (
                figures["missing"] == figures["doubled"] == figures["wrong_fate"] == figures["unmarked"] == 0
            ),
        ),
        Promise("programs were killed meanwhile", lambda figures: figures["kills"] > 0),
    ),
)


@measures(RUN)
@click.option("--events", default=10_000_000, show_default=True, help="Events to send, repeats included.")
@click.option("--kills", default=40, show_default=True, help="How many times something is killed meanwhile.")
@click.option("--rate", default=9_000.0, show_default=True, help="Events a second.")
@click.option("--work", default=None, type=click.Path(path_type=Path), help="Folder for what it writes.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the traffic and the kills.")
def command(events: int, kills: int, rate: float, work: Path | None, seed: int) -> Measured:
    """Mixed events under kills, counted by the client too; exit code 1 unless all counts are the same."""
    from loadtest.books.run import books

    figures, charts = books(events, kills, rate, seed, work, now_us, report)
    return Measured(figures, figures.held, charts)
