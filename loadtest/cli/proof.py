"""`proof`: everything, one run after the other."""

import sys
from pathlib import Path

import click

from loadtest.cli import json_option, now_us, report, show


@click.command("proof")
@json_option
@click.option(
    "--out",
    default=Path("proof"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of the report.",
)
@click.option("--only", default="", help="Names of the runs to make, with commas between; empty: all.")
@click.option(
    "--quick", is_flag=True, help="Small forms of everything: a trial of the commands, not a proof."
)
def command(as_json: bool, out: Path, only: str, quick: bool) -> None:
    """Run the long forms one by one and keep their report; exit code 1 where a promise does not hold."""
    from loadtest.proof import chosen, prove

    proof = prove(chosen(only), out, quick, now_us, report)
    show(proof, as_json)
    sys.exit(0 if proof.held else 1)
