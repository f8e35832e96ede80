"""Paths: what units do after, before or between events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.asked import MANY, Asked, asking
from warehouse.insights.filters import Selector
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.insights.walks import Walks
from warehouse.lake import Lake

Per = Literal["gap", "session", "window"]
_BOUNDS: Final = {"events": (1, 50), "depth": (2, 20), "top": (1, 200)}


class Paths(Question, frozen=True, kw_only=True):
    """What somebody does after an event, before it, or between two."""

    positional: ClassVar[str] = "events"

    events: Annotated[tuple[Selector | str, ...], Meta(description="Events that paths are made of.")] = ("*",)
    start: Annotated[Selector | str | None, Meta(description="Event to go forward from.")] = None
    end: Annotated[Selector | str | None, Meta(description="Event to go back from, or up to.")] = None
    items: Annotated[str, Meta(description="What a step shows: event, page (its path), a field.")] = "event"
    per: Annotated[
        Per, Meta(description="A path ends with a pause of `gap`, with its session, or after `window`.")
    ] = "gap"
    gap: Annotated[str, Meta(description="Pause that ends a path.")] = "30m"
    window: Annotated[str, Meta(description="How far a path reaches from its event, per window.")] = "7d"
    depth: Annotated[int, Meta(description="Steps to show.")] = 5
    top: Annotated[int, Meta(description="Items to show, the most frequent; the rest is (other).")] = 20
    repeats: Annotated[bool, Meta(description="Show what is repeated at once as steps of its own.")] = False


class Node(Struct, frozen=True):
    """An item at a step. `walks`: paths that pass it; `units`: whose they are; `share`: of all walks, 0 to 1.

    walks = those of its edges + `ended` (nothing follows) + `reached` (the end that was asked for) + `cut`
    (more follows than is shown). `drop_off`: ended of walks.
    """

    step: int
    item: str
    units: int
    walks: int
    share: float
    ended: int
    reached: int
    cut: int
    drop_off: float


class Edge(Struct, frozen=True):
    """From the item at `step` to that at the next one; going back, `target` was before `source`.

    `share`: of the walks that pass the source, 0 to 1; `seconds`: mean time in between.
    """

    step: int
    source: str
    target: str
    units: int
    walks: int
    share: float
    seconds: float


class PathsAnswer(Answer, frozen=True, kw_only=True):
    """`walks`: paths of the `n` units, all of them at step 1. `backward`: step 1 is the last in time."""

    question: Paths
    walks: int
    backward: bool
    nodes: list[Node]
    edges: list[Edge]


def paths(lake: Lake, question: Paths, now: int) -> PathsAnswer:
    """Nodes and edges by step; nothing is left out. `now`: µs UTC. BadQuestion, UnknownName."""
    _check(question)
    with asking(lake, question, now) as asked:
        walks = Walks(asked, question)
        sql = walks.sql()
        whole, *found, mature = _trails(asked, walks) or asked.rows(sql)
        if not whole[4]:
            asked.known([*walks.events, *(one for one in (walks.start, walks.end) if one)])
        nodes = [_node(row, whole[5]) for row in found if row[3] is None]
        passing = {(one.step, one.item): one.walks for one in nodes}
        edges = [_edge(row, passing) for row in found if row[3] is not None]
        return PathsAnswer(
            question=question,
            walks=whole[5],
            backward=walks.backward,
            nodes=sorted(nodes, key=lambda one: (one.step, -one.walks, one.item)),
            edges=sorted(edges, key=lambda one: (one.step, -one.walks, one.source, one.target)),
            **asked.told(sql, whole[4], mature[4]),
        )


def _trails(asked: Asked, walks: Walks) -> list[tuple[Any, ...]] | None:
    """The same rows where many events are best walked through; None: the statement has to be run."""
    if asked.days(MANY) < MANY:
        return None
    from warehouse.insights.trails import Trails

    trails = Trails(walks)
    return trails.rows() if trails.fit else None


def _check(question: Paths) -> None:
    require(question, **_BOUNDS)


def _node(row: Sequence[Any], of: int) -> Node:
    _, step, item, _, units, walks, _, ended, reached, cut = row
    return Node(step, item, units, walks, walks / of, ended, reached, cut, ended / walks)


def _edge(row: Sequence[Any], passing: dict[tuple[int, str], int]) -> Edge:
    _, step, source, target, units, walks, pause, *_ = row
    return Edge(step, source, target, units, walks, walks / passing[step, source], pause / walks / 1_000_000)


def paths_table(answer: PathsAnswer) -> Table:
    """One row an edge, and one for each node at which walks end or are cut."""
    columns = ["step", "source", "target", "units", "walks", "share", "seconds"]
    rows: list[list[Any]] = [
        [one.step, one.source, one.target, one.units, one.walks, one.share, one.seconds]
        for one in answer.edges
    ]
    rows += [
        [one.step, one.item, f"({what})", None, walks, walks / one.walks, None]
        for one in answer.nodes
        for what, walks in (("ended", one.ended), ("reached", one.reached), ("cut", one.cut))
        if walks
    ]
    return Table(columns, sorted(rows, key=lambda row: (row[0], -row[4])))
