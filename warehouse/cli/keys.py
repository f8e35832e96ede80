"""sojourn key: the write keys that SDKs send."""

from __future__ import annotations

import click
import msgspec

from sdk_contract.privacy import PRESETS, Policy
from sdk_contract.privacy.policy import NONE
from warehouse.cli.options import chosen, data_option, json_option, now, print_json, print_table
from warehouse.registry import IP_POLICIES, PLAN_MODES, UNPLANNED, Key, Registry
from warehouse.times import iso

_UNPLANNED = "What becomes of events that the plan does not know."
_PRIVACY = "What becomes of personal data: none, standard, strict, or a policy that was set."
_RATE = "Events a second that it may send; 0: no limit; default: what SOJOURN_KEY_RATE says."
_COLUMNS = (
    "id", "project", "write_key", "name", "ip_policy", "plan_mode", "unplanned", "privacy", "rate",
    "created_at", "revoked_at",
)  # fmt: skip


class _Rate(click.ParamType[float | str]):
    """Events a second, or "default"."""

    name = "EVENTS"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        if value == "default":
            return value
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is no number of events a second; 500, 0 or default would do", param, ctx)


@click.group()
def key() -> None:
    """Make, list and revoke the write keys that SDKs send."""


@key.command()
@click.argument("project")
@click.option("--name", default="", help="What the key is for.")
@click.option(
    "--ip",
    "ip_policy",
    type=click.Choice(IP_POLICIES),
    help="What becomes of IP addresses.  [default: what --privacy says, else truncate]",
)
@click.option("--plan", "plan_mode", type=click.Choice(PLAN_MODES), default="warn", show_default=True)
@click.option("--unplanned", type=click.Choice(UNPLANNED), default="plan", show_default=True, help=_UNPLANNED)
@click.option("--privacy", metavar="POLICY", default="none", show_default=True, help=_PRIVACY)
@click.option("--rate", type=_Rate(), default="default", show_default=True, help=_RATE)
@click.option("--secret", help="The key itself, if it is given and not made up.")
@data_option
@json_option
def create(
    project: str,
    name: str,
    ip_policy: str | None,
    plan_mode: str,
    unplanned: str,
    privacy: str,
    rate: float | str,
    secret: str | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Make a write key for PROJECT. The collector knows it within a second."""
    registry = _registry(data)
    made = registry.create_key(
        project,
        name,
        ip_policy=ip_policy or _ip_of(registry, privacy),
        plan_mode=plan_mode,
        unplanned=unplanned,
        privacy=privacy,
        rate=None if isinstance(rate, str) else rate,
        secret=secret,
    )
    _show([made], as_json, one=True)


@key.command("set")
@click.argument("key_id")
@click.option("--ip", "ip_policy", type=click.Choice(IP_POLICIES), help="What becomes of IP addresses.")
@click.option("--plan", "plan_mode", type=click.Choice(PLAN_MODES), help="How the tracking plan applies.")
@click.option("--unplanned", type=click.Choice(UNPLANNED), help=_UNPLANNED)
@click.option("--privacy", metavar="POLICY", help=_PRIVACY)
@click.option("--rate", type=_Rate(), help=_RATE)
@data_option
@json_option
def set_(key_id: str, data: str | None, as_json: bool, **rules: str | float | None) -> None:
    """Change the rules of KEY_ID (k_...) from now on; what is not named stays.

    Another privacy policy leaves what becomes of IP addresses as it is, unless --ip says otherwise.
    """
    chosen_rules: dict[str, str | float | None] = {
        rule: value for rule, value in rules.items() if value is not None
    }
    if not chosen_rules:
        raise click.UsageError(
            "nothing to change; one of --ip, --plan, --unplanned, --privacy, --rate would do"
        )
    if chosen_rules.get("rate") == "default":
        chosen_rules["rate"] = None
    _show([_registry(data).change_key(key_id, **chosen_rules)], as_json, one=True)


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


def _ip_of(registry: Registry, privacy: str) -> str:
    """What a privacy policy does with addresses; one that there is not is refused later."""
    stored = registry.policy(privacy)
    if stored is not None:
        return Policy.from_json(stored.text).ip
    return PRESETS.get(privacy, NONE).ip


def _registry(data: str | None) -> Registry:
    return Registry.open(chosen(data).folders.registry, now=now)


def _show(keys: list[Key], as_json: bool, *, one: bool = False) -> None:
    records = [_record(key) for key in keys]
    if as_json:
        print_json(records[0] if one else records)
        return
    print_table(
        _COLUMNS,
        [["" if record[name] is None else str(record[name]) for name in _COLUMNS] for record in records],
    )


def _record(key: Key) -> dict[str, object]:
    fields = msgspec.structs.asdict(key)
    fields["write_key"] = fields.pop("secret")
    fields["created_at"] = iso(key.created_at)
    fields["revoked_at"] = None if key.revoked_at is None else iso(key.revoked_at)
    return fields
