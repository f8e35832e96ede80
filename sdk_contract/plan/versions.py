"""Versions of plans: what has changed between two, and which version the newer one may have.

A version is major.minor.patch. What can break senders or readers needs a new major, what adds or allows a new
minor, words alone a new patch.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from sdk_contract.errors import PlanError
from sdk_contract.plan.changes import Change, Comparison, Level
from sdk_contract.plan.model import Plan, PlannedEvent
from sdk_contract.plan.schemas import properties_schema

LEVELS: Final[tuple[Level, ...]] = ("major", "minor", "patch")
_VERSION: Final = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})", re.ASCII)
_STRICTNESS: Final = ("allow", "warn", "reject")


def numbers(version: str) -> tuple[int, int, int]:
    """The three numbers of a version; PlanError where it is none."""
    found = _VERSION.fullmatch(version)
    if found is None:
        raise PlanError(f"version {version!r} is not of the form major.minor.patch, like 1.0.0")
    return int(found[1]), int(found[2]), int(found[3])


def changes(old: Plan, new: Plan) -> list[Change]:
    """What differs, the gravest first; [] for plans that differ in their version at most."""
    found = [*_of_plan(old, new), *_of_events(old, new)]
    if not found and _body(old) != _body(new):
        found.append(Change("patch", "plan.yaml", "parts that no event uses changed"))
    return sorted(dict.fromkeys(found), key=lambda change: LEVELS.index(change.level))


def next_version(old: str, found: list[Change]) -> str:
    """The least version that a plan with these changes may have."""
    major, minor, patch = numbers(old)
    levels = {change.level for change in found}
    if "major" in levels:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if "minor" in levels else f"{major}.{minor}.{patch + 1}"


def suffices(new: str, old: str, found: list[Change]) -> bool:
    """Whether a version is high enough for these changes."""
    return numbers(new) >= numbers(next_version(old, found))


def _of_plan(old: Plan, new: Plan) -> Iterator[Change]:
    if old.description != new.description:
        yield Change("patch", "plan.yaml", "description changed")
    if old.unplanned != new.unplanned:
        narrower = new.unplanned == "reject"
        words = f"unplanned {old.unplanned}, now {new.unplanned}"
        yield Change("major" if narrower else "minor", "plan.yaml", words)
    if old.consent != new.consent:
        words = f"consent {old.consent or 'none'}, now {new.consent or 'none'}"
        yield Change("minor", "plan.yaml", words)
    if old.identifiers != new.identifiers:
        yield Change("minor", "plan.yaml", "identifiers changed")
    if old.service != new.service:
        yield Change("major", "plan.yaml", "what a server's context is changed")
    yield from Comparison(_shared(old, old.context), _shared(new, new.context), "context").changes()


def _of_events(old: Plan, new: Plan) -> Iterator[Change]:
    before, now = old.by_key(), new.by_key()
    for key in sorted(before.keys() | now.keys(), key=lambda key: (key[0], key[1] or "")):
        if key not in now:
            yield Change("major", before[key].title, "no longer planned")
        elif key not in before:
            yield Change("minor", now[key].title, "new")
        else:
            yield from _of_event(before[key], now[key])
            schemas = properties_schema(old, before[key]), properties_schema(new, now[key])
            yield from Comparison(*schemas, f"{now[key].title}: {now[key].part}").changes()
            schemas = _shared(old, before[key].context), _shared(new, now[key].context)
            yield from Comparison(*schemas, f"{now[key].title}: context").changes()


def _of_event(old: PlannedEvent, new: PlannedEvent) -> Iterator[Change]:
    for field in ("description", "owner", "since"):
        if getattr(old, field) != getattr(new, field):
            yield Change("patch", new.title, f"{field} changed")
    if old.kind != new.kind:
        words = f"kind {old.kind or 'none'}, now {new.kind or 'none'}"
        yield Change("major" if new.kind == "service" else "minor", new.title, words)
    if old.consent != new.consent:
        yield Change("minor", new.title, "consent changed")
    if (old.key_event, old.conversion) != (new.key_event, new.conversion):
        yield Change("minor", new.title, "key event or conversion changed")


def _shared(plan: Plan, schema: dict[str, object]) -> dict[str, object]:
    return {"$defs": plan.properties, **schema}


def _body(plan: Plan) -> str:
    return msgspec.structs.replace(plan, version="").to_json()
