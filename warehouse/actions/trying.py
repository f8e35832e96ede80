"""A message to try a destination with: it goes the way of all others, and is about nobody."""

from __future__ import annotations

from typing import Final

import msgspec

from warehouse.actions.errors import BadAction
from warehouse.actions.keys import entry_id
from warehouse.actions.rules import DAY_US, Cap, Message, Rule, Trigger
from warehouse.registry import Registry
from warehouse.times import iso

TRIED: Final = "(test)"
"""The rule of such messages: no published one has brackets in its name."""
_ONCE: Final = Cap(1, DAY_US)
RULE: Final = Rule(
    TRIED, "A message to try a destination with.", Trigger("tag", "test"), None, "",
    Message("Sojourn: a test", "A test of Sojourn, asked for at {{ entered_at }}."),
    _ONCE, _ONCE, None, None, 0.0, 0, (), "{}",
)  # fmt: skip


def try_out(registry: Registry, project: str, name: str, now: int, by: str, address: str = "") -> str:
    """Let a message wait for a destination; its id. `address`: where an e-mail goes that would go to a
    customer. BadAction where there is no such destination.
    """
    if (project, name) not in registry.action_destinations(project):
        raise BadAction(
            f"{project} has no destination {name[:60]!r}; `sojourn action destinations` lists them"
        )
    id = entry_id(project, TRIED, 0, name, now)
    traits = {"email": address} if address else {}
    data = {
        "customer": {"id": "c_test", "user_id": "test", "anonymous_id": None, "traits": traits},
        "trigger": {"kind": "test", "name": "test", "on": "entered"},
        "entered_at": iso(now),
        "evidence": [],
    }
    row = {
        "id": id, "project": project, "rule": TRIED, "version": 0, "customer": "", "entry": now,
        "found_at": now, "destination": name, "state": "waiting", "why": "",
        "data": msgspec.json.encode(data).decode(), "due_at": now,
    }  # fmt: skip
    registry.enter([row])
    registry.audit(by, "action.test", f"{project}: {name}")
    return id
