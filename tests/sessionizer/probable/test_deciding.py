"""Which probable edges join: against the plain rule, taken edge by edge."""

import random

import numpy as np
import pytest

from sessionizer.probable.deciding import JOINED, Edges, Holdings, decide, ordered, profiles

MOST = (1, 3)


def made(seed: int) -> tuple[Edges, Holdings]:
    random_ = random.Random(seed)
    size = random_.randrange(2, 14)
    pairs = [random_.sample(range(size), 2) for _ in range(random_.randrange(1, 25))]
    confidence = np.array([random_.choice((0.5, 0.8, 0.9, 0.95, 1.0)) for _ in pairs])
    left, right = (np.array(ends, dtype=np.int64) for ends in zip(*pairs, strict=True))
    order = ordered(left, right, confidence)
    counts = [[random_.choice((0, 0, 1)), random_.choice((0, 1, 2, 4))] for _ in range(size)]
    apart = [random_.sample(range(size), 2) for _ in range(random_.choice((0, 0, 1, 3)))]
    held = Holdings(
        np.array(counts, dtype=np.int64),
        np.array(MOST, dtype=np.int64),
        np.array(apart, dtype=np.int64).reshape(-1, 2),
    )
    return Edges(left[order], right[order], confidence[order]), held


def one_by_one(edges: Edges, held: Holdings) -> list[int]:
    groups = {one: {one} for one in range(len(held.counts))}
    states = []
    for left, right in zip(edges.left.tolist(), edges.right.tolist(), strict=True):
        a, b = groups[left], groups[right]
        sums = [[sum(int(held.counts[one][kind]) for one in group) for group in (a, b)] for kind in (0, 1)]
        broken = [
            kind for kind in (0, 1) if a is not b and min(sums[kind]) > 0 and sum(sums[kind]) > MOST[kind]
        ]
        pairs = [{*pair} for pair in held.apart.tolist()]
        if a is not b and any(pair & a and pair & b for pair in pairs):
            broken = [len(MOST)]
        states.append(broken[0] if broken else JOINED)
        if not broken:
            a |= b
            groups |= dict.fromkeys(a, a)
    return states


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_the_same_as_edge_by_edge(first: int) -> None:
    blocked = 0
    for seed in range(first, first + 100):
        edges, held = made(seed)
        states = decide(edges, held).tolist()
        assert states == one_by_one(edges, held), seed
        blocked += sum(state != JOINED for state in states)
    assert blocked > 50


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_no_profile_has_two_of_what_is_unique(first: int) -> None:
    for seed in range(first, first + 100):
        edges, held = made(seed)
        groups: dict[int, list[int]] = {}
        for one in profiles(edges, decide(edges, held), range(len(held.counts))):
            groups.setdefault(one.head, []).append(one.customer)
        for head, members in groups.items():
            assert head == min(members)
            assert held.counts[members, 0].sum() <= 1
            assert not any({*pair} <= {*members} for pair in held.apart.tolist())


def test_a_component_is_cut_at_its_weakest_edge() -> None:
    """0 and 3 have different user ids: of the chain between them the edge that is least sure goes."""
    chain = Edges(np.array([0, 2, 1]), np.array([1, 3, 2]), np.array([0.99, 0.98, 0.96]))
    held = Holdings(np.array([[1], [0], [0], [1]]), np.array([1]))
    assert decide(chain, held).tolist() == [JOINED, JOINED, 0]


def test_confidence_is_that_of_the_weakest_edge_on_the_surest_path() -> None:
    edges = Edges(np.array([0, 1, 0, 3]), np.array([1, 2, 2, 2]), np.array([0.99, 0.97, 0.96, 0.98]))
    order = ordered(edges.left, edges.right, edges.confidence)
    edges = Edges(edges.left[order], edges.right[order], edges.confidence[order])
    states = decide(edges, Holdings(np.zeros((4, 1), dtype=np.int64), np.array([1])))
    found = {
        one.customer: (one.head, one.confidence, one.weakest) for one in profiles(edges, states, range(4))
    }
    assert found == {0: (0, 1.0, 0.97), 1: (0, 0.99, 0.97), 2: (0, 0.97, 0.97), 3: (0, 0.97, 0.97)}


def test_nothing_to_decide() -> None:
    none = np.array([], dtype=np.int64)
    edges = Edges(none, none, none.astype(float))
    assert decide(edges, Holdings(np.zeros((0, 1), dtype=np.int64), np.array([1]))).tolist() == []
    assert list(profiles(edges, none, [])) == []
