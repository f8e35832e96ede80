"""Shapley's values of trees, exactly (Lundberg et al. 2020, path-dependent): what each feature added.

A tree is a sum of leaves. With only some features known, a leaf counts with the product over the features on
its way: of a known one whether the row goes there, of an unknown one the share of rows that did. Of such a
product the values are the coefficients of a polynomial, and ways are short.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import factorial
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from warehouse.insights.prediction.trees import DEPTH, Tree

Floats = NDArray[np.float64]
_CHUNK: Final = 500
_WEIGHTS: Final = [factorial(size) * factorial(DEPTH - 1 - size) / factorial(DEPTH) for size in range(DEPTH)]


class Leaf(Struct, frozen=True):
    """A leaf's `value`; on the way there each feature (-1: none, it adds nothing) lies above `low` and not
    above `high`, as it did for a `share` of the rows.
    """

    value: float
    features: list[int]
    low: list[float]
    high: list[float]
    share: list[float]


def leaves(tree: Tree) -> list[Leaf]:
    """Every leaf of a tree of depth 4 at most."""
    found: list[Leaf] = []
    _descend(tree, 0, {}, found)
    return found


def _descend(tree: Tree, node: int, way: dict[int, tuple[float, float, float]], found: list[Leaf]) -> None:
    feature = tree.feature[node]
    if feature < 0:
        found.append(_leaf(tree.value[node], way))
        return
    low, high, share = way.get(feature, (-np.inf, np.inf, 1.0))
    split, cover = tree.threshold[node], tree.cover[node]
    for child, bounds in (
        (tree.left[node], (low, min(high, split))),
        (tree.right[node], (max(low, split), high)),
    ):
        _descend(tree, child, {**way, feature: (*bounds, share * tree.cover[child] / cover)}, found)


def _leaf(value: float, way: dict[int, tuple[float, float, float]]) -> Leaf:
    none = [(-1, (-np.inf, np.inf, 1.0))] * (DEPTH - len(way))
    steps = [*way.items(), *none]
    columns = [list(column) for column in zip(*(of for _, of in steps), strict=True)]
    return Leaf(value, [feature for feature, _ in steps], *columns)


def values(leaves: Sequence[Leaf], rows: Floats) -> tuple[float, Floats]:
    """(what is added with no feature known, what each feature adds to each row)."""
    if not leaves:
        return 0.0, np.zeros_like(rows)
    value = np.array([leaf.value for leaf in leaves])
    features, low, high, share = (
        np.array([getattr(leaf, name) for leaf in leaves]) for name in ("features", "low", "high", "share")
    )
    whose = (features.reshape(-1, 1) == np.arange(rows.shape[1])).astype(np.float64)
    parts = []
    for start in range(0, len(rows), _CHUNK):
        seen = rows[start : start + _CHUNK][:, np.maximum(features, 0)]
        there = ((seen > low) & (seen <= high)).astype(np.float64)
        there = np.where(features < 0, 1.0, there)
        added = np.stack([_of_one(there, share, one) for one in range(DEPTH)], axis=-1) * value[:, None]
        parts.append(added.reshape(len(seen), -1) @ whose)
    return float((value * share.prod(axis=1)).sum()), np.concatenate([*parts, np.zeros((0, rows.shape[1]))])


def _of_one(there: Floats, share: Floats, one: int) -> Floats:
    """What the feature at this place of the way adds: over all sets of the others, by their size."""
    sizes = [np.ones(there.shape[:2])]
    for other in range(DEPTH):
        if other == one:
            continue
        known, unknown = there[..., other], share[:, other]
        grown = [unknown * sizes[0]]
        grown += [unknown * more + known * fewer for fewer, more in pairwise(sizes)]
        sizes = [*grown, known * sizes[-1]]
    weighed = np.tensordot(_WEIGHTS, np.stack(sizes), 1)
    return np.asarray((there[..., one] - share[:, one]) * weighed)
