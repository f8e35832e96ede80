"""What a series should be at each of its points, by its own past: level, season, and how far chance goes."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Noise = Literal["counts", "rates", "free"]

LEAST_SEASONS: Final = 2
_UNNAMED: Final = 0.01  # of the level: what a number that nothing is known of may always be off
_MAD: Final = 1.4826
_EFFICIENCY: Final = 1.1  # variance of a mean without its extremes, beside that of the mean


class Expected(msgspec.Struct, frozen=True):
    """One point: what was expected, the standard deviation of what chance does to it, and how many of these
    the value is away.
    """

    value: float
    deviation: float
    score: float


def expected(
    values: Floats, sizes: Floats | None, seasons: Ints, at: int, history: int, noise: Noise | None = None
) -> Expected | None:
    """What the point `at` should be by the `history` points before it; None: the past is too short to tell.

    `values` are counts or sums, or rates of `sizes` trials each; `seasons`: place in the season (day of the
    week). Robust: level and season are means without extremes, and the spread is a median deviation
    (Rousseeuw and Croux, 1993), never less than that of counting itself. A `free` number (a mean, a score)
    has only its own spread; `sizes` says where there is one at all.
    """
    noise = noise or ("counts" if sizes is None else "rates")
    past = np.arange(max(0, at - history), at)
    past = past if sizes is None else past[sizes[past] > 0]
    known, places = values[past], seasons[past]
    length = int(seasons.max()) + 1
    if len(known) < LEAST_SEASONS * length:
        return None
    signed = noise == "free" and bool((known <= 0).any())
    factors = np.ones(length) if signed else _factors(known, places, length)
    level = _trimmed((known / factors[places])[-4 * length :])
    usual = level * factors
    counting = _counting(usual[places], None if sizes is None else sizes[past], noise)
    spread = (_MAD * float(np.median(np.abs(known - usual[places])))) ** 2
    beyond = max(0.0, spread - float(np.median(counting)))
    value = float(usual[seasons[at]])
    chance = float(_counting(np.array([value]), None if sizes is None else sizes[at : at + 1], noise)[0])
    seen = max(1, int((places == seasons[at]).sum()))
    doubt = 1 + _EFFICIENCY / seen + _EFFICIENCY / min(len(known), 4 * length)
    deviation = float(np.sqrt((chance + beyond) * doubt))
    return Expected(value, deviation, (float(values[at]) - value) / deviation)


def _factors(values: Floats, places: Ints, length: int) -> Floats:
    """How much more than usual each place of the season has; 1 where nothing tells."""
    usual = _trimmed(values)
    if usual <= 0:
        return np.ones(length)
    means = [_trimmed(values[places == place]) for place in range(length)]
    return np.array([mean / usual if mean > 0 else 1.0 for mean in means])


def _trimmed(values: Floats) -> float:
    """The mean without the least and the greatest, or eighths of them where there are many."""
    cut = max(1, len(values) // 8) if len(values) >= 4 else 0
    return float(np.sort(values)[cut : len(values) - cut].mean()) if len(values) else 0.0


def _counting(usual: Floats, sizes: Floats | None, noise: Noise) -> Floats:
    """Variance that counting has by itself: binomial of rates, Poisson of counts."""
    if noise == "free":
        return np.maximum(np.square(_UNNAMED * usual), np.finfo(np.float64).tiny)
    if sizes is None:
        return np.maximum(usual, 1.0)
    trials = np.maximum(sizes, 1.0)
    rates = np.clip(usual, 0.5 / (trials + 1), 1 - 0.5 / (trials + 1))
    return np.asarray(rates * (1 - rates) / trials)
