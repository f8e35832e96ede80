"""Why two ids are one person, or are not: the path of evidence between them, edge by edge."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from warehouse.customers import find_customer
from warehouse.errors import BadIds, UnknownId
from warehouse.lake import Lake
from warehouse.times import iso_time

# What people decided says more than what was said on purpose, and that more than what happened together.
STRENGTH: Final = {"decision": 3, "alias": 2, "identify": 2}
_LEAST: Final = 1


class NamedId(msgspec.Struct, frozen=True):
    """One id that the lake knows, and whose it is."""

    project: str
    kind: str
    value: str
    key: int
    customer_id: str


class Edge(msgspec.Struct, frozen=True):
    """A link between two ids: by which event, at which time, and where it is blocked, by which rule."""

    left_key: int
    left_kind: str
    left_value: str
    right_key: int
    right_kind: str
    right_value: str
    evidence: str
    message_id: str | None
    load_seq: int
    state: str
    rule: str | None
    at: str | None = None

    @property
    def strength(self) -> int:
        return STRENGTH.get(self.evidence, _LEAST) if self.state == "joined" else 0


class Evidence(msgspec.Struct, frozen=True):
    """`path` leads from `a` to `b` by the strongest links, then by the fewest; empty where nothing does.

    `weakest` is the place in `path` of the link on which it stands or falls. Where they are two persons,
    `path` holds what is blocked as well. `probable` is the confidence that they are one all the same.
    """

    a: NamedId
    b: NamedId
    one_person: bool
    path: tuple[Edge, ...]
    weakest: int | None
    probable: float | None

    @property
    def blocked(self) -> list[Edge]:
        return [edge for edge in self.path if edge.state == "blocked"]


def explain(lake: Lake, a: NamedId, b: NamedId) -> Evidence:
    """What links two ids. BadIds where it is one id, or they are of different projects."""
    if a.key == b.key:
        raise BadIds(f"{a.kind}:{a.value} was given twice; give two ids")
    if a.project != b.project:
        raise BadIds(
            f"{a.value!r} is of project {a.project} and {b.value!r} of project {b.project};"
            " people are never joined over projects; give --project"
        )
    customers = {"project": a.project, "a": a.customer_id, "b": b.customer_id}
    edges = [Edge(*row) for row in lake.query(_text("edges"), customers)]
    path = _timed(lake, strongest_path(edges, a.key, b.key))
    one = a.customer_id == b.customer_id
    sure = lake.query(_text("probable"), customers) if not one else []
    return Evidence(a, b, one, path, _weakest(path), sure[0][0] if sure else None)


def find_id(lake: Lake, text: str, project: str | None = None) -> NamedId:
    """The id meant by `value`, `kind:value` or a customer id, which stands for its oldest id.

    UnknownId where there is none, BadIds where several are meant.
    """
    if text.startswith(("c_", "a_")) and (customer := find_customer(lake, text)) is not None:
        found = lake.query(_text("oldest"), [customer])
    else:
        found = _known(lake, text, project)
    if not found:
        raise UnknownId(f"no id {text!r} was ever seen{f' in project {project}' if project else ''}")
    if len(found) > 1:
        told = ", ".join(f"{kind}:{value} (project {of})" for of, kind, value, *_ in found[:5])
        raise BadIds(
            f"{text!r} is {len(found)} ids: {told}; write one of them as kind:value, or give --project"
        )
    return NamedId(*found[0])


def _known(lake: Lake, text: str, project: str | None) -> list[tuple[Any, ...]]:
    kind, colon, value = text.partition(":")
    known = _text("known")
    found = lake.query(known, {"value": value, "project": project, "kind": kind}) if colon else []
    return found or lake.query(known, {"value": text, "project": project, "kind": None})


def strongest_path(edges: Sequence[Edge], a: int, b: int) -> tuple[Edge, ...]:
    """The path whose weakest link is strongest; of such the one with the fewest links, the earliest said."""
    for least in sorted({edge.strength for edge in edges}, reverse=True):
        path = _shortest([edge for edge in edges if edge.strength >= least], a, b)
        if path is not None:
            return tuple(path)
    return ()


def _shortest(edges: Iterable[Edge], a: int, b: int) -> list[Edge] | None:
    near: dict[int, list[tuple[int, Edge]]] = defaultdict(list)
    for edge in edges:
        near[edge.left_key].append((edge.right_key, edge))
        near[edge.right_key].append((edge.left_key, edge))
    came: dict[int, tuple[int, Edge] | None] = {a: None}
    waiting = deque([a])
    while waiting and b not in came:
        one = waiting.popleft()
        for other, edge in near[one]:
            if other not in came:
                came[other] = (one, edge)
                waiting.append(other)
    if b not in came:
        return None
    path: list[Edge] = []
    at = b
    while (step := came[at]) is not None:
        at = step[0]
        path.append(step[1])
    return path[::-1]


def _weakest(path: Sequence[Edge]) -> int | None:
    """Of equally weak links the one that was said last."""
    places = range(len(path))
    return min(places, key=lambda at: (path[at].strength, -path[at].load_seq)) if path else None


def _timed(lake: Lake, path: Sequence[Edge]) -> tuple[Edge, ...]:
    numbers = {"numbers": [edge.load_seq for edge in path]}
    times = dict(lake.query(_text("times"), numbers)) if path else {}
    return tuple(
        msgspec.structs.replace(edge, at=iso_time(times[edge.load_seq])) if edge.load_seq in times else edge
        for edge in path
    )


@cache
def _text(name: str) -> str:
    return (files("warehouse") / "sql" / "evidence" / f"{name}.sql").read_text("utf-8")
