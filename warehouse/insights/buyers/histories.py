"""Histories of purchases as arrays: those that are alike are computed once."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.insights.buyers import bgnbd, gamma_gamma
from warehouse.insights.buyers.bgnbd import BgNbd
from warehouse.insights.buyers.gamma_gamma import GammaGamma

Floats = NDArray[np.float64]
_WEEK = 7.0
_MOST_DAYS = 40_000


class Histories(msgspec.Struct, frozen=True):
    """Customers: `x` repeat purchases, `tx` and `age` in weeks, `mean` value of the repeat purchases.

    `kinds` has a row (x, tx, age) for each different history; `kind` is the place of each customer's in it.
    """

    mean: Floats
    kinds: Floats
    kind: NDArray[np.int64]
    counts: Floats

    @property
    def x(self) -> Floats:
        return np.asarray(self.kinds[self.kind, 0])

    def fit(self) -> BgNbd:
        x, tx, age = self.kinds.T
        return bgnbd.fit(x, tx, age, self.counts)

    def fit_values(self) -> GammaGamma:
        paying = self.paying
        return gamma_gamma.fit(self.x[paying], self.mean[paying])

    @property
    def paying(self) -> NDArray[np.bool_]:
        """Who bought again, for something."""
        return np.asarray((self.x > 0) & (self.mean > 0))

    def p_alive(self, model: BgNbd) -> Floats:
        return np.asarray(bgnbd.p_alive(model, *self.kinds.T)[self.kind])

    def expected(self, model: BgNbd, weeks: float) -> Floats:
        """Purchases of each customer within the next weeks."""
        return np.asarray(bgnbd.expected(model, weeks, *self.kinds.T)[self.kind])

    def values(self, model: GammaGamma) -> Floats:
        """What a purchase of each customer is expected to be worth."""
        paying = self.paying
        x, mean = np.where(paying, self.x, 0), np.where(paying, self.mean, 0)
        return gamma_gamma.expected_value(model, x, mean)


def histories(rows: pa.Table, prefix: str = "") -> tuple[Histories, NDArray[np.bool_]]:
    """The customers who had bought by then, and which of the rows they are."""
    x, tx, age, again = (_floats(rows, prefix + name) for name in ("x", "tx", "age", "again"))
    there = (x >= 0) & (age >= 0)
    x, tx, age = x[there], tx[there], age[there]
    keys = (x.astype(np.int64) * _MOST_DAYS + tx.astype(np.int64)) * _MOST_DAYS + age.astype(np.int64)
    _, first, kind, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    kinds = np.column_stack([x, tx / _WEEK, age / _WEEK])[first]
    mean = again[there] / np.maximum(x, 1)
    return Histories(mean, kinds, kind, counts.astype(np.float64)), there


def _floats(rows: pa.Table, name: str) -> Floats:
    found: Floats = np.nan_to_num(rows[name].cast(pa.float64()).to_numpy().astype(np.float64))
    return found
