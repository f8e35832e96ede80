"""What has to be known of customers before they are told anything: ids, consent, attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from sdk_contract.privacy import Vault
from warehouse.actions.entries import Found, gather
from warehouse.actions.rules import Rule
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.statements import statement

EMAIL, PHONE = "email", "phone"


class Known(msgspec.Struct, frozen=True):
    """Of some customers: their ids as (kind, value), attributes, who said yes, who is suppressed, and which
    events an action of ours led to.
    """

    ids: Mapping[str, Sequence[tuple[str, str]]]
    traits: Mapping[str, Mapping[str, str]]
    agreed: frozenset[str]
    suppressed: frozenset[str]
    carried: frozenset[str]


def known(
    lake: Lake,
    registry: Registry,
    vault: Callable[[], Vault],
    project: str,
    rule: Rule,
    found: Sequence[Found],
) -> Known:
    """What has to be known of those who entered."""
    gather(lake, [one.customer for one in found])
    lake.execute(statement("tags/subjects"))
    ids, traits = _ids(lake, project), _traits(lake, project, rule.fields)
    evidence = sorted({id for one in found for id in one.evidence})
    carried = (
        lake.query(statement("actions/carried"), {"project": project, "ids": evidence}) if evidence else []
    )
    return Known(
        ids,
        traits,
        agreed(lake, project, rule.consent),
        _suppressed(registry, vault, project, ids, traits),
        frozenset(id for (id,) in carried),
    )


def agreed(lake: Lake, project: str, purpose: str | None) -> frozenset[str]:
    """Which of the customers of `tag_customers` said yes last; `tag_subjects` holds their devices."""
    if purpose is None:
        return frozenset()
    rows = lake.query(statement("actions/consent"), {"project": project, "purpose": purpose})
    return frozenset(customer for customer, answer in rows if answer == "true")


def suppressed(lake: Lake, registry: Registry, vault: Callable[[], Vault], project: str) -> frozenset[str]:
    """Which of the customers of `tag_customers` are suppressed by any id of theirs."""
    if not registry.suppressions().get(project):
        return frozenset()
    return _suppressed(registry, vault, project, _ids(lake, project), _traits(lake, project))


def _ids(lake: Lake, project: str) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for customer, kind, value in lake.query(statement("actions/ids"), {"project": project}):
        found.setdefault(customer, []).append((kind, value))
    return found


def _traits(lake: Lake, project: str, names: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    asked = {"project": project, "names": [*names, EMAIL, PHONE]}
    for customer, name, value in lake.query(statement("actions/traits"), asked):
        found.setdefault(customer, {})[name] = value
    return found


def _suppressed(
    registry: Registry,
    vault: Callable[[], Vault],
    project: str,
    ids: Mapping[str, Sequence[tuple[str, str]]],
    traits: Mapping[str, Mapping[str, str]],
) -> frozenset[str]:
    digests = registry.suppressions().get(project)
    if not digests:
        return frozenset()
    keys = vault()
    found = set()
    for customer, pairs in ids.items():
        told = traits.get(customer, {})
        every = [*pairs, *((name, told[name]) for name in (EMAIL, PHONE) if name in told)]
        if any(keys.digest(kind, value) in digests for kind, value in every):
            found.add(customer)
    return frozenset(found)
