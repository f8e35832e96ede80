"""What is told of actions to people: each rule with its counts, each destination, each entry."""

from __future__ import annotations

from typing import Any

import msgspec

from warehouse.actions.destinations import host_of
from warehouse.actions.published import destinations, rule_of
from warehouse.actions.trying import TRIED
from warehouse.registry import Registry
from warehouse.registry.actions import Entry, PublishedAction
from warehouse.times import iso

_TESTS = 1_000


class Standing(msgspec.Struct, frozen=True):
    """A rule as it stands: `counts` of entries by state, `last_sent` ISO 8601."""

    project: str
    name: str
    version: int
    description: str
    when: str
    to: str
    holdout: float
    state: str
    counts: dict[str, int]
    last_sent: str | None
    published_at: str
    published_by: str


class Place(msgspec.Struct, frozen=True):
    """A destination: its kind and host, never its secrets. `tested`: what became of the last message to try
    it with, and when it was asked for.
    """

    project: str
    name: str
    kind: str
    host: str
    waiting: int
    dead: int
    oldest_waiting: str | None
    trouble: str | None
    is_on: bool
    tested: str | None
    tested_at: str | None


def standing(registry: Registry, project: str | None = None) -> list[Standing]:
    """The newest version of every rule."""
    newest = {(one.project, one.name): one for one in registry.actions(project)}
    counts, sent, paused = registry.entry_counts(), registry.last_sent(), registry.paused_actions()
    return [
        _standing(one, counts.get(at, {}), sent.get(at), "paused" if at in paused else "active")
        for at, one in newest.items()
    ]


def _standing(one: PublishedAction, counts: dict[str, int], sent: int | None, state: str) -> Standing:
    rule = rule_of(one)
    return Standing(
        project=one.project,
        name=one.name,
        version=one.number,
        description=rule.description,
        when=msgspec.json.encode(msgspec.json.decode(one.text)["when"]).decode(),
        to=rule.to,
        holdout=rule.holdout,
        state=state,
        counts=counts,
        last_sent=None if sent is None else iso(sent),
        published_at=iso(one.published_at),
        published_by=one.published_by,
    )


def places(registry: Registry, project: str | None = None) -> list[Place]:
    """Every destination, with what waits for it and why it does."""
    waiting = registry.waiting_entries()
    dead = registry.entries(project=project, state="dead", limit=100_000)
    tests = {(e.project, e.destination): e for e in reversed(registry.entries(rule=TRIED, limit=_TESTS))}
    off = registry.action_destinations_off()
    found = []
    for name in sorted({of for of, _ in registry.action_destinations(project)}):
        for one in destinations(registry, name):
            own = [e for e in waiting if (e.project, e.destination) == (name, one.name)]
            trouble = next((e.why for e in reversed(own) if e.attempts), None)
            gone = sum((e.project, e.destination) == (name, one.name) for e in dead)
            oldest = iso(min(e.found_at for e in own)) if own else None
            tried = tests.get((name, one.name))
            tested = None if tried is None else f"{tried.state} {tried.why}".strip()
            found.append(
                Place(
                    name, one.name, one.kind, host_of(one), len(own), gone, oldest, trouble,
                    (name, one.name) not in off, tested,
                    None if tried is None else iso(tried.found_at),
                )
            )  # fmt: skip
    return found


def told(entry: Entry) -> dict[str, Any]:
    """An entry as it is listed: without what was said of the customer."""
    return {
        "id": entry.id,
        "rule": entry.rule,
        "version": entry.version,
        "customer": entry.customer or None,
        "found_at": iso(entry.found_at),
        "destination": entry.destination,
        "state": entry.state,
        "why": entry.why,
        "attempts": entry.attempts,
        "due_at": iso(entry.due_at) if entry.state == "waiting" else None,
        "settled_at": None if entry.settled_at is None else iso(entry.settled_at),
    }
