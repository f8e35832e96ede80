"""sojourn key: the write keys that SDKs send."""

from __future__ import annotations

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, now, print_json, print_table
from warehouse.registry import IP_POLICIES, PLAN_MODES, Key, Registry
from warehouse.times import iso


@click.group()
def key() -> None:
    """Make, list and revoke the write keys that SDKs send."""


@key.command()
@click.argument("project")
@click.option("--name", default="", help="What the key is for.")
@click.option("--ip", "ip_policy", type=click.Choice(IP_POLICIES), default="truncate", show_default=True)
@click.option("--plan", "plan_mode", type=click.Choice(PLAN_MODES), default="warn", show_default=True)
@click.option("--secret", help="The key itself, if it is given and not made up.")
@data_option
@json_option
def create(
    project: str,
    name: str,
    ip_policy: str,
    plan_mode: str,
    secret: str | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Make a write key for PROJECT. The collector knows it within a second."""
    made = _registry(data).create_key(project, name, ip_policy=ip_policy, plan_mode=plan_mode, secret=secret)
    _show([made], as_json, one=True)


@key.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List all write keys, revoked ones too."""
    _show(_registry(data).keys(), as_json)


@key.command()
@click.argument("key_id")
@data_option
@json_option
def revoke(key_id: str, data: str | None, as_json: bool) -> None:
    """Refuse KEY_ID (k_...) from now on. What it brought stays."""
    _show([_registry(data).revoke_key(key_id)], as_json, one=True)


def _registry(data: str | None) -> Registry:
    return Registry.open(chosen(data).folders.registry, now=now)


def _show(keys: list[Key], as_json: bool, *, one: bool = False) -> None:
    records = [_record(key) for key in keys]
    if as_json:
        print_json(records[0] if one else records)
        return
    columns = ("id", "project", "write_key", "name", "ip_policy", "plan_mode", "created_at", "revoked_at")
    print_table(columns, [[str(record[name] or "") for name in columns] for record in records])


def _record(key: Key) -> dict[str, object]:
    fields = msgspec.structs.asdict(key)
    fields["write_key"] = fields.pop("secret")
    fields["created_at"] = iso(key.created_at)
    fields["revoked_at"] = None if key.revoked_at is None else iso(key.revoked_at)
    return fields
