"""BG/NBD: how often customers buy again, and whether they still do (Fader, Hardie and Lee, 2005).

All over arrays of equal length: `x` repeat purchases, `tx` weeks from the first to the last, `age` weeks from
the first until now.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Of the logarithms: beyond, likelihood is flat and 2F1 no longer a number.
_BOUNDS: Final = [(-7.0, 5.0), (-4.0, 8.0), (-7.0, 5.0), (-7.0, 7.0)]
_STARTS: Final = ((-1.0, 1.0, 0.0, 0.7), (0.5, 2.0, -1.0, 1.0))
_NEAR_ONE: Final = 1e-6
_FLAT: Final = 1e-5
_OPTIONS: Final = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500}


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
    counts, lasts, ages = (np.unique(of, return_inverse=True) for of in (x, tx, age))
    known = _Seen(counts, lasts, ages, weight / weight.sum())

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        with np.errstate(over="ignore", invalid="ignore"):
            found, slopes = _log_likelihood(parameters, known)
        if not (np.isfinite(found) and np.isfinite(slopes).all()):
            return 1e10, np.zeros(len(logs))
        return -found, -slopes * parameters

    tries = [
        scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=_BOUNDS, options=_OPTIONS)
        for start in _STARTS
    ]
    best = min(tries, key=lambda one: float(one.fun))
    r, alpha, a, b = (float(one) for one in np.exp(best.x))
    return BgNbd(r, alpha, a, b, float(-best.fun * weight.sum()), settled(best))


def settled(found: Any) -> bool:
    """Whether a fit came to an end; also where the last digits kept it from a step further."""
    return bool(found.success or np.abs(found.jac).max() < _FLAT)


class _Seen(NamedTuple):
    """Of repeats, recency and age the different values and where each history has them: functions that take
    long are of the values alone. `weight`: the share of the customers.
    """

    x: tuple[Floats, NDArray[np.int64]]
    tx: tuple[Floats, NDArray[np.int64]]
    age: tuple[Floats, NDArray[np.int64]]
    weight: Floats


def _log_likelihood(parameters: Floats, seen: _Seen) -> tuple[float, Floats]:
    """Of a customer on average, and its slopes by r, alpha, a, b."""
    r, alpha, a, b = parameters
    (counts, of_x), (lasts, of_tx), (ages, of_age) = seen.x, seen.tx, seen.age
    gammaln, digamma = scipy.special.gammaln, scipy.special.digamma
    before = b + np.maximum(counts, 1) - 1
    bought = gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
    stayed = gammaln(a + b) + gammaln(b + counts) - gammaln(b) - gammaln(a + b + counts)
    logs_tx, logs_age = np.log(alpha + lasts)[of_tx], np.log(alpha + ages)[of_age]
    rate = (r + counts)[of_x]
    active = -rate * logs_age
    left = np.where(counts > 0, np.log(a) - np.log(before), -np.inf)[of_x] - rate * logs_tx
    either = np.logaddexp(active, left)
    gone = np.exp(left - either)
    shares = np.bincount(of_x, seen.weight, len(counts))
    lost = np.bincount(of_x, seen.weight * gone, len(counts))
    spread = digamma(a + b) - digamma(a + b + counts)
    found = shares @ (bought + stayed) + seen.weight @ either
    mean_log = seen.weight @ (logs_age + gone * (logs_tx - logs_age))
    pace = (1 - gone) / (alpha + ages)[of_age] + gone / (alpha + lasts)[of_tx]
    slopes = [
        shares @ (digamma(r + counts) - digamma(r)) + np.log(alpha) - mean_log,
        r / alpha - (seen.weight * rate) @ pace,
        shares @ spread + lost.sum() / a,
        shares @ (spread + digamma(b + counts) - digamma(b)) - lost @ (1 / before),
    ]
    return float(found), np.array(slopes)


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
