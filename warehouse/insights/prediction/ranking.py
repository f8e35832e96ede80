"""How good recommendations are: what they would have named of what was bought later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from warehouse.insights.prediction.interests import Interests, Matrix
from warehouse.insights.prediction.recommenders import Recommender

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_MOST: Final = 5_000
_CHUNK: Final = 250
_DIGITS: Final = 9
_Z: Final = 1.959964


class Mean(Struct, frozen=True):
    """A mean over customers, with its 95 % interval; of one customer alone there is none."""

    value: float
    low: float | None
    high: float | None

    @property
    def told(self) -> str:
        return f"{self.value:.3f}" + (f" ({self.low:.3f} to {self.high:.3f})" if self.low is not None else "")


class Ranking(Struct, frozen=True):
    """One method, over customers that bought something after the split. `recall`: the share of that which was
    among the k recommended; `ndcg`: the same, the more the higher they stood, 1 at most; `gain`: its ndcg
    less that of popularity, over the same customers; `coverage`: the share of all items that were recommended
    to anybody.
    """

    method: str
    recall: Mean
    ndcg: Mean
    gain: Mean
    coverage: float


def best(scores: Floats, most: int) -> Ints:
    """The places of the highest, of equals the first; without those that are -inf. A row."""
    rounded = np.round(scores, _DIGITS)
    order = np.argsort(-rounded, kind="stable")[:most]
    return np.asarray(order[np.isfinite(rounded[order])])


def without(scores: Floats, known: Matrix) -> Floats:
    """The scores with what is known already at -inf."""
    found = scores.copy()
    found[known.nonzero()] = -np.inf
    return found


def judged(
    known: Interests, methods: Mapping[str, Recommender], k: int, *, repeat: bool, seed: int
) -> tuple[int, list[Ranking]]:
    """(customers, each method); `repeat`: what was bought before counts too, and may be recommended."""
    held = known.held if repeat else known.held - known.held.multiply(known.bought)
    there = np.flatnonzero((np.diff(known.times.indptr) > 0) & (np.asarray(held.sum(axis=1)).ravel() > 0))
    if len(there) > _MOST:
        there = np.sort(np.random.default_rng(seed).choice(there, _MOST, replace=False))
    if not len(there):
        return 0, []
    found = {name: _tried(known, held, method, there, k, repeat) for name, method in methods.items()}
    usual = found["popularity"][1]
    return len(there), [
        Ranking(name, _mean(recall), _mean(ndcg), _mean(ndcg - usual), len(named) / len(known.items))
        for name, (recall, ndcg, named) in found.items()
    ]


def _tried(
    known: Interests, held: Matrix, method: Recommender, there: Ints, k: int, repeat: bool
) -> tuple[Floats, Floats, set[int]]:
    """(recall, ndcg) of each customer, and which items were named."""
    recalls, ndcgs, named = [], [], set()
    discount = 1 / np.log2(np.arange(k) + 2)
    for start in range(0, len(there), _CHUNK):
        rows = there[start : start + _CHUNK]
        scores = method.scores(known.times[rows])
        if not repeat:
            scores = without(scores, known.bought[rows])
        later = held[rows].toarray() > 0
        for own, wanted in zip(scores, later, strict=True):
            places = best(own, k)
            hits = wanted[places]
            named.update(places.tolist())
            recalls.append(hits.sum() / wanted.sum())
            ndcgs.append(hits @ discount[: len(hits)] / discount[: wanted.sum()].sum())
    return np.array(recalls), np.array(ndcgs), named


def _mean(values: Floats) -> Mean:
    middle = float(values.mean())
    if len(values) < 2:
        return Mean(middle, None, None)
    around = _Z * float(values.std(ddof=1)) / len(values) ** 0.5
    return Mean(middle, middle - around, middle + around)
