"""sojourn backup and sojourn restore: registry and catalog, while everything runs."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.cli.options import chosen, data_option, json_option, now, open_registry, print_json


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@data_option
@json_option
def backup(target: Path, data: str | None, as_json: bool) -> None:
    """Copy registry and catalog into the new folder TARGET, while everything runs.

    Landing and the secrets folder are not in it: keep copies of them too.
    """
    from warehouse.backup import back_up

    settings = chosen(data)
    open_registry(settings).close()
    made = back_up(settings, target, now())
    if as_json:
        print_json(made)
        return
    for name, size in made.files.items():
        click.echo(f"{target / name}  {size:,} bytes")


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--replace", is_flag=True, help="Put it in the place of the registry and catalog that are there."
)
@data_option
@json_option
def restore(source: Path, replace: bool, data: str | None, as_json: bool) -> None:
    """Put the backup SOURCE into a data folder that no program uses.

    What landed since the backup is counted again; the next start loads it.
    """
    from warehouse.backup import restore as put_back
    from warehouse.landing import open_store

    settings = chosen(data)
    done = put_back(source, settings, open_store(settings.landing_url), now, replace=replace)
    if as_json:
        print_json(done)
        return
    click.echo(f"restored {' and '.join(done.files)} into {settings.data}")
    if done.tombstones:
        click.echo(
            f"kept {done.tombstones:,} ids out whose people were erased since, and left the old catalog out; "
            "where the lake is not whole: sojourn rebuild --from landing"
        )
    click.echo(f"counted {done.segments:,} segments with {done.events:,} events that landed since")
