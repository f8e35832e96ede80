"""sojourn plan types: a tracking plan as code."""

from __future__ import annotations

from pathlib import Path

import click

from sdk_contract.codegen import LANGUAGES, client
from sdk_contract.plan import Plan, read_plan
from warehouse import plans
from warehouse.cli.options import chosen, data_option, open_registry


@click.command()
@click.argument("folder", metavar="DIR", required=False, type=click.Path(path_type=Path))
@data_option
@click.option("--lang", required=True, type=click.Choice(list(LANGUAGES)), help="Language of the client.")
@click.option("--project", metavar="P", help="Use the published plan of this project, and no folder.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else stdout.")
def types(folder: Path | None, data: str | None, lang: str, project: str | None, out: Path | None) -> None:
    """Write a typed client of the plan in DIR: a call that the plan does not allow does not compile.

    Needs no network; the same plan gives the same bytes each time (docs/typed-clients.md).
    """
    if (folder is None) == (project is None):
        raise click.UsageError("name the plan's folder, or a project with --project")
    plan = _published(data, project) if project else read_plan(plans.files_of(folder or Path()))
    text = LANGUAGES[lang](client(plan))
    if out is None:
        click.echo(text.encode(), nl=False)
    else:
        out.write_bytes(text.encode())


def _published(data: str | None, project: str) -> Plan:
    registry = open_registry(chosen(data))
    try:
        return plans.published(registry, project, None)
    finally:
        registry.close()
