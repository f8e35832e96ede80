"""`sdks`: its options, and what it promises."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from loadtest.cli import Measured, measures, report, wait_answers
from loadtest.promises import Promise, Run
from loadtest.sdks.known import BY_NAME, NODE_PROJECT, Sdk

RUN: Final = Run(
    "sdks",
    ("sdks",),
    ("sdks",),
    (
        Promise("no call of an SDK is missing", lambda figures: figures["missing"] == 0),
        Promise("no call of an SDK is stored twice", lambda figures: figures["doubled"] == 0),
    ),
)


@measures(RUN)
@click.option(
    "--only", multiple=True, type=click.Choice(sorted(BY_NAME)), help="One of the SDKs; may be repeated."
)
@click.option(
    "--packages",
    default=NODE_PROJECT,
    show_default=True,
    type=click.Path(path_type=Path, exists=True),
    help="The folder whose node_modules has the JavaScript SDKs.",
)
@click.option("--matrix", is_flag=True, help="Let each SDK meet every fault of a server; a line a fault.")
def command(only: tuple[str, ...], packages: Path, matrix: bool) -> Measured:
    """Run real SDKs, unmodified, and compare what they sent with what is stored; a line an SDK."""
    from loadtest.sdks.run import sdks, together

    chosen = [sdk for name, sdk in BY_NAME.items() if not only or name in only]
    if matrix:
        return _matrix(chosen, packages)
    tallies = sdks(chosen, report, wait_answers, packages)
    for one in tallies:
        click.echo(msgspec.json.encode(one))
    found = together(tallies)
    return Measured(found, found.missing == found.doubled == 0)


def _matrix(chosen: Sequence[Sdk], packages: Path) -> Measured:
    from loadtest.sdks.matrix import MOST_REQUESTS, matrix, total

    cases = matrix(chosen, report, wait_answers, packages)
    for one in cases:
        click.echo(msgspec.json.encode(one))
    found = total(cases)
    return Measured(found, found.missing == found.doubled == 0 and found.requests <= MOST_REQUESTS)
