"""Who would enter by a rule: of the last day, on the lake as it is."""

from __future__ import annotations

import msgspec

from warehouse.actions.entries import Since, entries
from warehouse.actions.rules import DAY_US, Rule, Versioned
from warehouse.insights.memberships import as_of, membership
from warehouse.insights.values import Values
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.statements import statement
from warehouse.tags.evaluation import evaluate
from warehouse.tags.rules import Versioned as VersionedTag

SLICE = 100_000


class Preview(msgspec.Struct, frozen=True):
    """`entered`: customers who entered within a day before `as_of`; of these about `held_out` would be left
    alone. Caps, consent and quiet hours are not looked at.
    """

    rule: str
    entered: int
    held_out: int


def preview(lake: Lake, registry: Registry, project: str, rule: Rule) -> Preview:
    """How many would enter. UnknownName where the tag or cohort is not there."""
    at = as_of(lake)
    if rule.trigger.kind == "alert":
        alerts = registry.alerts(project=project, watch=rule.trigger.name, since=at - DAY_US)
        return Preview(rule.name, len(alerts), 0)
    count = (
        _conditional(lake, project, rule, at) if rule.condition else _named(lake, registry, project, rule, at)
    )
    return Preview(rule.name, count, round(count * rule.holdout))


def _named(lake: Lake, registry: Registry, project: str, rule: Rule, at: int) -> int:
    membership(lake, project, rule.trigger.kind, rule.trigger.name, Values().bind)
    asked = msgspec.structs.replace(rule, late=DAY_US, name="")
    found = entries(lake, registry, Versioned(project, asked, 0, 0, None), at, Since())
    return len({one.customer for one in found})


def _conditional(lake: Lake, project: str, rule: Rule, at: int) -> int:
    assert rule.condition is not None
    count = 0
    with lake.transaction():
        ((customers,),) = lake.query("SELECT count(*) FROM customers WHERE project = ?", [project])
        slices = customers // SLICE + 1
        for number in range(slices if customers else 0):
            lake.execute(statement("tags/slice"), {"project": project, "slices": slices, "number": number})
            stays = evaluate(lake, project, [VersionedTag(rule.condition, 0)], everybody=True)
            with lake.table("stays_now", stays):
                sql = statement("actions/would_enter")
                ((some,),) = lake.query(sql, {"after": at - DAY_US, "until": at})
            count += some
    return count
