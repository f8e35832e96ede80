"""BG/NBD: how often customers buy again, and whether they still do (Fader, Hardie and Lee, 2005).

All over arrays of equal length: `x` repeat purchases, `tx` weeks from the first to the last, `age` weeks from
the first until now.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Of the logarithms: beyond, likelihood is flat and 2F1 no longer a number.
_BOUNDS: Final = [(-7.0, 5.0), (-4.0, 8.0), (-7.0, 5.0), (-7.0, 7.0)]
_STARTS: Final = ((-1.0, 1.0, 0.0, 0.7), (0.5, 2.0, -1.0, 1.0))
_NEAR_ONE: Final = 1e-6
_POLISH: Final = {"xatol": 1e-5, "fatol": 1e-11, "maxiter": 300}


class BgNbd(msgspec.Struct, frozen=True):
    """Purchases while active: gamma(`r`, `alpha` weeks); leaving after each: beta(`a`, `b`).

    `converged`: whether the fit came to an end.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    converged: bool


def fit(x: Floats, tx: Floats, age: Floats, weight: Floats) -> BgNbd:
    """The likeliest parameters; `weight` customers have each history."""

    def loss(logs: Floats) -> float:
        r, alpha, a, b = (float(one) for one in np.exp(logs))
        with np.errstate(over="ignore", invalid="ignore"):
            found = -_log_likelihood(r, alpha, a, b, x, tx, age) @ weight / weight.sum()
        return float(found) if np.isfinite(found) else 1e10

    tries = [
        scipy.optimize.minimize(loss, start, method="L-BFGS-B", bounds=_BOUNDS, tol=1e-12)
        for start in _STARTS
    ]
    best = min(tries, key=lambda one: float(one.fun))
    last = scipy.optimize.minimize(loss, best.x, method="Nelder-Mead", bounds=_BOUNDS, options=_POLISH)
    r, alpha, a, b = (float(one) for one in np.exp(last.x))
    return BgNbd(r, alpha, a, b, float(-last.fun * weight.sum()), bool(best.success or last.success))


def _log_likelihood(r: float, alpha: float, a: float, b: float, x: Floats, tx: Floats, age: Floats) -> Floats:
    bought = scipy.special.gammaln(r + x) - scipy.special.gammaln(r) + r * np.log(alpha)
    stayed = (
        scipy.special.gammaln(a + b)
        + scipy.special.gammaln(b + x)
        - scipy.special.gammaln(b)
        - scipy.special.gammaln(a + b + x)
    )
    active = -(r + x) * np.log(alpha + age)
    left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + tx)
    return np.asarray(bought + stayed + np.logaddexp(active, np.where(x > 0, left, -np.inf)))


def p_alive(model: BgNbd, x: Floats, tx: Floats, age: Floats) -> Floats:
    """The chance that a customer still buys; 1 for who bought once."""
    ratio = (model.r + x) * np.log((model.alpha + age) / (model.alpha + tx))
    gone = model.a / (model.b + np.maximum(x, 1) - 1) * np.exp(np.minimum(ratio, 700))
    return np.where(x > 0, 1 / (1 + gone), 1.0)


def expected(model: BgNbd, weeks: float, x: Floats, tx: Floats, age: Floats) -> Floats:
    """Purchases within the next `weeks`.

    By Euler's transformation of 2F1, whose powers of x cancel: as it stands in the paper it overflows for
    who buys a thousand times.
    """
    a = model.a + _NEAR_ONE if abs(model.a - 1) < _NEAR_ONE else model.a
    c = a + model.b + x - 1
    z = weeks / (model.alpha + age + weeks)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        power = (1 - z) ** (a - 1) * scipy.special.hyp2f1(a + model.b - 1 - model.r, a - 1, c, z)
        found = np.asarray(c / (a - 1) * (1 - power))
    lost = ~np.isfinite(found)
    found[lost] = _integrated(model, weeks, x[lost], age[lost])
    return np.asarray(found * p_alive(model, x, tx, age))


def _integrated(model: BgNbd, weeks: float, x: Floats, age: Floats) -> Floats:
    """The same of who is active, by quadrature over the chance to leave, for parameters beyond 2F1."""
    nodes, weights = np.polynomial.legendre.leggauss(100)
    leaving = np.maximum(scipy.special.betaincinv(model.a, model.b + x[:, None], (nodes + 1) / 2), 1e-300)
    rate = np.log1p(leaving * weeks / (model.alpha + age)[:, None])
    return np.asarray(-np.expm1(-(model.r + x)[:, None] * rate) / leaving @ weights / 2)
