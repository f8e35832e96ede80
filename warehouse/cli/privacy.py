"""sojourn privacy, suppress, unsuppress: what becomes of personal data, and who is kept out."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Any

import click
import msgspec
import yaml

from sdk_contract.privacy import PRESETS, KeyGone, Policy, PolicyError, Vault
from sdk_contract.privacy.policy import PRESET_NUMBER
from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_registry,
    print_json,
    print_table,
)
from warehouse.errors import RegistryError
from warehouse.registry import Registry
from warehouse.secrets import Secrets
from warehouse.settings import WarehouseSettings
from warehouse.times import iso

_SHOWN = 80
# The ids that the door looks at.
_KINDS = ("user_id", "anonymous_id")


@click.group()
def privacy() -> None:
    """Say what becomes of personal data: policies that write keys name, and values that were encrypted."""


@privacy.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the built-in policies and those that were set."""
    records = [_record(name, PRESET_NUMBER, policy, "built in", None) for name, policy in PRESETS.items()]
    for stored in open_registry(chosen(data)).policies():
        policy = Policy.from_json(stored.text)
        records.append(_record(stored.name, stored.number, policy, stored.set_by, iso(stored.set_at)))
    if as_json:
        print_json(records)
        return
    columns = ("policy", "ip", "pii", "detect", "gpc", "dnt", "set_by", "set_at")
    print_table(columns, [[_cell(record[name]) for name in columns] for record in records])


@privacy.command()
@click.argument("name")
@data_option
def show(name: str, data: str | None) -> None:
    """Print the policy NAME as JSON; `sojourn privacy set` takes the same."""
    stored = None if name in PRESETS else open_registry(chosen(data)).policy(name)
    if stored is None and name not in PRESETS:
        raise RegistryError(f"there is no privacy policy {name!r}; `sojourn privacy list` shows them")
    print_json(msgspec.Raw((PRESETS[name].to_json() if stored is None else stored.text).encode()))


@privacy.command("set")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@json_option
def set_(name: str, file: Path, data: str | None, as_json: bool) -> None:
    """Make FILE (YAML or JSON) the policy NAME. Collectors apply it within two seconds.

    What stands in the file is kept as a new version; events remember the version that treated them.
    """
    if name in PRESETS:
        raise PolicyError(f"{name!r} is built in and stays as it is; give your policy a name of its own")
    policy = read_policy(file)
    stored = open_registry(chosen(data)).set_policy(name, policy.to_json(), getpass.getuser())
    record = _record(stored.name, stored.number, policy, stored.set_by, iso(stored.set_at))
    if as_json:
        print_json(record)
    else:
        click.echo(f"{record['policy']} is set")


@privacy.command()
@click.argument("token")
@click.option("--reason", required=True, help="Why you have to know it; the audit log keeps this.")
@data_option
def reveal(token: str, reason: str, data: str | None) -> None:
    """Print the value that was encrypted as TOKEN (sj:enc:...), or the request sealed as sj:seal:...

    The audit log says who asked for which token, and why; never the value.
    """
    if not reason.strip():
        raise click.BadParameter("say why you have to know it", param_hint="--reason")
    settings = chosen(data)
    registry, vault = open_registry(settings), open_vault(settings)
    detail = {"token": token[:_SHOWN], "reason": reason.strip()}
    registry.audit(getpass.getuser(), "privacy.reveal", msgspec.json.encode(detail).decode())
    try:
        click.echo(_opened(token, vault))
    except KeyGone as gone:
        raise _forgotten(gone, registry) from None


@click.command()
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("value")
@click.option("--project", required=True, help="Project whose keys keep this person's events out.")
@data_option
def suppress(kind: str, value: str, project: str, data: str | None) -> None:
    """Keep out events of the person whose KIND of id, as the SDK sends it, is VALUE.

    Collectors apply it within two seconds. What is stored already stays. The registry keeps a keyed hash,
    never the value.
    """
    registry, digest = _suppressing(data, kind, value)
    done = registry.suppress(project, digest)
    registry.audit(getpass.getuser(), "privacy.suppress", _audit_text(project, kind, digest))
    click.echo("suppressed from now on" if done else "was suppressed already")


@click.command()
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("value")
@click.option("--project", required=True, help="Project whose keys let this person's events in again.")
@data_option
def unsuppress(kind: str, value: str, project: str, data: str | None) -> None:
    """Let in again whom `sojourn suppress` with the same KIND and VALUE kept out."""
    registry, digest = _suppressing(data, kind, value)
    done = registry.unsuppress(project, digest)
    registry.audit(getpass.getuser(), "privacy.unsuppress", _audit_text(project, kind, digest))
    click.echo("no longer suppressed" if done else "was not suppressed")


def read_policy(file: Path) -> Policy:
    """The policy in a YAML or JSON file. PolicyError names the file, the place in it, and what would do."""
    try:
        return Policy.from_plain(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{file} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise PolicyError(f"{file} is neither YAML nor JSON: {' '.join(str(error).split())}") from None
    except PolicyError as error:
        raise PolicyError(f"{file}: {error}") from None


def open_secrets(settings: WarehouseSettings) -> Secrets:
    """The keys of a data folder, made where there are none."""
    return Secrets.open(settings.folders.secrets, now, os.urandom)


def open_vault(settings: WarehouseSettings) -> Vault:
    return open_secrets(settings).vault()


def _suppressing(data: str | None, kind: str, value: str) -> tuple[Registry, str]:
    if not value.strip():
        raise click.BadParameter("an empty id is nobody's")
    settings = chosen(data)
    return open_registry(settings), open_vault(settings).digest(kind, value)


def _audit_text(project: str, kind: str, digest: str) -> str:
    return msgspec.json.encode({"project": project, "kind": kind, "digest": digest}).decode()


def _opened(token: str, vault: Vault) -> str:
    if token.startswith("sj:seal:"):
        return vault.unseal(token).decode("utf-8", "backslashreplace")
    return vault.decrypt(token)


def _forgotten(gone: KeyGone, registry: Registry) -> Exception:
    """When the key was forgotten, where the audit log knows."""
    for line in registry.audited(100_000):
        if line.action == "secret.forget" and f'"{gone.key_id}"' in line.detail:
            return KeyGone(gone.key_id, f"{line.actor} forgot it on {iso(line.at)}")
    return gone


def _record(name: str, number: int, policy: Policy, by: str, at: str | None) -> dict[str, Any]:
    fields = msgspec.to_builtins(policy)
    return {"policy": f"{name}@{number}", **fields, "set_by": by, "set_at": at}


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        groups: dict[str, list[str]] = {}
        for name, action in value.items():
            groups.setdefault(action, []).append(name)
        return "; ".join(f"{action} {', '.join(names)}" for action, names in groups.items()) or "-"
    return str(value or "")
