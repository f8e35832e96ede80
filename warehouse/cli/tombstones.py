"""sojourn person tombstones: who was erased, handed from one data folder to another as keyed hashes."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
from pathlib import Path

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_reader, open_registry, print_json
from warehouse.cli.privacy import open_vault
from warehouse.errors import LakeMissing
from warehouse.lake import Lake
from warehouse.settings import WarehouseSettings


@click.group()
def tombstones() -> None:
    """Hand on who was erased, as keyed hashes: to a backup that is restored, or to another data folder."""


@tombstones.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New file.")
@data_option
@json_option
def export(out: Path, data: str | None, as_json: bool) -> None:
    """Write all tombstones, and whom the door keeps out, into a file that tells nobody who they are."""
    from warehouse.erasure.handover import written

    settings = chosen(data)
    found = written(open_registry(settings), open_vault(settings))
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(found)))
    except FileExistsError as error:
        raise click.UsageError(f"{out} is there; --out names a new file") from error
    except OSError as error:
        raise click.UsageError(f"{out} cannot be written: {error.strerror}") from error
    counts = {"tombstones": len(found.tombstones), "suppressions": len(found.suppressions)}
    if as_json:
        print_json({"path": str(out)} | counts)
        return
    click.echo(f"{out}: {counts['tombstones']:,} tombstones, {counts['suppressions']:,} suppressions")


@tombstones.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", required=True, help="Why; the audit log keeps it.")
@data_option
@json_option
def apply(file: Path, reason: str, data: str | None, as_json: bool) -> None:
    """Keep out whom FILE names, and file an erasure of everybody of them who is in the lake.

    The data folder needs the keys (secrets/) of the one that wrote FILE.
    """
    from warehouse.erasure import handover

    settings = chosen(data)
    vault, registry = open_vault(settings), open_registry(settings)
    given = handover.read(file, vault)
    with contextlib.ExitStack() as stack:
        lake = _lake(settings, stack)
        done = handover.apply(
            given, lake, registry, vault, reason=reason, by=getpass.getuser(), progress=_progress
        )
    if as_json:
        print_json(done)
        return
    click.echo(f"{done.tombstones:,} tombstones and {done.suppressions:,} suppressions are new")
    click.echo(f"{len(done.erasures):,} people are in the lake and will be erased: `sojourn person status`")
    if done.unclear:
        click.echo(f"{done.unclear:,} ids that several people use are kept out; what is there of them stays")


def _lake(settings: WarehouseSettings, stack: contextlib.ExitStack) -> Lake | None:
    try:
        return stack.enter_context(open_reader(settings))
    except LakeMissing:
        return None


def _progress(done: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{done:,} ids looked at", nl=False, err=True)
