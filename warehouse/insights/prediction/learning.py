"""Models learned by scikit-learn, taken out of it as plain numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk_contract.errors import Terminal
from warehouse.insights.prediction.learned import (
    Column,
    Floats,
    Isotonic,
    Learned,
    Linear,
    Sigmoid,
    Trees,
    shape,
)
from warehouse.insights.prediction.trees import DEPTH, Tree

Flags = NDArray[np.bool_]
_MOST_ROWS: Final = 300_000
_ROUNDS: Final = 100
_LEAST_IN_LEAF: Final = 20
# Differences and shares are as they are; everything else has no upper end.
_PLAIN: Final = ("trend", "bounce_share")


class ModelsMissing(Terminal):
    """The extra that learns models is not installed."""


def require_sklearn() -> None:
    """ModelsMissing where the extra is not installed."""
    try:
        import_module("sklearn")
    except ImportError as error:
        raise ModelsMissing(
            f"learning a model needs {error.name}; install it with pip install 'sojourn[models]'"
        ) from error


def columns_of(names: Sequence[str], values: Floats) -> tuple[list[Column], NDArray[np.int64]]:
    """The features in which rows differ, each once, and where they stand."""
    kept: list[int] = []
    known: set[bytes] = set()
    for place in range(len(names)):
        told = np.ascontiguousarray(values[:, place]).tobytes()
        if np.ptp(values[:, place]) > 0 and told not in known:
            kept.append(place)
            known.add(told)
    return [column_of(names[place], values[:, place]) for place in kept], np.array(kept, np.int64)


def column_of(name: str, values: Floats) -> Column:
    """A feature by what rows have of it."""
    logged = name not in _PLAIN and not name.startswith("share of ")
    shaped = np.log1p(np.maximum(values, 0)) if logged else values
    return Column(name, logged, float(shaped.mean()), float(shaped.std()) or 1.0, float(np.median(values)))


def some_rows(size: int, seed: int) -> NDArray[np.int64]:
    """All rows, or as many of them as are enough to learn from."""
    if size <= _MOST_ROWS:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, _MOST_ROWS, replace=False))


def learn_linear(columns: list[Column], values: Floats, came: Flags) -> Linear:
    """Logistic regression with a ridge of 1."""
    from sklearn.linear_model import LogisticRegression

    with _one_thread():
        model = LogisticRegression(C=1.0, max_iter=2000).fit(shape(columns, values), came)
    return Linear(float(model.intercept_[0]), [float(one) for one in model.coef_[0]])


def learn_trees(columns: list[Column], values: Floats, came: Flags, seed: int) -> Trees:
    """Histogram gradient boosting with trees of depth 4."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=_ROUNDS,
        max_depth=DEPTH,
        learning_rate=0.1,
        min_samples_leaf=_LEAST_IN_LEAF,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    with _one_thread():
        model.fit(shape(columns, values), came)
    return Trees(
        float(np.ravel(model._baseline_prediction)[0]), [_tree(one[0].nodes) for one in model._predictors]
    )


def _tree(nodes: Any) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        [-1 if is_leaf else int(of) for of, is_leaf in zip(nodes["feature_idx"], leaf, strict=True)],
        [0.0 if is_leaf else float(of) for of, is_leaf in zip(nodes["num_threshold"], leaf, strict=True)],
        nodes["left"].astype(int).tolist(),
        nodes["right"].astype(int).tolist(),
        [float(of) if is_leaf else 0.0 for of, is_leaf in zip(nodes["value"], leaf, strict=True)],
        nodes["count"].astype(float).tolist(),
    )


def calibration(kind: str, log_odds: Floats, came: Flags) -> Sigmoid | Isotonic:
    """How log odds become probabilities: learned on days of their own."""
    if kind == "isotonic":
        return _isotonic(log_odds, came)
    from sklearn.linear_model import LogisticRegression

    # Platt's targets: who came does so for certain only after endless many.
    positives = int(came.sum())
    high, low = (positives + 1) / (positives + 2), 1 / (len(came) - positives + 2)
    target = np.where(came, high, low)
    rows = np.concatenate([log_odds, log_odds]).reshape(-1, 1)
    with _one_thread():
        model = LogisticRegression(C=1e6, max_iter=2000).fit(
            rows, np.repeat([True, False], len(came)), sample_weight=np.concatenate([target, 1 - target])
        )
    return Sigmoid(float(model.coef_[0, 0]), float(model.intercept_[0]))


def _isotonic(log_odds: Floats, came: Flags) -> Isotonic:
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(out_of_bounds="clip").fit(log_odds, came.astype(np.float64))
    return Isotonic(model.X_thresholds_.tolist(), model.y_thresholds_.tolist())


def learned(columns: list[Column], form: Linear | Trees, kind: str, values: Floats, came: Flags) -> Learned:
    """The form with its calibration, on rows that it did not learn from."""
    raw = Learned(columns, form, Sigmoid(1.0, 0.0))
    return Learned(columns, form, calibration(kind, raw.log_odds(values), came))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums of numbers with fractions depend on how many threads share them."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
