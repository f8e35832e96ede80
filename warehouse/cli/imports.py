"""sojourn import: rows of other systems, as files."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_registry,
    print_json,
    print_table,
)
from warehouse.cli.projects import project_option, the_project
from warehouse.imports.errors import BadImport
from warehouse.imports.kinds import KINDS
from warehouse.registry import Key, Registry
from warehouse.times import iso

_OPTIONS = (
    click.argument("file", type=click.Path(path_type=Path)),
    click.option("--mapping", "mapping_file", type=click.Path(path_type=Path), metavar="YAML",
                 help="Which column is which field; without it, by the columns' names."),
    click.option("--suggest", is_flag=True, help="Print a mapping to start from, and import nothing."),
    click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing."),
    click.option("--source", metavar="NAME", help="System that the rows are of.  [default: crm]"),
    click.option("--time-zone", metavar="ZONE", help="Zone of times that name none: Asia/Shanghai."),
    click.option("--date-order", type=click.Choice(["dmy", "mdy"]), help="What 03/04/2026 means."),
    click.option("--encoding", metavar="NAME", help="Encoding, where it is not to be found out: gb18030."),
    click.option("--delimiter", metavar="CHAR", help="What separates values of a CSV file."),
    click.option("--key", "key_id", metavar="ID", help="Write key (k_...) whose rules hold."),
    click.option("--processes", type=click.IntRange(1, 64), help="Programs at work.  [default: one a core]"),
    project_option,
    data_option,
    json_option,
)  # fmt: skip


@click.group("import")
def import_() -> None:
    """Bring in rows of other systems: customers, orders, interactions, items, leads, deals, costs."""


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _add(kind: str) -> None:
    @import_.command(kind)
    @_with_options
    def import_kind(**given: Any) -> None:
        _import(kind, **given)

    import_.commands[kind].help = _HELP.format(kind=kind)


_HELP = """Bring in {kind} from FILE: CSV, Parquet or JSON lines.

Rows are judged like events of the SDKs; what will not do is kept in `rejected`. A file may be brought in
again: rows that say the same as before change nothing. After a kill the same command goes on.
"""
for _kind in KINDS:
    _add(_kind)


@import_.command("costs")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--currency", metavar="CODE", help="Of rows that name none: CNY, EUR.")
@click.option("--encoding", metavar="NAME", help="Encoding, where it is not to be found out: gb18030.")
@click.option("--delimiter", metavar="CHAR", help="What separates values of a CSV file.")
@project_option
@data_option
@json_option
@click.pass_context
def costs(context: click.Context, /, **given: Any) -> None:
    """Bring in what marketing cost: the same as `sojourn cost import`."""
    from warehouse.cli.cost import cost

    context.invoke(cost.commands["import"], **given)


@import_.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List imports, the newest first, with what became of their rows."""
    found = open_registry(chosen(data)).imports()
    if as_json:
        print_json([msgspec.structs.asdict(one) for one in found])
        return
    rows = []
    for one in found:
        told = one.result
        counts = [f"{told.get(name, 0):,}" for name in ("rows", "new", "changed", "unchanged")]
        refused = f"{sum(told.get('rejected', {}).values()):,}"
        rows.append(
            [str(one.id), one.state, one.project, one.kind, one.file, iso(one.started_at), *counts, refused]
        )
    columns = (
        "import",
        "state",
        "project",
        "kind",
        "file",
        "begun",
        "rows",
        "new",
        "changed",
        "unchanged",
        "refused",
    )
    print_table(columns, rows)


def _import(
    kind: str, file: Path, mapping_file: Path | None, suggest: bool, dry_run: bool, key_id: str | None,
    processes: int | None, project: str | None, data: str | None, as_json: bool, **said: str | None,
) -> None:  # fmt: skip
    from warehouse.imports import running

    settings = chosen(data)
    registry = open_registry(settings)
    try:
        key = the_key(registry, the_project(registry, project), key_id)
        mapping = _mapping(kind, file, mapping_file, said)
        if suggest:
            _print_mapping(kind, mapping, as_json)
            return
        wanted = running.Wanted(kind, file, key, getpass.getuser(), mapping)
        ready = running.look(registry, wanted)
        act = running.preview if dry_run else running.carry_out
        many = processes or os.cpu_count() or 1
        done = act(settings, registry, ready, now=now, processes=many, progress=_progress)
        if not dry_run:
            registry.audit(wanted.by, "import", f"{key.project}: {done['rows']} {kind} of {file.name}")
    finally:
        _progress_ends()
        registry.close()
    if as_json:
        print_json(done)
    else:
        _print_lines(done)


def the_key(registry: Registry, project: str, given: str | None) -> Key:
    """The write key whose rules hold: the one that is named, or called `imports`, or the only one."""
    known = registry.keys()
    keys = [key for key in known if key.project == project and key.revoked_at is None]
    named = [key for key in keys if (key.id == given if given else key.name == "imports")]
    if given is None and not named and len(keys) == 1:
        named = keys
    if not named:
        listed = ", ".join(key.id for key in keys[:10]) or "none; `sojourn key create` makes one"
        raise BadImport(f"key {given!r} will not do: --key needs one of {listed}, or a key named `imports`")
    return named[0]


def _mapping(kind: str, file: Path, mapping_file: Path | None, said: dict[str, str | None]) -> Any:
    """The mapping of a file or the one that the columns suggest, with what the options say."""
    from warehouse.imports.blocks import open_source
    from warehouse.imports.mapping import read_mapping
    from warehouse.imports.suggesting import suggest

    if mapping_file is not None:
        mapping = read_mapping(mapping_file)
    else:
        source = open_source(file, said["encoding"], said["delimiter"])
        mapping = suggest(KINDS[kind], source.columns, source.sample())
    return msgspec.structs.replace(
        mapping, **{name: value for name, value in said.items() if value is not None}
    )


def _print_mapping(kind: str, mapping: Any, as_json: bool) -> None:
    from warehouse.imports.suggesting import as_yaml

    if as_json:
        print_json(mapping)
    else:
        click.echo(as_yaml(KINDS[kind], mapping), nl=False)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        part = f" of {of:,}" if of else ""
        click.echo(f"\r\x1b[K{done:,}{part} rows", nl=False, err=True)


def _progress_ends() -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


def _print_lines(done: dict[str, Any]) -> None:
    verb = "would be " if done["dry_run"] else ""
    read = f"{done['file']} ({done['encoding'] or 'Parquet'})"
    click.echo(f"{done['rows']:,} rows of {read}, {done['kind']} of {done['source']}")
    for name in ("new", "changed", "unchanged", "repeated", "filtered"):
        if done[name]:
            click.echo(f"  {done[name]:>10,}  {verb}{name}")
    for code, rows in sorted(done["rejected"].items()):
        click.echo(f"  {rows:>10,}  {verb}refused: {code}")
        for one in (one for one in done["examples"] if one["code"] == code):
            click.echo(f"              row {one['row']}  {one['pointer'] or ''}  expected {one['expected']}")
    if done["contradictory_ids"]:
        ids = f"{done['contradictory_ids']:,} ids"
        click.echo(f"{ids} stand there with different values; the later row of each is taken")
    for field, values in done["shared_ids"].items():
        click.echo(f"{values:,} values of {field} stand in rows of several ids; identity keeps those apart")
    if done["dry_run"]:
        ids = ", ".join(f"{count:,} {kind}" for kind, count in sorted(done["known"]["ids"].items())) or "none"
        click.echo(f"{done['known']['rows']:,} rows name an id of a known customer ({ids})")
    else:
        click.echo(f"import {done['import']} is landed; the writer loads it")
