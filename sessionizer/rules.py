"""What the projects' tracking plans say of sessions and customers: key events, and attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from sdk_contract.errors import PlanError
from sdk_contract.plan import Plan
from sessionizer.attributes import RULES, Rule, Rules
from sessionizer.sessions import VisitRules
from sessionizer.visits.rules import SessionRules
from sessionizer.visits.successes import Success, successes_of
from warehouse.registry import PublishedPlan, Registry

VISITS_IN_USE: Final = "session_rules"
COLUMNS: Final = 2  # how often the columns of sessions have changed their meaning
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
        self._successes: dict[str, list[Success]] = {}
        self._rules = Rules(default=default)

    def visits(self, cutting: SessionRules) -> VisitRules:
        """The rules of sessions, with the key events of every project's newest plan."""
        self.read()
        found = sorted(success for of_one in self._successes.values() for success in of_one)
        return VisitRules(cutting, tuple(found))

    def read(self) -> Rules:
        """The rules of every project's newest plan."""
        generation = self._registry.rules_generation()
        if generation != self._generation:
            projects = sorted({key.project for key in self._registry.keys()})
            if sum(self._is_new(self._registry.plan(project)) for project in projects):
                self._rules = Rules(dict(self._all()), self._default)
            self._generation = generation
        return self._rules

    def _is_new(self, published: PublishedPlan | None) -> bool:
        if published is None or self._numbers.get(published.project) == published.number:
            return False
        self._numbers[published.project] = published.number
        plan = _plan_of(published)
        self._of_project[published.project] = dict(_rules_of(plan, self._default)) if plan else {}
        self._successes[published.project] = successes_of(published.project, plan) if plan else []
        return True

    def _all(self) -> Iterator[tuple[tuple[str, str], Rule]]:
        for project, rules in self._of_project.items():
            yield from (((project, name), rule) for name, rule in rules.items())


def text_of_visits(rules: VisitRules) -> str:
    """Equal rules, equal text; also another one when sessions get other columns."""
    return msgspec.json.encode([COLUMNS, rules]).decode()


def rules_in(text: str) -> VisitRules:
    """The rules that `text_of_visits` wrote."""
    return msgspec.json.decode(text, type=tuple[int, VisitRules])[1]


def text_of(rules: Rules) -> str:
    """Equal rules, equal text."""
    traits = sorted((*place, rule) for place, rule in rules.by_trait.items())
    return msgspec.json.encode([rules.default, traits]).decode()


def _plan_of(published: PublishedPlan) -> Plan | None:
    """A plan that cannot be read says nothing; whoever publishes one is told."""
    try:
        return Plan.from_json(published.text)
    except PlanError:
        return None


def _rules_of(plan: Plan, default: str) -> Iterator[tuple[str, Rule]]:
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
