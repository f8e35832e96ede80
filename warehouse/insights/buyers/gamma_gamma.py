"""Gamma-Gamma: what a purchase of a customer is worth on average (Fader and Hardie, 2013)."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BOUNDS: Final = [(-7.0, 7.0)] * 3
_POLISH: Final = {"xatol": 1e-5, "fatol": 1e-11, "maxiter": 500}


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

    def loss(logs: Floats) -> float:
        p, q, v = np.exp(logs[0]), 1 + np.exp(logs[1]), np.exp(logs[2])
        with np.errstate(over="ignore", invalid="ignore"):
            found = -_log_likelihood(p, q, v, times, worth) @ weight / len(x)
        return float(found) if np.isfinite(found) else 1e10

    first = scipy.optimize.minimize(loss, [0.7, 0.7, 0.0], method="L-BFGS-B", bounds=_BOUNDS, tol=1e-12)
    last = scipy.optimize.minimize(loss, first.x, method="Nelder-Mead", bounds=_BOUNDS, options=_POLISH)
    p, q, v = (float(one) for one in np.exp(last.x))
    return GammaGamma(p, 1 + q, v * scale, bool(first.success or last.success))


def _log_likelihood(p: float, q: float, v: float, x: Floats, mean: Floats) -> Floats:
    return np.asarray(
        scipy.special.gammaln(p * x + q)
        - scipy.special.gammaln(p * x)
        - scipy.special.gammaln(q)
        + q * np.log(v)
        + (p * x - 1) * np.log(mean)
        + p * x * np.log(x)
        - (p * x + q) * np.log(x * mean + v)
    )


def expected_value(model: GammaGamma, x: Floats, mean: Floats) -> Floats:
    """What a purchase is worth: between the customer's own mean and that of all, the nearer to the own the
    more there were.
    """
    return model.p * (model.v + x * mean) / (model.p * x + model.q - 1)
