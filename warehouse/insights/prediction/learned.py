"""A model that was learned, as plain numbers: it needs no library, and no code comes with it."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from warehouse.insights.prediction import shapley
from warehouse.insights.prediction.trees import Tree, added

Floats = NDArray[np.float64]
_FARTHEST: Final = 700.0


class Column(Struct, frozen=True):
    """A feature as a model sees it: its logarithm (of 1 + value) if `logged`, less `mean`, over `scale`.
    `typical`: the median value of those it was learned from.
    """

    name: str
    logged: bool
    mean: float
    scale: float
    typical: float


class Linear(Struct, frozen=True, tag="linear"):
    """Log odds: `intercept` and a weight for each column."""

    intercept: float
    weights: list[float]


class Trees(Struct, frozen=True, tag="trees"):
    """Log odds: `base` and what each tree adds."""

    base: float
    trees: list[Tree]


class Sigmoid(Struct, frozen=True, tag="sigmoid"):
    """Probability: the logistic function of slope * log odds + intercept."""

    slope: float
    intercept: float


class Isotonic(Struct, frozen=True, tag="isotonic"):
    """Probability: along the steps from (`x`, log odds) to `y`."""

    x: list[float]
    y: list[float]


class Learned(Struct, frozen=True):
    """`columns`, then `form`, then `calibration`, from a row of features to a probability."""

    columns: list[Column]
    form: Linear | Trees
    calibration: Sigmoid | Isotonic

    def log_odds(self, values: Floats) -> Floats:
        """Of rows with the columns' values, before calibration."""
        shaped = shape(self.columns, values)
        if isinstance(self.form, Linear):
            return np.asarray(self.form.intercept + shaped @ np.asarray(self.form.weights))
        return self.form.base + sum((added(tree, shaped) for tree in self.form.trees), np.zeros(len(values)))

    def probability(self, values: Floats) -> Floats:
        return calibrated(self.calibration, self.log_odds(values))

    def contributions(self, values: Floats) -> tuple[float, Floats]:
        """(base, a column a feature): together the log odds. Of trees Shapley's values, by how many rows came
        by each node; of a line its terms, against the mean.
        """
        shaped = shape(self.columns, values)
        if isinstance(self.form, Linear):
            return self.form.intercept, np.asarray(shaped * np.asarray(self.form.weights))
        leaves = [leaf for tree in self.form.trees for leaf in shapley.leaves(tree)]
        base, found = shapley.values(leaves, shaped)
        return self.form.base + base, found


def shape(columns: list[Column], values: Floats) -> Floats:
    """The values as the model sees them: mean 0, deviation 1 over what it was learned from."""
    logged = np.array([one.logged for one in columns], bool)
    shaped = np.where(logged, np.log1p(np.maximum(values, 0)), values)
    means, scales = (np.array([getattr(one, name) for one in columns]) for name in ("mean", "scale"))
    return np.asarray((shaped - means) / scales)


def calibrated(by: Sigmoid | Isotonic, log_odds: Floats) -> Floats:
    if isinstance(by, Isotonic):
        return np.interp(log_odds, by.x, by.y)
    return logistic(by.slope * log_odds + by.intercept)


def logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -_FARTHEST, _FARTHEST))))
