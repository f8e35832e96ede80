"""What the newest published plan of each project says of properties, as far as the report asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from sdk_contract.plan import Plan
from sdk_contract.plan.schemas import properties_schema
from warehouse.quality.answer import Kind
from warehouse.registry import Registry


class Declared(Struct):
    """Names of the properties that a plan names for one kind of events, and of those that it requires."""

    names: set[str]
    required: set[str]


def declared(registry: Registry | None) -> dict[Kind, Declared]:
    """By kind, for every project with a plan."""
    plans = {published.project: published for published in registry.plans()} if registry else {}
    found: dict[Kind, Declared] = {}
    for project, published in plans.items():
        plan = Plan.from_json(published.text)
        for event in plan.events:
            kind = Kind(project, event.type, event.event if event.type == "track" else None)
            _add(found, kind, list(_parts(properties_schema(plan, event))))
    return found


def _add(found: dict[Kind, Declared], kind: Kind, parts: list[dict[str, Any]]) -> None:
    """Pages and screens are one kind each: required is what all of them require."""
    names = {name for part in parts for name in part.get("properties", {})}
    required = {name for part in parts for name in part.get("required", [])}
    before = found.get(kind, Declared(set(), required))
    found[kind] = Declared(before.names | names, before.required & required)


def _parts(schema: Any, root: Any = None, depth: int = 8) -> Iterator[dict[str, Any]]:
    """A schema and what it refers to or consists of."""
    root = schema if root is None else root
    if not isinstance(schema, dict) or not depth:
        return
    yield schema
    reference = str(schema.get("$ref", ""))
    if reference.startswith("#/$defs/"):
        yield from _parts(root.get("$defs", {}).get(reference[8:]), root, depth - 1)
    for part in schema.get("allOf", []):
        yield from _parts(part, root, depth - 1)
