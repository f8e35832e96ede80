"""Entries that wait and may not be sent any more: consent was withdrawn, or their customer was erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from warehouse.actions.entries import gather
from warehouse.actions.known import agreed
from warehouse.actions.rules import Versioned
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.actions import Entry
from warehouse.statements import statement

_SOON_US: Final = 60_000_000
_MOST: Final = 2_000  # of those that wait, the next to leave


def withdraw(lake: Lake, registry: Registry, versions: Sequence[Versioned], now: int) -> int:
    """Drop those that leave within a minute and may not; how many. `now`: µs UTC."""
    waiting = registry.leaving_entries(now + _SOON_US, _MOST)
    if not waiting:
        return 0
    gather(lake, [entry.customer for entry in waiting])
    current = dict(lake.query(statement("actions/current")))
    gone = [entry.id for entry in waiting if entry.customer not in current]
    count = registry.drop_waiting(gone, "suppressed", "the customer is no more")
    purposes = {(one.project, one.rule.name): one.rule.consent for one in versions if one.rule.consent}
    asked: dict[tuple[str, str], list[Entry]] = {}
    for entry in waiting:
        purpose = purposes.get((entry.project, entry.rule))
        if purpose is not None and entry.customer in current:
            asked.setdefault((entry.project, purpose), []).append(entry)
    for (project, purpose), some in asked.items():
        gather(lake, [current[entry.customer] for entry in some])
        lake.execute(statement("tags/subjects"))
        yes = agreed(lake, project, purpose)
        no = [entry.id for entry in some if current[entry.customer] not in yes]
        count += registry.drop_waiting(no, "no_consent", f"no yes to {purpose} any more")
    return count
