"""Two shares side by side: their difference and ratio with 95 % intervals, and how many it takes. Pure."""

from __future__ import annotations

from math import ceil, sqrt

from msgspec import Struct

from warehouse.insights.prediction.shares import Share, share

_Z_BOTH, _Z_POWER = 1.959964, 0.841621  # 95 % both sides; 80 % power


class Contrast(Struct, frozen=True):
    """`difference` of the shares, first less second; `lift`: first over second, less 1. Intervals of 95 %,
    from the shares' own by Wilson (Newcombe's, and Donner and Zou's for the ratio); null where there is none.
    """

    difference: float | None
    low: float | None
    high: float | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None


def contrast(hits: int, of: int, other_hits: int, other_of: int) -> tuple[Share, Share, Contrast]:
    """Both shares with their intervals, and how they differ."""
    one, two = share(hits, of), share(other_hits, other_of)
    if one.rate is None or two.rate is None:
        return one, two, Contrast(None, None, None, None, None, None)
    p, low, high = one.rate, one.low or 0.0, one.high or 0.0
    q, other_low, other_high = two.rate, two.low or 0.0, two.high or 0.0
    difference = p - q
    below = sqrt((p - low) ** 2 + (other_high - q) ** 2)
    above = sqrt((high - p) ** 2 + (q - other_low) ** 2)
    lift = _lift(p, low, high, q, other_low, other_high)
    return one, two, Contrast(difference, difference - below, difference + above, *lift)


def _lift(
    p: float, low: float, high: float, q: float, other_low: float, other_high: float
) -> tuple[float | None, float | None, float | None]:
    if q <= 0 or other_low <= 0:
        return (None if q <= 0 else p / q - 1), None, None
    both, least = p * q, None
    under = other_high * (2 * q - other_high)
    if under > 0:  # else the lower bound has no such form
        least = (both - sqrt(max(both**2 - low * (2 * p - low) * under, 0.0))) / under - 1
    over = other_low * (2 * q - other_low)
    most = (both + sqrt(max(both**2 - high * (2 * p - high) * over, 0.0))) / over - 1
    return p / q - 1, least, most


def needed(rate: float, lift: float, ratio: float) -> int | None:
    """Units of the second arm that it takes to see such a lift over such a rate in four cases of five, where
    the first arm is `ratio` times as large; null where no number does.
    """
    better = rate * (1 + lift)
    if not 0 < rate < 1 or not 0 < better < 1 or ratio <= 0:
        return None
    noise = better * (1 - better) / ratio + rate * (1 - rate)
    return ceil((_Z_BOTH + _Z_POWER) ** 2 * noise / (better - rate) ** 2)
