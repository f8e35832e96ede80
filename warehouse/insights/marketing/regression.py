"""Ordinary least squares over days, with errors that hold where noise is uneven or lasts from day to day."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MOST_LASTING: Final = 0.9


class Coefficient(msgspec.Struct, frozen=True):
    """A coefficient with its 95 % interval, and the chance of one as far from 0 where there is none."""

    value: float
    low: float
    high: float
    p_value: float


def regress(columns: Floats, y: Floats) -> list[Coefficient]:
    """One coefficient a column; rows in order of time, more than columns.

    The error is the larger of two: as if noise were uneven (HC3), and as if each day took over a part of the
    noise of the day before, estimated without its bias in short series. Newey and West's is far too small
    with so few days.
    """
    n, k = columns.shape
    inverse: Floats = np.linalg.pinv(columns.T @ columns).astype(np.float64)
    beta = inverse @ columns.T @ y
    residuals = y - columns @ beta
    spread = np.maximum(_uneven(columns, inverse, residuals), _lasting(columns, inverse, residuals))
    errors = np.sqrt(np.maximum(spread, 0))
    return [_coefficient(float(b), float(error), n - k) for b, error in zip(beta, errors, strict=True)]


def _uneven(columns: Floats, inverse: Floats, residuals: Floats) -> Floats:
    """Variances of the coefficients by HC3."""
    leverage = np.einsum("ij,jk,ik->i", columns, inverse, columns)
    scores = columns * (residuals / np.maximum(1 - leverage, 1e-9))[:, None]
    return np.diag(inverse @ scores.T @ scores @ inverse)


def _lasting(columns: Floats, inverse: Floats, residuals: Floats) -> Floats:
    """Variances of the coefficients where the noise of a day is a part of that of the day before, and new."""
    n, k = columns.shape
    whole = float(residuals @ residuals)
    part = float(residuals[1:] @ residuals[:-1]) / whole if whole else 0.0
    part = min(max(part + (1 + 3 * part + k) / n, 0.0), _MOST_LASTING)
    shared = scipy.linalg.toeplitz(part ** np.arange(n))
    kept = np.eye(n) - columns @ inverse @ columns.T
    variance = whole / max(float(np.trace(kept @ shared)), 1e-9)
    return np.diag(inverse @ columns.T @ (variance * shared) @ columns @ inverse)


def _coefficient(value: float, error: float, freedom: int) -> Coefficient:
    width = float(scipy.stats.t.ppf(0.975, freedom)) * error
    chance = 2 * float(scipy.stats.t.sf(abs(value) / error, freedom)) if error else float(value == 0)
    return Coefficient(value, value - width, value + width, chance)
