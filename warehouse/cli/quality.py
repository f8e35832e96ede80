"""sojourn quality: what changed in the events, and what to look at next."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_reader,
    open_registry,
    print_json,
)
from warehouse.cli.spans import days_option
from warehouse.quality import Asked, Quality
from warehouse.quality import quality as report

_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


@click.command()
@data_option
@json_option
@days_option("--since", "days", default="14d", help="Days to tell of, back from now: 14d, 2w.")
@click.option("--project", metavar="P", help="Only this project.")
@click.option("--event", metavar="E", help="Only this event: a track's name, or a type such as page.")
def quality(data: str | None, as_json: bool, days: int, project: str | None, event: str | None) -> None:
    """Compare the events of each day with their own past, and list what is wrong, the worst first.

    Volume, refused, late and repeated events, sudden hours, properties that are missing, new or of another
    type, versions of SDKs. --json prints every figure (docs/quality.md).
    """
    settings = chosen(data)
    registry = open_registry(settings) if settings.folders.registry.is_file() else None
    moment = datetime.fromtimestamp(now() / 1e6, UTC)
    with open_reader(settings) as lake:
        told = report(lake, registry, Asked(days, project, event), moment)
    if as_json:
        print_json(told)
    else:
        _print(told)


def _print(told: Quality) -> None:
    events = sum(row.volume for row in told.events)
    kinds = len({(row.project, row.type, row.event) for row in told.events})
    span = f"{told.since} to {told.until}, complete until {told.complete_until:%Y-%m-%d %H:%M} UTC"
    click.echo(f"{events:,} events of {kinds} kinds from {span}")
    if told.left_out:
        click.echo(f"{told.left_out:,} kinds with the fewest events are left out")
    if not told.findings:
        click.echo("nothing unusual")
    for finding in told.findings:
        click.secho(f"{finding.severity:<7} ", fg=_COLOURS[finding.severity], nl=False)
        click.echo(_shown(f"{finding.kind:<13} {finding.project}  {finding.what}"))
        click.echo(_shown(f"{'':<8}look at: {finding.look}"))


def _shown(text: str) -> str:
    """Names come from outside: nothing in them may steer a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
