"""The evidence as a picture: ids as dots, from the oldest on, links as lines; drawn by the server as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from warehouse.bonds import Bonds
from warehouse.evidence import Edge

MOST_IDS: Final = 24
_WIDE: Final = 210
_HIGH: Final = 62
_MARGIN: Final = 20

Id = tuple[str, str]


class Dot(Struct, frozen=True):
    """An id; `apart`: it is somebody else's."""

    x: int
    y: int
    kind: str
    value: str
    apart: bool


class Line(Struct, frozen=True):
    """A link between two dots."""

    x1: int
    y1: int
    x2: int
    y2: int
    evidence: str
    apart: bool


class Graph(Struct, frozen=True):
    """Dots in columns by how many links they are away from the oldest id; `left_out` ids are not drawn."""

    dots: Sequence[Dot]
    lines: Sequence[Line]
    width: int
    height: int
    left_out: int


def graph(ids: Sequence[Id], found: Bonds) -> Graph:
    """`ids` of a customer, the oldest first."""
    drawn = list(ids[:MOST_IDS])
    others = _others(found, drawn)
    columns = _columns(drawn, found.by_id, others)
    places = {
        id: (_MARGIN + column * _WIDE, _MARGIN + row * _HIGH)
        for column, own in enumerate(columns)
        for row, id in enumerate(own)
    }
    dots = [Dot(*places[id], *id, apart=id in others) for id in places]
    height = 2 * _MARGIN + max((len(own) for own in columns), default=1) * _HIGH
    width = _MARGIN + max(len(columns), 1) * _WIDE
    return Graph(dots, list(_lines(found, places)), width, height, len(ids) - len(drawn))


def _others(found: Bonds, drawn: Sequence[Id]) -> dict[Id, Id]:
    """Ids of somebody else that a blocked link names -> the own id at its other end."""
    others: dict[Id, Id] = {}
    for one in found.kept_out:
        left, right = _ends(one.edge)
        own, other = (left, right) if left in drawn else (right, left)
        if own in drawn and len(others) < MOST_IDS:
            others.setdefault(other, own)
    return others


def _columns(drawn: Sequence[Id], by_id: Mapping[Id, Edge], others: Mapping[Id, Id]) -> list[list[Id]]:
    depth: dict[Id, int] = {}
    for id in drawn:
        _depth(id, by_id, depth)
    for other, own in others.items():
        depth[other] = depth[own] + 1
    columns: list[list[Id]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for id, column in depth.items():
        columns[column].append(id)
    return [own for own in columns if own]


def _depth(id: Id, by_id: Mapping[Id, Edge], depth: dict[Id, int]) -> int:
    """How many links an id is away from the oldest one, which none leads to."""
    path: list[Id] = []
    while id not in depth and id not in path and id in by_id:
        path.append(id)
        left, right = _ends(by_id[id])
        id = right if left == id else left
    start = depth.setdefault(id, 0)
    for number, step in enumerate(reversed(path), 1):
        depth[step] = start + number
    return depth[path[0]] if path else start


def _lines(found: Bonds, places: Mapping[Id, tuple[int, int]]) -> Iterable[Line]:
    """One line for each pair of ids, the strongest evidence of it."""
    seen: set[frozenset[Id]] = set()
    joined = sorted(found.links, key=lambda edge: -edge.strength)
    for edge in [*joined, *(one.edge for one in found.kept_out)]:
        left, right = _ends(edge)
        if left in places and right in places and frozenset((left, right)) not in seen:
            seen.add(frozenset((left, right)))
            yield Line(*places[left], *places[right], edge.evidence, edge.state == "blocked")


def _ends(edge: Edge) -> tuple[Id, Id]:
    return (edge.left_kind, edge.left_value), (edge.right_kind, edge.right_value)
