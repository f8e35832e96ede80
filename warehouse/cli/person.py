"""sojourn person: everything held about one person, written out or erased."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.cli.options import chosen, data_option, json_option, open_reader, open_registry, print_json
from warehouse.cli.privacy import open_vault
from warehouse.erasure.subject import find_subject

project_option = click.option("--project", help="Project of the person, where several know the id.")
kind_option = click.option("--kind", help="Kind of the id, such as user_id or anonymous_id.")


@click.group()
def person() -> None:
    """Write out, or erase, everything that is held about a person."""


@person.command()
@click.argument("id")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New folder, or FILE.zip.")
@project_option
@kind_option
@data_option
@json_option
def export(
    id: str, out: Path, project: str | None, kind: str | None, data: str | None, as_json: bool
) -> None:
    """Write everything that is held about the person ID into a folder or zip file, as JSON lines.

    ID is any id of the person, or a customer id (c_...). Other people's events are not in it, also where they
    used the same device.
    """
    from warehouse.erasure.export import export as write

    settings = chosen(data)
    registry, vault = open_registry(settings), open_vault(settings)
    with open_reader(settings) as lake:
        written = write(lake, registry, vault, find_subject(lake, id, project, kind), out)
    if as_json:
        print_json(written)
        return
    click.echo(f"{written.path}: {sum(written.rows.values()):,} rows")
    for name, rows in written.rows.items():
        click.echo(f"  {name:<22} {rows:>9,}")
