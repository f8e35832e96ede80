"""Why a customer's ids are one customer's, as a page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from warehouse.bonds import Bonds
from warehouse.evidence import Edge
from warehouse.registry.decisions import Decided, Pair

RULES = ("unique", "limit", "window", "most_ids", "most_links", "ttl", "decision")


class Link(Struct, frozen=True):
    """A link as text: the id at its other end, what said so, and what people decided of it."""

    kind: str
    value: str
    evidence: str
    message_id: str | None
    day: str | None
    decision: str


class Apart(Struct, frozen=True):
    """A link that was blocked: one of the customer's ids, the other one, whose that is, and the rule."""

    kind: str
    value: str
    other_kind: str
    other_value: str
    customer_id: str | None
    rule: str
    of_kind: str
    decision: str


class Shown(Struct, frozen=True):
    """`links` by (kind, value) of an id; `more` blocked links are not shown."""

    links: Mapping[tuple[str, str], Link]
    apart: Sequence[Apart]
    more: int


def shown(found: Bonds, ids: set[tuple[str, str]], decided: Sequence[Decided]) -> Shown:
    """What a page shows of them; `ids` are the customer's own."""
    links = {id: _link(edge, id, decided) for id, edge in found.by_id.items()}
    apart = [_apart(one.edge, one.customer_id, ids, decided) for one in found.kept_out]
    return Shown(links, apart, found.blocked - len(apart))


def _link(edge: Edge, id: tuple[str, str], decided: Sequence[Decided]) -> Link:
    left, right = (edge.left_kind, edge.left_value), (edge.right_kind, edge.right_value)
    other = right if id == left else left
    return Link(*other, edge.evidence, edge.message_id, edge.at, _reason(edge, decided))


def _apart(
    edge: Edge, customer_id: str | None, ids: set[tuple[str, str]], decided: Sequence[Decided]
) -> Apart:
    left, right = (edge.left_kind, edge.left_value), (edge.right_kind, edge.right_value)
    own, other = (left, right) if left in ids else (right, left)
    rule = edge.rule or ""
    name = next((one for one in RULES if rule.startswith(one)), rule)
    of_kind = rule.removeprefix(f"{name}_") if name in ("unique", "limit", "window") else ""
    return Apart(*own, *other, customer_id, name, of_kind, _reason(edge, decided))


def _reason(edge: Edge, decided: Sequence[Decided]) -> str:
    """Who decided so, and why."""
    if "decision" not in (edge.evidence, edge.rule):
        return ""
    pair = Pair(edge.left_kind, edge.left_value, edge.right_kind, edge.right_value)
    return "; ".join(f"{one.reason} ({one.decided_by})" for one in decided if one.is_about(pair))
