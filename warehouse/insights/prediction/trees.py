"""A decision tree as plain numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DEPTH: Final = 4


class Tree(Struct, frozen=True):
    """Nodes, the first is the root: a row with `feature` not above `threshold` goes to `left`.

    A leaf has feature -1 and the `value` that it adds. `cover`: rows that came by in learning. No leaf is
    deeper than 4.
    """

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: list[float]
    cover: list[float]


def added(tree: Tree, rows: Floats) -> Floats:
    """What a tree adds for each row: all rows go down a level at a time."""
    feature, threshold = np.array(tree.feature), np.array(tree.threshold)
    left, right, every = np.array(tree.left), np.array(tree.right), np.arange(len(rows))
    place = np.zeros(len(rows), np.int64)
    for _ in range(DEPTH):
        goes_left = rows[every, feature[place]] <= threshold[place]
        place = np.where(feature[place] >= 0, np.where(goes_left, left[place], right[place]), place)
    return np.asarray(np.asarray(tree.value)[place])
