"""Three ways to say what a customer will want: what everybody buys, what goes together, and which kinds of
items they like.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import scipy
from msgspec import Struct
from numpy.typing import NDArray

from warehouse.insights.prediction.interests import Interests, Matrix

Floats = NDArray[np.float64]
# So many customers have to be between two items before half of what they share counts.
_SHRINK: Final = 10.0
_CONFIDENCE: Final = 10.0
_RIDGE: Final = 1.0
_ROUNDS: Final = 10
_STEPS: Final = 3
_SURE_STEPS: Final = 20
_MOST_LEARNT: Final = 20_000


class Recommender(Protocol):
    """Scores of every item, a row a customer; `history`: how often each had to do with what."""

    def scores(self, history: Matrix) -> Floats: ...

    def like(self, item: int) -> Floats:
        """How near every item is to one."""
        ...


class Popularity(Struct, frozen=True):
    """The share of the customers that bought each item: the same for everybody."""

    shares: Floats

    def scores(self, history: Matrix) -> Floats:
        return np.repeat(self.shares[None, :], history.shape[0], axis=0)

    def like(self, item: int) -> Floats:
        return self.shares


class Covisits(Struct, frozen=True):
    """`nearness` of two items: customers that had to do with both, over the root of both numbers, each with
    ten added, so that few together mean little (cosine, shrunk).
    """

    nearness: Matrix

    def scores(self, history: Matrix) -> Floats:
        return np.asarray((_once(history) @ self.nearness).toarray())

    def like(self, item: int) -> Floats:
        return np.asarray(self.nearness[[item], :].toarray()[0])


class Factors(Struct, frozen=True):
    """Implicit factors of each item (Hu, Koren and Volinsky, 2008), learned from who had to do with what."""

    items: Floats

    def scores(self, history: Matrix) -> Floats:
        start = np.zeros((history.shape[0], self.items.shape[1]))
        return np.asarray(_solved(start, self.items, _weights(history), _SURE_STEPS) @ self.items.T)

    def like(self, item: int) -> Floats:
        lengths = np.linalg.norm(self.items, axis=1)
        return np.asarray(self.items @ self.items[item] / np.maximum(lengths * lengths[item], 1e-12))


def popularity(known: Interests) -> Popularity:
    counts = np.asarray(known.bought.sum(axis=0)).ravel()
    return Popularity(counts / max(known.customers, 1))


def covisits(known: Interests) -> Covisits:
    once = _once(known.times)
    together = (once.T @ once).tocoo()
    counts = np.asarray(once.sum(axis=0)).ravel() + _SHRINK
    row, column = together.coords
    apart = row != column
    row, column, both = row[apart], column[apart], together.data[apart]
    near = both / np.sqrt(counts[row] * counts[column])
    return Covisits(scipy.sparse.csr_array((near, (row, column)), shape=together.shape))


def factors(known: Interests, size: int, seed: int) -> Factors:
    """By alternating least squares, each side by a few steps of conjugate gradients (Takács et al., 2011)."""
    random = np.random.default_rng(seed)
    times = known.times
    if times.shape[0] > _MOST_LEARNT:
        times = times[np.sort(random.choice(times.shape[0], _MOST_LEARNT, replace=False))]
    by_customer = _weights(times)
    by_item = by_customer.T.tocsr()
    customers = random.normal(0, 0.01, (times.shape[0], size))
    items = random.normal(0, 0.01, (times.shape[1], size))
    for _ in range(_ROUNDS):
        customers = _solved(customers, items, by_customer, _STEPS)
        items = _solved(items, customers, by_item, _STEPS)
    return Factors(items)


def _once(times: Matrix) -> Matrix:
    return _filled(times, np.ones_like(times.data))


def _weights(times: Matrix) -> Matrix:
    """How much surer than of nothing an interest is."""
    return _filled(times, _CONFIDENCE * np.log1p(times.data))


def _filled(like: Matrix, data: Floats) -> Matrix:
    """Other values at the same places."""
    return scipy.sparse.csr_array((data, like.indices, like.indptr), shape=like.shape)


def _solved(rows: Floats, others: Floats, weights: Matrix, steps: int) -> Floats:
    """Nearer to the rows x with (Y'Y + Y'WY + ridge) x = Y'(1 + W) 1, all at once; Y: `others`."""
    gram = others.T @ others + _RIDGE * np.eye(others.shape[1])
    where = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))

    def times_all(found: Floats) -> Floats:
        met = np.einsum("ij,ij->i", found[where], others[weights.indices])
        return np.asarray(found @ gram + _filled(weights, weights.data * met) @ others)

    rest = _filled(weights, weights.data + 1) @ others - times_all(rows)
    way, left = rest.copy(), (rest * rest).sum(axis=1)
    for _ in range(steps):
        moved = times_all(way)
        length = left / np.maximum((way * moved).sum(axis=1), 1e-300)
        rows = rows + length[:, None] * way
        rest = rest - length[:, None] * moved
        before, left = left, (rest * rest).sum(axis=1)
        way = rest + (left / np.maximum(before, 1e-300))[:, None] * way
    return rows
