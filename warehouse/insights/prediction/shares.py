"""Shares of counts with their intervals, also where the same units were counted several times."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from msgspec import Struct

_Z = 1.959964


class Share(Struct, frozen=True):
    """`of` counted, `rate` of them so, null where there are none; `low` to `high`: 95 % interval."""

    of: int
    rate: float | None
    low: float | None
    high: float | None


def share(hits: int, of: int, squares: Sequence[float] | None = None) -> Share:
    """Wilson's interval of hits / of.

    `squares`: over units, the sums of hits², hits * of, of². Where units are counted several times, they make
    the interval as wide as so many independent counts would that vary as much.
    """
    if not of:
        return Share(0, None, None, None)
    rate = hits / of
    n = of / max(1.0, _effect(rate, of, squares)) if squares else float(of)
    middle = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n * n))
    return Share(of, rate, max(0.0, middle - half), min(1.0, middle + half))


def _effect(rate: float, of: int, squares: Sequence[float]) -> float:
    """How many times the variance of independent counts the ratio has (design effect)."""
    if not 0 < rate < 1:
        return squares[2] / of
    hits, both, all_ = squares
    return (hits - 2 * rate * both + rate * rate * all_) / (rate * (1 - rate) * of)
