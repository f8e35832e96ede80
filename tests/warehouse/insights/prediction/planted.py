"""Customers whose future is known: what they did, and by which chance they do it again."""

import numpy as np
import pyarrow as pa

from warehouse.insights.prediction.features import Features, Flags, Floats
from warehouse.insights.prediction.question import Risk

DAYS = [7, 14, 21, 28, 35]
QUESTION = Risk(horizon="7d", history="14d", active="7d")
NAMES = ["recency_days", "contacts", "trend", "events", "bounce_share"]


def rows(size: int, seed: int, kind: str = "linear") -> tuple[Features, Floats]:
    """So many customers on each of `DAYS` and now, and each one's true chance.

    `kind` linear: by pauses, calls for help and trend. twisted: calls for help matter the other way where the
    trend is up. random: by chance alone. recency: by pauses alone.
    """
    random = np.random.default_rng(seed)
    back = np.repeat([0, *DAYS], size)
    all_ = len(back)
    values = np.column_stack(
        [
            random.gamma(2, 3, all_),
            random.poisson(1, all_).astype(float),
            random.uniform(-1, 1, all_),
            random.poisson(8, all_).astype(float),
            random.uniform(0, 1, all_),
        ]
    )
    chance = 1 / (1 + np.exp(-_log_odds(values, kind)))
    later: Flags = random.random(all_) < chance
    customers = pa.chunked_array([pa.array([f"c{number}" for number in range(all_)])])
    return Features(list(NAMES), values, back, later, 60, customers), chance


def _log_odds(values: Floats, kind: str) -> Floats:
    recency, contacts, trend = np.log1p(values[:, 0]), np.log1p(values[:, 1]), values[:, 2]
    if kind == "linear":
        return np.asarray(-3.2 + 1.1 * recency + 1.4 * contacts - 1.0 * trend)
    if kind == "twisted":
        return np.asarray(-0.8 + 3 * np.where(trend > 0, -1, 1) * (contacts - 0.6))
    return np.asarray(1.5 * recency - 3) if kind == "recency" else np.full(len(values), -0.8)
