"""sojourn plan infer: a plan drafted from the lake."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from warehouse.cli.options import chosen, data_option, json_option, now, open_reader, print_json, print_table
from warehouse.cli.spans import days_option
from warehouse.errors import PlanRefused
from warehouse.infer import Drafted
from warehouse.infer import infer as draft_plan


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--project", required=True, metavar="P", help="The project whose events are looked at.")
@days_option("--since", "days", default="30d", help="Days to look at, back from now: 30d, 8w.")
@click.option(
    "--min-share",
    type=click.FloatRange(0, 1),
    default=0.001,
    show_default=True,
    help="Leave out properties and types rarer than this share of an event.",
)
@data_option
@json_option
def infer(folder: Path, project: str, days: int, min_share: float, data: str | None, as_json: bool) -> None:
    """Draft a plan in the new folder DIR from the events that the lake holds.

    It says what was sent, not what should be: types, what is required, short lists of values, forms of texts,
    what looks personal. Descriptions and owners are yours to fill in; `sojourn plan lint DIR` lists them.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PlanRefused(f"{folder} is there already and not empty; give a new folder")
    moment = datetime.fromtimestamp(now() / 1e6, UTC)
    with open_reader(chosen(data)) as lake:
        made = draft_plan(lake, project, moment, days, min_share)
    _write(folder, made.files)
    if as_json:
        print_json(made.events)
        return
    print_table(("event", "events", "sampled", "accepted"), map(_line, made.events))
    click.echo(f"{len(made.files)} files in {folder}; {made.left_out} kinds of events are left out")
    click.echo(f"next: fill in what `sojourn plan lint {folder}` asks for")


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def _line(one: Drafted) -> list[str]:
    return [one.event or one.type, f"{one.events:,}", f"{one.sampled:,}", f"{one.accepted:.2%}"]
