"""sojourn report: weekly and monthly reports, as HTML and PDF."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click
import msgspec

from sdk_contract.errors import Terminal
from warehouse.boards.definition import Board
from warehouse.boards.keeping import loaded
from warehouse.cli.board import one_board
from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_reader,
    open_registry,
    print_json,
    print_table,
)
from warehouse.registry import Registry
from warehouse.registry.reports import KeptReport
from warehouse.reports import keeping
from warehouse.reports.calendar import last_whole, named
from warehouse.reports.errors import BadReport
from warehouse.reports.making import Wish, shipped_board
from warehouse.reports.manifest import Manifest, read_manifest
from warehouse.settings import WarehouseSettings
from warehouse.times import iso

_NUMBER = click.argument("number", metavar="NO", type=int)
_template = click.option("--template", metavar="NAME", help="One that comes along: visits, customers.")
_board = click.option("--board", metavar="NAME|NO", help="A board; see `sojourn board list`.")
_every = click.option("--every", type=click.Choice(("week", "month")), default="week", show_default=True)
_timezone = click.option("--timezone", default="UTC", show_default=True, help="Where days begin.")
_language = click.option("--language", type=click.Choice(("en", "zh")), default="en", show_default=True)
_project = click.option("--project", metavar="NAME", help="Project of tiles that name none.")
_out = click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Write its files there.")


@click.group()
def report() -> None:
    """Reports of a week or month, as HTML and PDF, which can be made again from their manifest."""


@report.command("make")
@_template
@_board
@_every
@click.option("--of", "label", metavar="SPAN", help="2026-W47 or 2026-11.  [default: the last whole one]")
@_timezone
@_language
@_project
@_out
@data_option
@json_option
def make_(
    template: str | None, board: str | None, every: Any, label: str | None, timezone: str, language: str,
    project: str | None, out: Path | None, data: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Make a report of a template or board over one week or month, and keep it."""
    settings = chosen(data)
    registry = open_registry(settings)
    source = _source(registry, template, board)
    span = named(label, timezone) if label else last_whole(every, timezone, now())
    wish = Wish(board=source, span=span, timezone=timezone, language=language, project=project)
    _tell(_made(settings, registry, wish), out, as_json)


@report.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the reports that were made, the newest first, and what is to be made regularly."""
    registry = open_registry(chosen(data))
    found = [_told(one) for one in registry.reports()]
    schedules = [_standing(one) for one in keeping.standing(registry, now())]
    if as_json:
        print_json({"reports": found, "schedules": schedules})
        return
    columns = ("no", "name", "label", "language", "made_at", "made_by")
    print_table(columns, [[str(one[name]) for name in columns] for one in found])
    regular = ("id", "name", "every", "timezone", "language", "next", "last", "failed")
    print_table(regular, [[str(one[name] or "") for name in regular] for one in schedules])


@report.command()
@_NUMBER
@data_option
@json_option
def show(number: int, data: str | None, as_json: bool) -> None:
    """Show report NO: its questions and rows."""
    kept = open_registry(chosen(data)).report(number)
    found = keeping.manifest_of(kept)
    if as_json:
        print_json(found)
        return
    click.echo(f"{found.title} {found.label}, made {found.made_at} by {found.made_by}")
    for one in found.sections:
        click.echo(f"\n{one.title}{': ' + one.refused if one.refused else ''}")
        rows = [["" if value is None else str(value) for value in row] for row in one.rows]
        print_table(one.columns, rows)


@report.command()
@click.argument("which", metavar="NO|FILE")
@_out
@data_option
@json_option
def remake(which: str, out: Path | None, data: str | None, as_json: bool) -> None:
    """Make the files of a report again, from the manifest alone; exit code 1 where they differ."""
    kept = None
    if which.isdecimal():
        kept = open_registry(chosen(data)).report(int(which))
        found = keeping.manifest_of(kept)
    else:
        found = _of_file(Path(which))
    made = keeping.remake(found, kept)
    files = _write(out, found, made) if out else []
    told = {"files": files} | {
        name: getattr(made, name) for name in ("same_page", "same_paper", "changed", "trouble")
    }
    if as_json:
        print_json(told)
    else:
        for name, value in told.items():
            click.echo(f"{name}: {', '.join(value) if isinstance(value, list | tuple) else value}")
    if made.changed or made.same_page is False or made.same_paper is False:
        raise SystemExit(1)


@report.command()
@_template
@_board
@_every
@_timezone
@_language
@_project
@data_option
@json_option
def schedule(
    template: str | None, board: str | None, every: Any, timezone: str, language: str, project: str | None,
    data: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Make this report of every week or month from now on, by the console or by `report due`."""
    registry = open_registry(chosen(data))
    source = _source(registry, template, board)
    made = keeping.schedule(registry, source, every, timezone, language, project, getpass.getuser())
    if as_json:
        print_json({"id": made.id, "name": made.name, "every": made.every})
    else:
        click.echo(f"schedule {made.id}: {made.name}, every {made.every}")


