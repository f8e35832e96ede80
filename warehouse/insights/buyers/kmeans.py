"""K-means over standardised features: how many clusters, and whether they would come again."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_K: Final = 10
PREFERRED: Final = (5, 6, 7)
STABLE: Final = 0.8
# How much of the best score one of the preferred numbers has to reach.
_NEAR: Final = 0.9
_RESTARTS: Final = 5
_MOST_STEPS: Final = 100
_SAMPLE: Final = 20_000
_HALVES: Final = 5
_LEAST_SIZE: Final = 5
_LEAST_SHARE: Final = 0.01


class Tried(msgspec.Struct, frozen=True):
    """A number of clusters, and how well it parts them: Calinski and Harabasz's score, higher is better."""

    k: int
    calinski_harabasz: float


class Clustering(msgspec.Struct, frozen=True):
    """`labels`: of each row its cluster, the largest is 0; `stability`: how alike clusters of random halves
    are, by the adjusted Rand index, 1 at most.
    """

    labels: Ints
    tried: list[Tried]
    stability: float

    @property
    def k(self) -> int:
        return int(self.labels.max()) + 1


def cluster(data: Floats, k: int | None, seed: int) -> Clustering:
    """`k` clusters of the rows, or as many as part them best, each of 5 rows and 1 % at least; 5 to 7 where
    these are nearly as good and stable. The same seed and data give the same labels.
    """
    random = np.random.default_rng(seed)
    sample = data
    if len(data) > _SAMPLE:
        sample = data[np.sort(random.choice(len(data), _SAMPLE, replace=False))]
    numbers = range(2, min(MOST_K, len(np.unique(sample, axis=0)) - 1) + 1) if k is None else [k]
    centers = {one: _fitted(sample, one, random) for one in numbers}
    scores = {one: _score(sample, of) for one, of in centers.items()}
    tried = [Tried(one, score) for one, score in scores.items()]
    fair = [one for one in scores if k is not None or _smallest(sample, centers[one]) >= _least(sample)]
    best = max(fair or [min(scores)], key=lambda one: scores[one])
    near = [one for one in PREFERRED if one in fair and scores[one] >= _NEAR * scores[best]]
    if k is None and best not in PREFERRED and near:
        other = max(near, key=lambda one: scores[one])
        stability = _stability(sample, centers[other], random)
        if stability >= STABLE:
            return Clustering(_ordered(scipy.cluster.vq.vq(data, centers[other])[0]), tried, stability)
    labels = _ordered(scipy.cluster.vq.vq(data, centers[best])[0])
    return Clustering(labels, tried, _stability(sample, centers[best], random))


def _least(data: Floats) -> float:
    """A cluster of fewer is no kind of customer."""
    return max(_LEAST_SIZE, _LEAST_SHARE * len(data))


def _smallest(data: Floats, centers: Floats) -> int:
    return int(np.bincount(scipy.cluster.vq.vq(data, centers)[0], minlength=len(centers)).min())


def _fitted(data: Floats, k: int, random: np.random.Generator) -> Floats:
    """The centers of the best of some starts."""
    tries = [_settled(data, _begun(data, k, random)) for _ in range(_RESTARTS)]
    return min(tries, key=lambda centers: float((scipy.cluster.vq.vq(data, centers)[1] ** 2).sum()))


def _begun(data: Floats, k: int, random: np.random.Generator) -> Floats:
    """Rows far from each other (k-means++)."""
    chosen = [int(random.integers(len(data)))]
    far = ((data - data[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < k:
        chosen.append(int(random.choice(len(data), p=far / far.sum())))
        far = np.minimum(far, ((data - data[chosen[-1]]) ** 2).sum(axis=1))
    return data[chosen]


def _settled(data: Floats, centers: Floats) -> Floats:
    """Each row to its nearest center, each center to the middle of its rows, until nothing moves."""
    before: Ints | None = None
    for _ in range(_MOST_STEPS):
        labels = scipy.cluster.vq.vq(data, centers)[0]
        if before is not None and np.array_equal(labels, before):
            break
        before = labels
        counts = np.bincount(labels, minlength=len(centers))
        sums = np.column_stack([np.bincount(labels, of, len(centers)) for of in data.T])
        centers = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centers)
    return centers


def _score(data: Floats, centers: Floats) -> float:
    labels = scipy.cluster.vq.vq(data, centers)[0]
    n, k = len(data), len(centers)
    counts = np.bincount(labels, minlength=k)
    between = float((counts * ((centers - data.mean(axis=0)) ** 2).sum(axis=1)).sum())
    within = float(((data - centers[labels]) ** 2).sum())
    return between / (k - 1) / (within / (n - k)) if within and n > k else 0.0


def _ordered(labels: Ints) -> Ints:
    """Numbered by size."""
    known, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.empty(len(known), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(known))
    return np.asarray(rank[place])


def _stability(data: Floats, centers: Floats, random: np.random.Generator) -> float:
    labels = scipy.cluster.vq.vq(data, centers)[0]
    found = []
    for _ in range(_HALVES):
        half = data[random.permutation(len(data))[: max(len(data) // 2, len(centers))]]
        found.append(
            adjusted_rand(
                labels, scipy.cluster.vq.vq(data, _settled(half, _fitted(half, len(centers), random)))[0]
            )
        )
    return float(np.mean(found))


def adjusted_rand(one: Ints, other: Ints) -> float:
    """How alike two partitions are: 1 the same, 0 as by chance (Hubert and Arabie, 1985)."""
    table = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(table, (one, other), 1)
    pairs = [float((counts * (counts - 1) / 2).sum()) for counts in (table, table.sum(0), table.sum(1))]
    both, left, right = pairs
    chance = left * right / (len(one) * (len(one) - 1) / 2)
    most = (left + right) / 2
    return (both - chance) / (most - chance) if most != chance else 1.0
