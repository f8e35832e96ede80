"""What holds a customer together: for each id the link by which it belongs there, and what is kept out."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from warehouse.evidence import Edge
from warehouse.lake import Lake
from warehouse.statements import statement

MOST: Final = 20


class KeptOut(msgspec.Struct, frozen=True):
    """A blocked link, and the customer at its other end."""

    edge: Edge
    customer_id: str | None


class Bonds(msgspec.Struct, frozen=True):
    """`by_id`: the link by which each id but the oldest belongs to the customer, by (kind, value): the last
    one of the strongest path to it from the oldest. `kept_out`: the newest blocked links, of `blocked`.
    `links`: all that join, in the order in which they were said.
    """

    by_id: Mapping[tuple[str, str], Edge]
    kept_out: Sequence[KeptOut]
    blocked: int
    links: Sequence[Edge] = ()


def bonds(lake: Lake, customer_id: str) -> Bonds:
    """Why the ids of a customer are one, and which others are not. Times are days of receipt."""
    oldest = lake.query(statement("evidence/oldest"), [customer_id])
    customer = {"customer": customer_id}
    edges = [Edge(*row) for row in lake.query(statement("evidence/links"), customer)]
    apart = lake.query(statement("evidence/apart"), customer | {"most": MOST})
    by_id = strongest_tree(edges, oldest[0][3]) if oldest else {}
    kept_out = [KeptOut(Edge(*row[:-2]), row[-2]) for row in apart]
    return Bonds(by_id, kept_out, apart[0][-1] if apart else 0, edges)


def strongest_tree(edges: Iterable[Edge], root: int) -> dict[tuple[str, str], Edge]:
    """The last link of the strongest path from the root to each id, of equally strong ones the earliest."""
    near = _spanning(sorted(edges, key=lambda edge: (-edge.strength, edge.load_seq)))
    found: dict[tuple[str, str], Edge] = {}
    waiting, seen = deque([root]), {root}
    while waiting:
        one = waiting.popleft()
        for edge in near[one]:
            at_left = edge.right_key == one
            other = edge.left_key if at_left else edge.right_key
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                name = (edge.left_kind, edge.left_value) if at_left else (edge.right_kind, edge.right_value)
                found[name] = edge
    return found


def _spanning(edges: Iterable[Edge]) -> dict[int, list[Edge]]:
    """A tree of the first edges that join something, by the ids at its ends."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        return one

    near: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        left, right = root(edge.left_key), root(edge.right_key)
        if left != right:
            parent[right] = left
            near[edge.left_key].append(edge)
            near[edge.right_key].append(edge)
    return near
