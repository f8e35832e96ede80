"""How the attributes of customers are chosen: by what the projects' tracking plans say of traits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from sdk_contract.errors import PlanError
from sdk_contract.plan import Plan
from sessionizer.attributes import RULES, Rule, Rules
from warehouse.registry import PublishedPlan, Registry

LASTING_CLASSES: Final = ("birthday", "id_number", "uscc")
_DEFS: Final = "#/$defs/"


class RuleReader:
    """Keeps up with the registry; a plan is read again only when another one is published.

    `default` is the rule for traits of which no plan says anything.
    """

    def __init__(self, registry: Registry, default: str = "latest") -> None:
        self._registry, self._default = registry, default
        self._generation: int | None = None
        self._numbers: dict[str, int] = {}
        self._of_project: dict[str, dict[str, Rule]] = {}
        self._rules = Rules(default=default)

    def read(self) -> Rules:
        """The rules of every project's newest plan."""
        generation = self._registry.rules_generation()
        if generation != self._generation:
            projects = sorted({key.project for key in self._registry.keys()})  # noqa: SIM118
            if sum(self._is_new(self._registry.plan(project)) for project in projects):
                self._rules = Rules(dict(self._all()), self._default)
            self._generation = generation
        return self._rules

    def _is_new(self, published: PublishedPlan | None) -> bool:
        if published is None or self._numbers.get(published.project) == published.number:
            return False
        self._numbers[published.project] = published.number
        self._of_project[published.project] = dict(_rules_of(published, self._default))
        return True

    def _all(self) -> Iterator[tuple[tuple[str, str], Rule]]:
        for project, rules in self._of_project.items():
            yield from (((project, name), rule) for name, rule in rules.items())


def text_of(rules: Rules) -> str:
    """Equal rules, equal text."""
    traits = sorted((*place, rule) for place, rule in rules.by_trait.items())
    return msgspec.json.encode([rules.default, traits]).decode()


def _rules_of(published: PublishedPlan, default: str) -> Iterator[tuple[str, Rule]]:
    """A plan that cannot be read says nothing; whoever publishes one is told."""
    try:
        plan = Plan.from_json(published.text)
    except PlanError:
        return
    for event in plan.events:
        if event.type == "identify":
            for name, schema in event.properties.get("properties", {}).items():
                if (rule := _rule(_meant(schema, plan), default)) is not None:
                    yield name, rule


def _meant(schema: Any, plan: Plan) -> dict[str, Any]:
    """The schema with what it refers to."""
    said = schema if isinstance(schema, dict) else {}
    ref = said.get("$ref")
    if isinstance(ref, str) and ref.startswith(_DEFS):
        return {**plan.properties.get(ref.removeprefix(_DEFS), {}), **said}
    return said


def _rule(schema: dict[str, Any], default: str) -> Rule | None:
    asked, lasting = schema.get("x-resolve"), schema.get("x-pii") in LASTING_CLASSES
    if isinstance(asked, list):
        return Rule("sources", tuple(str(source) for source in asked), lasting)
    if asked in RULES:
        return Rule(asked, (), lasting)
    return Rule(default, (), True) if lasting else None
