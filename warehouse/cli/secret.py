"""sojourn secret: the keys that hash and encrypt."""

from __future__ import annotations

import getpass

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_registry, print_json, print_table
from warehouse.cli.privacy import open_secrets
from warehouse.registry import Registry
from warehouse.secrets import Listed
from warehouse.times import iso

_COLUMNS = ("id", "purpose", "created_at", "newest")


@click.group()
def secret() -> None:
    """List, rotate and forget the keys that hash and encrypt; no command shows one."""


@secret.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the keys by id and purpose, oldest first."""
    settings = chosen(data)
    open_registry(settings).close()
    _show(open_secrets(settings).list(), as_json)


@secret.command()
@click.argument("purpose")
@data_option
@json_option
def rotate(purpose: str, data: str | None, as_json: bool) -> None:
    """Make a new key for PURPOSE: hash, encrypt or quarantine.

    What older keys encrypted stays readable. A new hash key gives the same person another token.
    """
    settings = chosen(data)
    registry = open_registry(settings)
    made = open_secrets(settings).rotate(purpose)
    _audit(registry, "secret.rotate", made)
    _show([made], as_json)


@secret.command()
@click.argument("key_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def forget(key_id: str, yes: bool, data: str | None) -> None:
    """Shred the key KEY_ID: what it encrypted can never be read again, by anyone."""
    settings = chosen(data)
    registry = open_registry(settings)
    if not yes:
        click.confirm(f"Forget {key_id}? What it encrypted is lost for ever", abort=True)
    forgotten = open_secrets(settings).forget(key_id)
    _audit(registry, "secret.forget", forgotten)
    click.echo(f"{forgotten.id} ({forgotten.purpose}) is forgotten; copies in backups have to go too")


def _audit(registry: Registry, action: str, key: Listed) -> None:
    detail = {"key": key.id, "purpose": key.purpose}
    registry.audit(getpass.getuser(), action, msgspec.json.encode(detail).decode())


def _show(keys: list[Listed], as_json: bool) -> None:
    records = [{**msgspec.structs.asdict(key), "created_at": iso(key.created_at)} for key in keys]
    if as_json:
        print_json(records)
    else:
        print_table(_COLUMNS, [[str(record[name]) for name in _COLUMNS] for record in records])