@report.command()
@_NUMBER
@data_option
@json_option
def unschedule(number: int, data: str | None, as_json: bool) -> None:
    """Make no more reports of schedule NO; those that were made stay."""
    open_registry(chosen(data)).drop_schedule(number, getpass.getuser())
    if as_json:
        print_json({"id": number, "dropped": True})
    else:
        click.echo(f"schedule {number} is dropped")


@report.command()
@_out
@data_option
@json_option
def due(out: Path | None, data: str | None, as_json: bool) -> None:
    """Make what schedules want and nobody has made yet."""
    settings = chosen(data)
    registry = open_registry(settings)
    made, troubles = [], []
    for one, wish in keeping.due(registry, now()):
        click.echo(f"{one.name} of {wish.span.label}", err=True)
        try:
            made.append(_made(settings, registry, wish, one.id))
        except Terminal as error:
            registry.report_failed(one.id, wish.span.label, str(error))
            troubles.append(f"{one.name} of {wish.span.label}: {error}")
    for kept in made if out else ():
        found = keeping.manifest_of(kept)
        _write(out or Path(), found, keeping.remake(found, kept))
    if as_json:
        print_json({"made": [_told(one) for one in made], "troubles": troubles})
    for trouble in troubles:
        click.echo(trouble, err=True)
    if troubles:
        raise SystemExit(1)


def _standing(one: keeping.Standing) -> dict[str, Any]:
    told = msgspec.structs.asdict(one.schedule)
    told.pop("board")
    return told | {
        "made_at": iso(told["made_at"]),
        "next": iso(one.next),
        "last": one.last and f"{one.last.label}, {iso(one.last.made_at)}",
        "failed": one.failed and f"{one.failed.label}, {iso(one.failed.at)}: {one.failed.reason}",
    }


def _made(
    settings: WarehouseSettings, registry: Registry, wish: Wish, schedule: int | None = None
) -> KeptReport:
    with open_reader(settings) as lake:
        return keeping.made(lake, registry, wish, getpass.getuser(), now(), schedule)


def _source(registry: Registry, template: str | None, board: str | None) -> Board:
    if (template is None) == (board is None):
        raise BadReport("--template NAME or --board NAME: one of them would do")
    return shipped_board(template) if template is not None else loaded(one_board(registry, board or ""))


def _of_file(path: Path) -> Manifest:
    try:
        return read_manifest(path.read_bytes())
    except OSError as error:
        raise BadReport(f"cannot read {path}: {error.strerror}; a manifest in JSON would do") from None


def _write(out: Path, found: Manifest, made: keeping.Remade) -> list[str]:
    """The files' places: the manifest, the HTML, and the PDF where it could be made."""
    contents = {"json": found.text().encode(), "html": made.page, "pdf": made.paper}
    places = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for kind, content in contents.items():
            if content is not None:
                place = (
                    out
                    / f"report-{''.join(c if c.isalnum() else '-' for c in found.name)}-{found.label}.{kind}"
                )
                place.write_bytes(content)
                places.append(str(place))
    except OSError as error:
        raise BadReport(f"cannot write to {out}: {error.strerror}; another --out would do") from None
    return places


def _tell(kept: KeptReport, out: Path | None, as_json: bool) -> None:
    found = keeping.manifest_of(kept)
    made = keeping.remake(found, kept) if out else None
    files = _write(out, found, made) if out and made else []
    if as_json:
        print_json({**_told(kept), "files": files})
        return
    click.echo(f"report {kept.id}: {kept.name} of {kept.label}, {len(found.sections)} sections")
    for place in files:
        click.echo(place)
    if made is not None and made.trouble:
        click.echo(made.trouble, err=True)


def _told(one: KeptReport) -> dict[str, Any]:
    told = msgspec.structs.asdict(one) | {"made_at": iso(one.made_at)}
    told.pop("manifest")
    return {"no": told.pop("id"), **told}
