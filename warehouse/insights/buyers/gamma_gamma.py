"""Gamma-Gamma: what a purchase of a customer is worth on average (Fader and Hardie, 2013)."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
import numpy as np
import scipy
from numpy.typing import NDArray

from warehouse.insights.buyers.bgnbd import settled

Floats = NDArray[np.float64]
_BOUNDS: Final = [(-7.0, 7.0)] * 3
_OPTIONS: Final = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500}


class GammaGamma(msgspec.Struct, frozen=True):
    """Values of purchases: gamma(`p`, rate), the rate gamma(`q`, `v`); `q` is above 1, so that there is a
    mean.
    """

    p: float
    q: float
    v: float
    converged: bool


def fit(x: Floats, mean: Floats) -> GammaGamma:
    """The likeliest parameters; `x` repeat purchases (1 or more) and the `mean` value (above 0) of them."""
    scale = float(np.median(mean))
    # Values that are few, such as prices, and counts come again and again.
    pairs, weight = np.unique(np.column_stack([x, mean / scale]), axis=0, return_counts=True)
    times, worth = pairs.T
    counts, place = np.unique(times, return_inverse=True)
    known = _Seen(counts, place, times, worth, np.log(worth), weight / len(x))

    def loss(logs: Floats) -> tuple[float, Floats]:
        moved = np.exp(logs)
        with np.errstate(over="ignore", invalid="ignore"):
            found, slopes = _log_likelihood(moved[0], 1 + moved[1], moved[2], known)
        if not (np.isfinite(found) and np.isfinite(slopes).all()):
            return 1e10, np.zeros(len(logs))
        return -found, -slopes * moved

    best = scipy.optimize.minimize(
        loss, [0.7, 0.7, 0.0], jac=True, method="L-BFGS-B", bounds=_BOUNDS, options=_OPTIONS
    )
    p, q, v = (float(one) for one in np.exp(best.x))
    return GammaGamma(p, 1 + q, v * scale, settled(best))


class _Seen(NamedTuple):
    """Purchases `times` and their mean value `worth`, with its logarithm; the different counts and where each
    is, for functions that take long; `weight`: the share of the customers.
    """

    counts: Floats
    place: NDArray[np.int64]
    times: Floats
    worth: Floats
    log_worth: Floats
    weight: Floats


def _log_likelihood(p: float, q: float, v: float, seen: _Seen) -> tuple[float, Floats]:
    """Of a customer on average, and its slopes by p, q, v."""
    gammaln, digamma = scipy.special.gammaln, scipy.special.digamma
    counts, of = seen.counts, seen.place
    terms = gammaln(p * counts + q) - gammaln(p * counts) - gammaln(q) + p * counts * np.log(counts)
    whole = seen.times * seen.worth + v
    logs = np.log(whole)
    shares = np.bincount(of, seen.weight, len(counts))
    rest = (p * seen.times - 1) * seen.log_worth - (p * seen.times + q) * logs
    found = shares @ terms + q * np.log(v) + seen.weight @ rest
    grown = digamma(p * counts + q)
    slopes = [
        shares @ (counts * (grown - digamma(p * counts) + np.log(counts)))
        + (seen.weight * seen.times) @ (seen.log_worth - logs),
        shares @ (grown - digamma(q)) + np.log(v) - seen.weight @ logs,
        q / v - seen.weight @ ((p * seen.times + q) / whole),
    ]
    return float(found), np.array(slopes)


def expected_value(model: GammaGamma, x: Floats, mean: Floats) -> Floats:
    """What a purchase is worth: between the customer's own mean and that of all, the nearer to the own the
    more there were.
    """
    return model.p * (model.v + x * mean) / (model.p * x + model.q - 1)
