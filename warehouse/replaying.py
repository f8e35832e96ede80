"""The command `replay`: the rules that hold now, and one slice of refused events after the other."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sdk_contract.errors import SojournError
from sdk_contract.plan import CompiledPlan, Plan, compile
from sdk_contract.privacy import Vault
from warehouse.again import Again
from warehouse.errors import BadWish
from warehouse.refused import Wish
from warehouse.registry import Command, Registry
from warehouse.replay import replay as move
from warehouse.rules import KeyRules, RuleBook
from warehouse.secrets import Secrets
from warehouse.settings import WarehouseSettings
from warehouse.writer import Writer

KIND = "replay"
SLICE = 20_000


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of the command: those of `Wish`, and whether anything is moved."""

    code: str | None = None
    since: int | None = None
    event: str | None = None
    project: str | None = None
    key: str | None = None
    sdk: str | None = None
    after: int | None = None
    dry_run: bool = False

    @property
    def wish(self) -> Wish:
        return Wish(self.code, self.since, self.event, self.project, self.key, self.sdk, self.after)


def replay(writer: Writer, registry: Registry, command: Command, *, now: Callable[[], int]) -> dict[str, Any]:
    """Obey one command; where more events wait than one slice holds, `next` is the command for them.

    `now` gives µs UTC. Raises BadWish for arguments that will not do, and what the store raises.
    """
    try:
        asked = msgspec.convert(command.args, Asked)
    except msgspec.ValidationError as error:
        raise BadWish(f"replay: {error}") from None
    settings = writer.settings
    again = again_of(registry, settings, now)
    done = move(
        writer, again, asked.wish, node=node_name(settings), command=command.id,
        filed_at=command.created_at, now=now, dry_run=asked.dry_run, limit=SLICE,
    )  # fmt: skip
    result: dict[str, Any] = msgspec.to_builtins(done)
    if done.after is not None:
        args = {**command.args, "after": done.after}
        result["next"] = registry.file_command(KIND, args, by=command.filed_by)
    return result


def obey_filed(writer: Writer, registry: Registry, *, now: Callable[[], int]) -> None:
    """Obey the replays that are filed, oldest first, up to the first command of another kind."""
    while (command := registry.next_command()) is not None and command.kind == KIND:
        try:
            registry.finish_command(command.id, "done", replay(writer, registry, command, now=now))
        except SojournError as error:
            registry.finish_command(command.id, "failed", {"error": str(error)})


def again_of(registry: Registry, settings: WarehouseSettings, now: Callable[[], int]) -> Again:
    """Judges by the rules that every key has now, revoked ones too."""
    secrets = Secrets.open(settings.folders.secrets, now, os.urandom)
    rules = key_rules(registry, secrets.vault)
    return Again(rules, for_treated(rules), secrets.vault, settings.event_limit)


def key_rules(registry: Registry, vault: Callable[[], Vault]) -> Mapping[int, KeyRules]:
    """The rules by the key's number. BadWish where a plan or policy cannot be used."""
    book = RuleBook(vault, _refuse)
    return {rules.key.no: rules for rules in book.build(registry, registry.keys()).values()}


def node_name(settings: WarehouseSettings) -> str:
    """The name under which this machine lands objects, as the collector has it."""
    name = (settings.node or platform.node()).lower()
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:40] or "node"


def _refuse(text: str) -> None:
    raise BadWish(text)


def for_treated(rules: Mapping[int, KeyRules]) -> dict[int, KeyRules]:
    """The rules for events whose personal data was treated: what stands there now fits no pattern."""
    plans: dict[str, CompiledPlan] = {}
    return {no: _for_treated(of_key, plans) for no, of_key in rules.items()}


def _for_treated(of_key: KeyRules, plans: dict[str, CompiledPlan]) -> KeyRules:
    plan = None if of_key.rules is None else of_key.rules.plan
    if of_key.rules is None or plan is None or not isinstance(plan.plan, CompiledPlan) or not plan.has_pii:
        return of_key
    project = of_key.key.project
    if project not in plans:
        plans[project] = compile(_loosened(plan.plan.plan))
    loose = msgspec.structs.replace(plans[project], unplanned=plan.plan.unplanned)
    rule = msgspec.structs.replace(plan, plan=loose)
    return msgspec.structs.replace(of_key, rules=msgspec.structs.replace(of_key.rules, plan=rule))


def _loosened(plan: Plan) -> Plan:
    """The plan with any value allowed where it has personal data."""
    events = tuple(
        msgspec.structs.replace(event, properties=_any_person(event.properties)) for event in plan.events
    )
    properties = {name: _any_person(schema) for name, schema in plan.properties.items()}
    return msgspec.structs.replace(plan, events=events, properties=properties)


def _any_person(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_any_person(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(of_class := schema.get("x-pii"), str):
        return {"x-pii": of_class}
    return {name: _any_person(one) for name, one in schema.items()}
