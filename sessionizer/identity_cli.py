"""`sojourn identity`: whose ids are one person's, why, and what people decided of it."""

import click

from sessionizer.probable.cli import link, match


@click.group()
def identity() -> None:
    """Which ids are one person's, and why."""


identity.add_command(match)
identity.add_command(link)
