"""Actions on the timelines of their customers: each is an event, sent to the door as any server sends one.

Its message id follows from the entry, so telling it twice stores it once.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

import httpx
import msgspec

from warehouse.registry import Key, Registry
from warehouse.registry.actions import OURS, Entry
from warehouse.times import iso

EVENTS: Final = {"sent": "action_sent", "dead": "action_failed", "withheld": "action_withheld"}
KEY_NAME: Final = "actions"
MOST: Final = 100


class Teller:
    """Sends what is settled to the collector behind `door`."""

    def __init__(self, registry: Registry, door: httpx.AsyncClient) -> None:
        self._registry, self._door = registry, door
        self._keys: dict[str, Key] = {}

    async def tell(self) -> int:
        """How many were told; httpx.HTTPError where the door does not take them, which changes nothing."""
        waiting = self._registry.untold_entries(MOST)
        by_project: dict[str, list[Entry]] = {}
        for one in waiting:
            by_project.setdefault(one.project, []).append(one)
        for project, some in by_project.items():
            events = [event for one in some if (event := event_of(one)) is not None]
            if events:
                await self._post(project, events)
            self._registry.note_told([one.id for one in some])
        return len(waiting)

    async def _post(self, project: str, events: Sequence[dict[str, Any]]) -> None:
        key = self._key(project).secret
        headers = {
            "authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}",
            "content-type": "application/json",
        }
        body = msgspec.json.encode({"batch": events})
        answer = await self._door.post("/v1/batch", content=body, headers=headers)
        answer.raise_for_status()

    def _key(self, project: str) -> Key:
        """The project's key for actions: events of ours need no plan and have no address."""
        if project not in self._keys:
            there = [
                one
                for one in self._registry.keys()
                if (one.project, one.name, one.revoked_at) == (project, KEY_NAME, None)
            ]
            self._keys[project] = (
                there[0]
                if there
                else self._registry.create_key(
                    project, KEY_NAME, ip_policy="drop", plan_mode="off", unplanned="allow", rate=0.0
                )
            )
        return self._keys[project]


def event_of(one: Entry) -> dict[str, Any] | None:
    """The event of an entry; None where its customer has no id that an event could name."""
    customer = msgspec.json.decode(one.data).get("customer") or {}
    ids = {
        "userId": customer.get("user_id"),
        "anonymousId": None if customer.get("user_id") else customer.get("anonymous_id"),
    }
    ids = {name: value for name, value in ids.items() if value}
    if not ids or one.settled_at is None:
        return None
    entered = iso(one.found_at)
    return {
        **ids,
        "type": "track",
        "event": EVENTS[one.state],
        "messageId": f"{one.id}-{one.state}",
        "timestamp": iso(one.settled_at),
        "properties": {
            "action": one.id,
            "rule": one.rule,
            "version": one.version,
            "destination": one.destination,
            "assigned_at": entered,
            **({"why": one.why} if one.state == "dead" else {}),
        },
        "context": {"library": {"name": OURS, "version": "1"}},
    }
