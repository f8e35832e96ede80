"""sojourn destination: places that are kept fresh while Sojourn runs."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Any

import click

from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_registry,
    print_json,
    print_table,
)
from warehouse.cli.publish import Every, choice_of, choosing, saved
from warehouse.registry.destinations import Destination


@click.group()
def destination() -> None:
    """Where results go: databases, buckets and folders that `sojourn up` keeps fresh."""


@destination.command()
@click.argument("name")
@click.option("--to", required=True, metavar="PLACE", help="As of `sojourn publish`.")
@choosing
@click.option(
    "--every", type=Every(), default="60s", show_default=True, help="How often to look for changes."
)
@data_option
@json_option
def add(
    name: str,
    to: str,
    every: float,
    password_file: Path | None,
    data: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Keep PLACE fresh from now on, under NAME; one of that name is replaced.

    A password from PGPASSWORD or the address is kept in a file of its own in the data folder, for its owner
    alone.
    """
    from warehouse.publish import password_of, read_place
    from warehouse.publish.saving import save

    settings = chosen(data)
    registry = open_registry(settings)
    place, choice = read_place(to, password_of(password_file, os.environ)), choice_of(**options)
    who = getpass.getuser()
    made = save(registry, settings.folders, name, place, choice, every, password_file, who)
    if as_json:
        print_json(saved(made))
    else:
        click.echo(f"{name}: {made.place}, every {every:g} s while `sojourn up` or `sojourn publish` runs")


@destination.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List destinations: how late each is, and why one fails."""
    found = open_registry(chosen(data)).destinations()
    if as_json:
        print_json([saved(one) for one in found])
        return
    rows = [
        [one.name, one.place, lateness(one, now()), f"{one.state.rows:,}", one.state.error or ""]
        for one in found
    ]
    print_table(("name", "place", "behind", "rows", "error"), rows)


@destination.command()
@click.argument("name")
@data_option
@json_option
def remove(name: str, data: str | None, as_json: bool) -> None:
    """Keep NAME fresh no more. What stands there stays there."""
    from warehouse.publish.saving import forget

    settings = chosen(data)
    gone = forget(open_registry(settings), settings.folders, name, getpass.getuser())
    if as_json:
        print_json(saved(gone))
    else:
        click.echo(f"{name} is kept fresh no more; what stands in {gone.place} stays there")


def lateness(one: Destination, at: int) -> str:
    """How far behind it is, for people."""
    if one.state.complete_until is None:
        return "never reached" if one.state.failures else "not yet"
    return f"{max(at - one.state.complete_until, 0) / 1e6:,.0f} s"
