"""sojourn cost: what marketing cost, for campaigns' CAC, ROAS and ROI."""

from __future__ import annotations

import getpass
from pathlib import Path

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_registry, print_json, print_table
from warehouse.cli.projects import project_option, the_project
from warehouse.registry.costs import Cost
from warehouse.spending import read_spending


@click.group()
def cost() -> None:
    """Bring in what marketing cost; `sojourn insight campaigns` sets it against what came of it."""


@cost.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--currency", metavar="CODE", help="Of rows that name none: CNY, EUR.")
@click.option("--encoding", metavar="NAME", help="Encoding, where it is not to be found out: gb18030.")
@click.option("--delimiter", metavar="CHAR", help="What separates values of a CSV file.")
@project_option
@data_option
@json_option
def import_(
    file: Path, currency: str | None, encoding: str | None, delimiter: str | None, project: str | None,
    data: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Bring in FILE, CSV, Parquet or JSON lines: day, cost, currency, campaign, source, medium, channel.

    Rows of one day and names are added up. What was brought in before for the same day, names and currency is
    replaced, so a file may be brought in again.
    """
    registry = open_registry(chosen(data))
    name = the_project(registry, project)
    costs = read_spending(file, currency, encoding, delimiter)
    new = registry.put_costs(name, costs, getpass.getuser())
    registry.audit(getpass.getuser(), "cost.import", f"{name}: {len(costs)} rows of {file.name}")
    done = {"project": name, "rows": len(costs), "new": new, "replaced": len(costs) - new}
    if as_json:
        print_json(done)
    else:
        click.echo(f"{name}: {new} new, {len(costs) - new} replaced")


@cost.command("list")
@click.option("--since", metavar="DAY", default="1970-01-01", help="First day.")
@click.option("--until", metavar="DAY", default="9999-12-31", help="Last day.")
@project_option
@data_option
@json_option
def list_(since: str, until: str, project: str | None, data: str | None, as_json: bool) -> None:
    """List what was brought in, by day."""
    registry = open_registry(chosen(data))
    costs = registry.costs(the_project(registry, project), since, until)
    if as_json:
        print_json([msgspec.structs.asdict(one) for one in costs])
        return
    rows = [[str(cell) for cell in msgspec.structs.astuple(one)] for one in costs]
    print_table(Cost.__struct_fields__, rows)
