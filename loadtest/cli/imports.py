"""`imports`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Figures, Promise, Run

MILLION: Final = 1_000_000
SECONDS: Final = 60.0


def fast(figures: Figures) -> bool:
    return bool(figures["seconds"] <= SECONDS * max(1.0, figures["rows"] / MILLION))


RUN: Final = Run(
    "imports",
    ("imports", "--rows", "1000000", "--kills", "10"),
    ("imports", "--rows", "10000", "--kills", "2"),
    (
        Promise("a million rows take at most 60 s", fast),
        Promise("the same file again changes nothing", lambda figures: figures["again"] == 0),
        Promise("a kill leaves what was done", lambda figures: figures["kept"] > 0),
        Promise("killed, no row is missing", lambda figures: figures["missing"] == 0),
        Promise("killed, no row is landed twice", lambda figures: figures["doubled"] == 0),
        Promise("the books balance", lambda figures: figures["difference"] == 0),
    ),
)


@measures(RUN)
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of the file.")
@click.option("--kills", default=10, show_default=True, help="How often an import of it is killed.")
@click.option("--seed", default=1, show_default=True, help="Seed of the rows and of the kills.")
@click.option("--work", default=None, type=click.Path(path_type=Path), help="Folder for the data.")
def command(rows: int, kills: int, seed: int, work: Path | None) -> Measured:
    """A CRM's customers from a file: rows a second, the same file again, and kills on the way."""
    from loadtest.house import work_folder
    from loadtest.imports import imports

    return Measured(imports(rows, kills, seed, work or work_folder(), now_us, report))
