"""Entries that wait and may not be sent any more: consent was withdrawn, or their customer was suppressed or
erased.

Answers to consent lie in the lake, which who delivers does not read: what needs one leaves only within
`GOOD_US` of a look at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from sdk_contract.privacy import Vault
from warehouse.actions.entries import gather
from warehouse.actions.known import agreed, suppressed
from warehouse.actions.rules import Versioned
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.actions import Entry
from warehouse.statements import statement

GOOD_US: Final = 60_000_000
_SOON_US: Final = 60_000_000
Key = TypeVar("Key")
_MOST: Final = 2_000  # of those that wait, the next to leave


def withdraw(
    lake: Lake, registry: Registry, vault: Callable[[], Vault], versions: Sequence[Versioned], now: int
) -> int:
    """Drop those that leave within a minute and may not, and vouch for the others; how many are dropped.
    `now`: µs UTC.
    """
    waiting = registry.leaving_entries(now + _SOON_US, _MOST)
    if not waiting:
        return 0
    gather(lake, [entry.customer for entry in waiting])
    current = dict(lake.query(statement("actions/current")))
    gone = [entry.id for entry in waiting if entry.customer not in current]
    count = registry.drop_waiting(gone, "suppressed", "the customer is no more")
    left = [entry for entry in waiting if entry.customer in current]
    for project, some in _parted(left, lambda entry: entry.project).items():
        count += _withdrawn_suppressed(lake, registry, vault, project, some, current)
    purposes = {(one.project, one.rule.name): one.rule.consent for one in versions if one.rule.consent}
    asked = _parted(left, lambda entry: (entry.project, purposes.get((entry.project, entry.rule))))
    for (project, purpose), some in asked.items():
        if purpose is not None:
            count += _withdrawn_unagreed(lake, registry, project, purpose, some, current)
    registry.vouch([entry.id for entry in left if entry.good_until is not None], now + GOOD_US)
    return count


def _withdrawn_suppressed(
    lake: Lake,
    registry: Registry,
    vault: Callable[[], Vault],
    project: str,
    some: Sequence[Entry],
    current: Mapping[str, str],
) -> int:
    gather(lake, [current[entry.customer] for entry in some])
    out = suppressed(lake, registry, vault, project)
    gone = [entry.id for entry in some if current[entry.customer] in out]
    return registry.drop_waiting(gone, "suppressed", "the customer was suppressed while it waited")


def _withdrawn_unagreed(
    lake: Lake,
    registry: Registry,
    project: str,
    purpose: str,
    some: Sequence[Entry],
    current: Mapping[str, str],
) -> int:
    gather(lake, [current[entry.customer] for entry in some])
    lake.execute(statement("tags/subjects"))
    yes = agreed(lake, project, purpose)
    no = [entry.id for entry in some if current[entry.customer] not in yes]
    return registry.drop_waiting(no, "no_consent", f"no yes to {purpose} any more")


def _parted(entries: Iterable[Entry], by: Callable[[Entry], Key]) -> dict[Key, list[Entry]]:
    found: dict[Key, list[Entry]] = {}
    for entry in entries:
        found.setdefault(by(entry), []).append(entry)
    return found
