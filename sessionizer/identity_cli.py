"""`sojourn identity`: whose ids are one person's, why, and what people decided of it."""

import click

from sessionizer.decisions_cli import block, decisions, merge, split
from sessionizer.explaining import explain
from sessionizer.identity.cli import who
from sessionizer.probable.cli import link, match


@click.group()
def identity() -> None:
    """Which ids are one person's, and why."""


for command in (explain, who, block, split, merge, decisions, match, link):
    identity.add_command(command)
