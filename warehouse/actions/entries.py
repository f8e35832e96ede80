"""Who entered what a rule waits for: found in the lake, and each entry once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from warehouse.actions.rules import Versioned
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.statements import statement

_GIVEN: Final = """
    CREATE OR REPLACE TEMP TABLE tag_customers AS
    SELECT DISTINCT unnest(?::VARCHAR[]) AS customer_id"""


class Found(msgspec.Struct, frozen=True):
    """A customer who entered at `entry` and is in until `until` (µs UTC; None: nothing ends it by itself), by
    these events.
    """

    customer: str
    entry: int
    until: int | None
    evidence: list[str]


class Since(msgspec.Struct, frozen=True):
    """Up to where was looked before: the moment of the lake, and of the clock; both 0: nowhere (µs UTC)."""

    seen: int = 0
    mark: int = 0


def entries(lake: Lake, registry: Registry, one: Versioned, as_of: int, since: Since) -> list[Found]:
    """New entries of a version until `as_of` (µs UTC), the oldest first."""
    after = max(as_of - one.rule.late, one.since - 1)
    until = as_of if one.until is None else min(as_of, one.until - 1)
    if after >= until:
        return []
    return _new(lake, registry, one, _stays(lake, one, after, until, since))


def _stays(lake: Lake, one: Versioned, after: int, until: int, since: Since) -> list[Found]:
    trigger = one.rule.trigger
    left = trigger.on == "left"
    prefix = "m." if trigger.kind == "cohort" else ""
    moment = f"{prefix}{'left_at' if left else 'entered_at'}"
    end = "NULL" if left else f"epoch_us({prefix}left_at)"
    if trigger.kind == "cohort" and not left:
        end = f"CASE WHEN bool_or({prefix}left_at IS NULL) THEN NULL ELSE epoch_us(max({prefix}left_at)) END"
    sql = statement(f"actions/{trigger.kind}_stays", moment=moment, until=end)
    bound = {"project": one.project, "tag": trigger.name, "after": after, "until": until}
    if trigger.kind == "tag":
        bound |= {"seen": since.seen, "mark": since.mark}
    return [
        Found(customer, entry, entry + 1 if left else end, msgspec.json.decode(evidence, type=list[str]))
        for customer, entry, end, evidence in lake.query(sql, bound)
    ]


def _new(lake: Lake, registry: Registry, one: Versioned, stays: Sequence[Found]) -> list[Found]:
    """Those of whom no entry is kept that lies in the stay: late events and merges move its beginning."""
    if not stays:
        return []
    known: dict[str, list[int]] = {}
    for customer, entry in registry.entered(one.project, one.rule.name, min(stay.entry for stay in stays)):
        known.setdefault(customer, []).append(entry)
    left = [stay for stay in stays if not _holds(known.get(stay.customer, ()), stay)]
    if not left or not known:
        return left
    before = _merged(lake, [stay.customer for stay in left])
    return [
        stay
        for stay in left
        if not any(_holds(known.get(old, ()), stay) for old in before.get(stay.customer, ()))
    ]


def _holds(moments: Sequence[int], stay: Found) -> bool:
    return any(stay.entry <= at and (stay.until is None or at < stay.until) for at in moments)


def gather(lake: Lake, customers: Sequence[str]) -> None:
    """Put them into the temp table `tag_customers`."""
    lake.execute(_GIVEN, [list(customers)])


def _merged(lake: Lake, customers: Sequence[str]) -> Mapping[str, list[str]]:
    gather(lake, customers)
    found: dict[str, list[str]] = {}
    for old, customer in lake.query(statement("actions/merged")):
        found.setdefault(customer, []).append(old)
    return found
