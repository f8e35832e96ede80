"""How good probabilities are, on days that the model did not learn from, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from warehouse.insights.prediction.shares import Share, share

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_RESAMPLES: Final = 200
_TOP: Final = 0.1
_BINS: Final = 10


class Estimate(Struct, frozen=True):
    """A number, and a 95 % interval by resampling customers."""

    value: float
    low: float
    high: float


class Measured(Struct, frozen=True):
    """One model on the validation day. `auc`: the chance that who does it stands above who does not, 0.5 is
    none; `pr_auc`: precision over all recalls, to be held against the base rate; `brier`: mean squared error
    of the probabilities; `lift`: how much more often the top tenth does it than all.
    """

    model: str
    auc: Estimate
    pr_auc: Estimate
    brier: Estimate
    lift: Estimate


class Bin(Struct, frozen=True):
    """Customers of like probability, a tenth of all: `expected` is the mean of it, `actual` what came."""

    expected: float
    actual: Share


class Ranked(Struct, frozen=True):
    """Rows by score, equal scores together: `group` of each row, the highest is 0."""

    group: NDArray[np.int64]
    groups: int
    came: Floats
    probability: Floats


def ranked(scores: Floats, probability: Floats, came: Flags) -> Ranked:
    kinds, place = np.unique(-scores, return_inverse=True)
    return Ranked(place, len(kinds), came.astype(np.float64), probability)


def _sums(of: Ranked, weight: Floats) -> tuple[Floats, Floats]:
    """Who came and who did not, in each group."""
    positives = np.bincount(of.group, weight * of.came, of.groups).astype(np.float64)
    return positives, np.bincount(of.group, weight, of.groups) - positives


def auc(of: Ranked, weight: Floats) -> float:
    positives, negatives = _sums(of, weight)
    below = negatives.sum() - np.cumsum(negatives)
    pairs = positives @ (below + negatives / 2)
    return float(pairs / (positives.sum() * negatives.sum()))


def pr_auc(of: Ranked, weight: Floats) -> float:
    positives, negatives = _sums(of, weight)
    hits, all_ = np.cumsum(positives), np.cumsum(positives + negatives)
    return float(positives @ (hits / np.maximum(all_, 1e-300)) / positives.sum())


def brier(of: Ranked, weight: Floats) -> float:
    return float(weight @ (of.probability - of.came) ** 2 / weight.sum())


def lift(of: Ranked, weight: Floats) -> float:
    """Of a group that the limit of the top tenth cuts, its share counts."""
    positives, negatives = _sums(of, weight)
    sizes = positives + negatives
    room = _TOP * sizes.sum() - (np.cumsum(sizes) - sizes)
    part = np.clip(room / np.maximum(sizes, 1e-300), 0, 1)
    return float(positives @ part / (_TOP * sizes.sum()) / (positives.sum() / sizes.sum()))


_METRICS: Final[dict[str, Callable[[Ranked, Floats], float]]] = {
    "auc": auc,
    "pr_auc": pr_auc,
    "brier": brier,
    "lift": lift,
}


def measured(
    models: Mapping[str, Ranked], baseline: str, seed: int
) -> tuple[list[Measured], dict[str, Estimate]]:
    """Each model; and of each other than the baseline how much more its AUC is, on the same resamples."""
    draws: dict[str, dict[str, list[float]]] = {name: {metric: [] for metric in _METRICS} for name in models}
    for weight in _weights(next(iter(models.values())), seed):
        for name, of in models.items():
            for metric, count in _METRICS.items():
                draws[name][metric].append(count(of, weight))
    whole = {name: _whole(of) for name, of in models.items()}
    found = [
        Measured(name, **{metric: _estimate(whole[name][metric], draws[name][metric]) for metric in _METRICS})
        for name in models
    ]
    gains = {
        name: _estimate(
            whole[name]["auc"] - whole[baseline]["auc"],
            list(np.array(draws[name]["auc"]) - np.array(draws[baseline]["auc"])),
        )
        for name in models
        if name != baseline
    }
    return found, gains


def _whole(of: Ranked) -> dict[str, float]:
    once = np.ones(len(of.came))
    return {metric: count(of, once) for metric, count in _METRICS.items()}


def _weights(of: Ranked, seed: int) -> list[Floats]:
    """How often each row is in a resample; only those in which some came and some did not."""
    random, n = np.random.default_rng(seed), len(of.came)
    found = []
    for _ in range(_RESAMPLES):
        weight = np.bincount(random.integers(n, size=n), minlength=n).astype(np.float64)
        if 0 < weight @ of.came < n:
            found.append(weight)
    return found


def _estimate(value: float, draws: list[float]) -> Estimate:
    low, high = np.quantile(draws, (0.025, 0.975))
    return Estimate(value, float(low), float(high))


def reliability(probability: Floats, came: Flags) -> list[Bin]:
    """Tenths of the customers by probability; equal probabilities are together."""
    limits = np.unique(np.quantile(probability, np.arange(1, _BINS) / _BINS))
    place = np.searchsorted(limits, probability, side="right")
    return [
        Bin(float(probability[of].mean()), share(int(came[of].sum()), int(of.sum())))
        for of in (place == number for number in range(len(limits) + 1))
        if of.any()
    ]
