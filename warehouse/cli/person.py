"""sojourn person: everything held about one person, written out or erased."""

from __future__ import annotations

import getpass
import sys
import time
from pathlib import Path

import click

from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    open_reader,
    open_registry,
    print_json,
    print_table,
)
from warehouse.cli.privacy import open_vault
from warehouse.cli.tombstones import tombstones
from warehouse.erasure.looking import Looked
from warehouse.erasure.people import ERASE, PSEUDONYMISE, People, Person
from warehouse.erasure.plan import Planned, planned, with_look
from warehouse.erasure.status import Status, status_of
from warehouse.erasure.subject import Subject, find_subject
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

ASK_EVERY_S = 0.3
_SHOWN = 10

project_option = click.option("--project", help="Project of the person, where several know the id.")
kind_option = click.option("--kind", help="Kind of the id, such as user_id or anonymous_id.")


@click.group()
def person() -> None:
    """Write out, or erase, everything that is held about a person."""


person.add_command(tombstones)


@person.command()
@click.argument("id")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--reason", help="Why, such as the number of the request; the audit log keeps it.")
@click.option("--pseudonymise", is_flag=True, help="Keep the events, under a pseudonym.")
@click.option("--wait", is_flag=True, help="Wait until nothing of the person is found any more.")
@project_option
@kind_option
@data_option
@json_option
def erase(
    id: str, dry_run: bool, reason: str | None, pseudonymise: bool, wait: bool, project: str | None,
    kind: str | None, data: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Erase the person ID from landing, lake, catalog, registry and journal, past snapshots too.

    ID is any id of the person, or a customer id (c_...). From then on nothing of the person comes in. The
    running writer does it, and it is done when a search of every byte finds nothing: `sojourn person status`.
    """
    settings = chosen(data)
    mode = PSEUDONYMISE if pseudonymise else ERASE
    with open_reader(settings) as lake:
        subject = find_subject(lake, id, project, kind)
        plan = planned(lake, subject)
        ((load_seq,),) = lake.query("SELECT coalesce(max(load_seq), 0) FROM cursors WHERE name = 'load'")
    if dry_run:
        _print_plan(with_look(plan, _looked(settings, Person(mode, subject))), as_json)
        return
    if not (reason or "").strip():
        raise click.UsageError("--reason TEXT is needed; with --dry-run nothing is changed")
    no = _filed(settings, subject, mode, reason or "", load_seq)
    _print_status(
        [_waited(settings, no) if wait else status_of(open_registry(settings).erasure(no))], as_json
    )


@person.command()
@click.argument("id", required=False)
@project_option
@kind_option
@data_option
@json_option
def status(id: str | None, project: str | None, kind: str | None, data: str | None, as_json: bool) -> None:
    """Show how far erasures have come; with ID those of a person, who need not be known any more.

    Who was erased is kept nowhere: an ID is looked for by its keyed hash, as user_id and anonymous_id unless
    --kind says otherwise.
    """
    settings = chosen(data)
    registry = open_registry(settings)
    found = registry.erasures()
    if id is not None:
        numbers = _numbers(settings, registry, id, project, kind)
        found = [one for one in found if one.no in numbers]
    _print_status([status_of(one) for one in found], as_json)


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


def _filed(settings: WarehouseSettings, subject: Subject, mode: str, reason: str, load_seq: int) -> int:
    from warehouse.erasure.filing import file_erasure

    by, registry, vault = getpass.getuser(), open_registry(settings), open_vault(settings)
    filed = file_erasure(registry, vault, subject, mode=mode, reason=reason, by=by, load_seq=load_seq)
    registry.close()
    return filed.no


def _waited(settings: WarehouseSettings, no: int) -> Status:
    registry = open_registry(settings)
    while (one := registry.erasure(no)).done_at is None:
        _progress(f"{one.stage}, {len(one.places)} places")
        time.sleep(ASK_EVERY_S)
    _progress("")
    return status_of(one)


def _looked(settings: WarehouseSettings, one: Person) -> Looked:
    """In a program that has neither lake nor registry open."""
    from warehouse.erasure.everywhere import look_everywhere
    from warehouse.landing import open_store

    vault, store = open_vault(settings), open_store(settings.landing_url)
    return look_everywhere(
        settings, store, People([one]), vault,
        progress=lambda done, of: _progress(f"searched {done:,} of {of:,} files"),
    )  # fmt: skip


def _numbers(
    settings: WarehouseSettings, registry: Registry, id: str, project: str | None, kind: str | None
) -> set[int]:
    vault, stones, known = open_vault(settings), registry.tombstones(), registry.keys()
    projects = [project] if project else sorted({one.project for one in known})
    kinds = [kind] if kind else ["user_id", "anonymous_id"]
    asked = {vault.tombstone(of, name, id) for of in projects for name in kinds}
    return {erasure for digest, (_, erasure) in stones.items() if digest in asked}


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)


def _print_plan(plan: Planned, as_json: bool) -> None:
    _progress("")
    if as_json:
        print_json(plan)
        return
    click.echo(f"project {plan.project}, customer {plan.customer_id or 'unknown to the lake'}")
    for id in plan.ids:
        click.echo(f"  {id['kind']} {id['value']}")
    for id in plan.kept:
        click.echo(f"  {id['kind']} {id['value']}  stays: somebody else uses it too")
    for value in plan.elsewhere:
        click.echo(f"  {value} is somebody else's id too: it is not looked for in texts")
    for what, counts in (("lake", plan.lake), ("landing", plan.landing)):
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        click.echo(f"{what}: {told or 'nothing'}")
    click.echo(f"other files that hold an id now: {len(plan.files):,}")


def _print_status(found: list[Status], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("nobody was erased")
        return
    columns = ("no", "project", "mode", "filed_at", "stage", "done_at", "places")
    rows = [
        [str(one.no), one.project, one.mode, one.filed_at, one.stage, one.done_at or "", str(len(one.places))]
        for one in found
    ]
    print_table(columns, rows)
    for one in found:
        for place in one.places[:_SHOWN]:
            click.echo(f"erasure {one.no} still finds the person in {place}")
    click.echo("copies that were taken before (backups, object versions, disks' old blocks) are not reached")
