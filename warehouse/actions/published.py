"""Actions in the registry: published, and in use."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import msgspec

from warehouse.actions.destinations import read_destination
from warehouse.actions.errors import BadAction
from warehouse.actions.reading import Read, read_rule
from warehouse.actions.rules import Destination, Rule, Versioned
from warehouse.registry import Registry
from warehouse.registry.actions import PublishedAction
from warehouse.tags.rules import Versioned as VersionedTag

_NEED = {"email": ("subject", "text"), "wecom": ("text",), "dingtalk": ("text",), "feishu": ("text",)}


def publish(registry: Registry, project: str, read: Read, by: str) -> list[PublishedAction]:
    """Put rules and destinations to use; what is published already and not named stays as it is.

    BadAction where a rule goes to a destination that is not there, or does not say what that needs.
    """
    check(registry, project, read)
    for one in read.destinations:
        registry.publish_action_destination(project, one.name, one.text, by)
        registry.audit(by, "action.destination", f"{project}: {one.name}, {one.kind}")
    made = [registry.publish_action(project, one.name, one.text, by) for one in read.rules]
    for rule in made:
        registry.audit(by, "action.publish", f"{project}: {rule.name}, version {rule.number}")
    return made


def check(registry: Registry, project: str, read: Read) -> None:
    """BadAction where what was read does not fit together, or to what is published already."""
    there = {one.name: one for one in destinations(registry, project)} | {
        one.name: one for one in read.destinations
    }
    for rule in read.rules:
        if rule.to not in there:
            known = ", ".join(sorted(there)) or "none yet"
            raise BadAction(f"action {rule.name!r}: there is no destination {rule.to!r}; there is {known}")
        kind = there[rule.to].kind
        for part in _NEED.get(kind, ()):
            if not getattr(rule.message, part):
                raise BadAction(f"action {rule.name!r}: message.{part} is missing, which {kind} needs")
        if rule.trigger.kind == "alert" and kind == "email" and "address" not in there[rule.to].said:
            raise BadAction(f"action {rule.name!r}: an alert is nobody's; give {rule.to!r} an `address`")


def destinations(registry: Registry, project: str) -> list[Destination]:
    """Those of a project, by name."""
    found = registry.action_destinations(project)
    return [read_destination(name, msgspec.json.decode(text)) for (_, name), text in found.items()]


def rule_of(one: PublishedAction) -> Rule:
    """A version as it was read when it was published."""
    return read_rule(one.name, msgspec.json.decode(one.text))


def in_force(registry: Registry, since: int) -> list[Versioned]:
    """Every version that was in force at some time since then (µs UTC)."""
    found: list[Versioned] = []
    for _, group in groupby(registry.actions(), key=lambda one: (one.project, one.name)):
        versions = list(group)
        ends = [one.published_at for one in versions[1:]] + [None]
        found += [
            Versioned(one.project, rule_of(one), one.number, one.published_at, end)
            for one, end in zip(versions, ends, strict=True)
            if end is None or end > since
        ]
    return found


def conditions(registry: Registry) -> dict[str, Sequence[VersionedTag]]:
    """The tags that stand for the conditions of the newest version of each rule, by project."""
    newest = {(one.project, one.name): one for one in registry.actions()}
    found: dict[str, list[VersionedTag]] = {}
    for (project, _), one in newest.items():
        condition = rule_of(one).condition
        if condition is not None:
            found.setdefault(project, []).append(VersionedTag(condition, one.number))
    return dict(found)
