"""Which probable edges join: the surest first, and never two customers that a unique id tells apart."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

JOINED = -1


class Edges(msgspec.Struct, frozen=True):
    """Pairs of customers, as numbers from 0 on, and how sure each is. The surest come first."""

    left: Ints
    right: Ints
    confidence: Floats


class Holdings(msgspec.Struct, frozen=True):
    """How many ids of each limited kind each customer has (customers x kinds), and how many it may have.

    `apart`: pairs of customers of whom people said that they are two.
    """

    counts: Ints
    most: Ints
    apart: Ints = np.zeros((0, 2), dtype=np.int64)

    @property
    def blocked(self) -> int:
        """The number that stands for what people said, after those of the kinds."""
        return len(self.most)


def ordered(left: Ints, right: Ints, confidence: Floats) -> Ints:
    """The order in which edges are decided: by confidence, equal ones by their customers."""
    found: Ints = np.lexsort((right, left, -confidence))
    return found


def decide(edges: Edges, held: Holdings) -> Ints:
    """For each edge JOINED, or the number of the kind that forbids it, or `held.blocked`.

    A component in which nothing is forbidden joins as a whole, since no part of it can forbid more; the
    others are taken edge by edge.
    """
    states: Ints = np.full(len(edges.left), JOINED, dtype=np.int64)
    contested = np.flatnonzero(_contested(edges, held)[edges.left])
    fold = _Fold(held)
    for at in contested.tolist():
        states[at] = fold.take(int(edges.left[at]), int(edges.right[at]))
    return states


def _contested(edges: Edges, held: Holdings) -> npt.NDArray[np.bool_]:
    """Of each customer whether its component could break a limit."""
    size = len(held.counts)
    ones = np.ones(len(edges.left), dtype=np.int8)
    graph = coo_matrix((ones, (edges.left, edges.right)), shape=(size, size))
    count, component = connected_components(graph, directed=False)
    over = np.zeros(count, dtype=bool)
    for kind, most in enumerate(held.most):
        counts = held.counts[:, kind]
        total = np.bincount(component, weights=counts, minlength=count)
        holders = np.bincount(component, weights=counts > 0, minlength=count)
        over |= (total > most) & (holders > 1)
    left, right = component[held.apart[:, 0]], component[held.apart[:, 1]]
    over[left[left == right]] = True
    found: npt.NDArray[np.bool_] = over[component]
    return found


class _Fold:
    """Union by customer, with what each union holds."""

    def __init__(self, held: Holdings) -> None:
        self._counts = held.counts.copy()
        self._most = held.most
        self._parent = list(range(len(held.counts)))
        self._blocked = held.blocked
        self._apart: dict[int, set[int]] = defaultdict(set)
        for left, right in held.apart.tolist():
            self._apart[left].add(right)
            self._apart[right].add(left)

    def take(self, left: int, right: int) -> int:
        left, right = self._root(left), self._root(right)
        if left == right:
            return JOINED
        if right in self._apart[left]:
            return self._blocked
        a, b = self._counts[left], self._counts[right]
        forbidden = np.flatnonzero((a > 0) & (b > 0) & (a + b > self._most))
        if forbidden.size:
            return int(forbidden[0])
        self._parent[right] = left
        self._counts[left] += b
        for other in self._apart.pop(right, ()):
            self._apart[other].remove(right)
            self._apart[other].add(left)
            self._apart[left].add(other)
        return JOINED

    def _root(self, one: int) -> int:
        parent = self._parent
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        return one


class Profile(msgspec.Struct, frozen=True):
    """A customer among those it is probably the same as: the oldest of them is the head.

    `confidence` is that of the weakest edge on the surest path to the head (of the head itself 1),
    `weakest` that of the weakest edge which holds all of them together.
    """

    customer: int
    head: int
    confidence: float
    weakest: float


def profiles(edges: Edges, states: Ints, ages: Sequence[int]) -> Iterator[Profile]:
    """The customers that joined edges hold together. `ages`: smaller is older; no two are the same."""
    tree, used = _tree(edges, states)
    done: set[int] = set()
    for start in sorted(tree, key=lambda one: ages[one]):
        if start not in done:
            reached = _reach(tree, start)
            done |= reached.keys()
            weakest = min(used[one] for one in reached)
            for customer, confidence in reached.items():
                yield Profile(customer, start, confidence, weakest)


def _tree(edges: Edges, states: Ints) -> tuple[dict[int, list[tuple[int, float]]], dict[int, float]]:
    """A spanning tree of the surest edges, and of each customer the weakest edge at it."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        return one

    tree: dict[int, list[tuple[int, float]]] = defaultdict(list)
    weakest: dict[int, float] = {}
    joined = np.flatnonzero(states == JOINED)
    ends = zip(edges.left[joined].tolist(), edges.right[joined].tolist(), strict=True)
    for (left, right), confidence in zip(ends, edges.confidence[joined].tolist(), strict=True):
        if (a := root(left)) != (b := root(right)):
            parent[b] = a
            tree[left].append((right, confidence))
            tree[right].append((left, confidence))
            weakest[left] = weakest[right] = confidence  # they come in falling order
    return tree, weakest


def _reach(tree: dict[int, list[tuple[int, float]]], start: int) -> dict[int, float]:
    reached, waiting = {start: 1.0}, deque([start])
    while waiting:
        one = waiting.popleft()
        for other, confidence in tree[one]:
            if other not in reached:
                reached[other] = min(reached[one], confidence)
                waiting.append(other)
    return reached
