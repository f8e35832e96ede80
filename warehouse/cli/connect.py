"""sojourn connect: rows of databases and programs elsewhere, again and again."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import click

from warehouse.cli.imports import the_key
from warehouse.cli.options import chosen, data_option, json_option, now, open_registry, print_json
from warehouse.cli.projects import the_project


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen, and keep nothing.")
@click.option("--from-start", is_flag=True, help="Fetch everything again, not only what is new.")
@data_option
@json_option
def connect(file: Path, dry_run: bool, from_start: bool, data: str | None, as_json: bool) -> None:
    """Bring in what is new in the system that FILE names: a SQL database, a REST API, Salesforce, HubSpot.

    Needs the extra `connectors`. Rows go the way of `sojourn import`; where it went on to is kept. See
    docs/imports.md.
    """
    from warehouse.connectors import running
    from warehouse.connectors.definition import read_connection

    opened = read_connection(file, os.environ)
    registry = open_registry(chosen(data))
    try:
        project = the_project(registry, opened.connection.project)
        key, by = the_key(registry, project, opened.connection.key), getpass.getuser()
        done = running.connect(
            chosen(data), registry, opened, key, by, now=now, dry=dry_run, anew=from_start, progress=_progress
        )
        if not dry_run:
            registry.audit(by, "connect", f"{project}: {done.rows} {done.kind} of {opened.name}")
    finally:
        registry.close()
    if as_json:
        print_json(done)
        return
    would, refused = "would be " if dry_run else "", sum(done.rejected.values())
    counts = f"{done.new:,} new, {done.changed:,} changed, {done.unchanged:,} unchanged, {refused:,} refused"
    click.echo(f"{done.rows:,} rows of {done.connection}, {done.kind}: {would}{counts}")
    click.echo(f"goes on at {done.cursor}")


def _progress(done: int, _: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{done:,} rows", nl=False, err=True)
