"""Why a customer has the probability it has, in words."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from warehouse.insights.prediction.learned import Column, Floats, Learned

_MOST: Final = 3
_WORDS: Final = {
    "recency_days": "days since last active",
    "age_days": "days since first active in the history",
    "events": "events",
    "events_7_days": "events in the last 7 days",
    "active_days": "active days",
    "trend": "trend, from -1 (stopping) to 1 (beginning)",
    "gap_days": "usual days between two active days",
    "overdue": "silence against the usual pause",
    "kinds": "different things done",
    "aim_times": "times it was done before",
    "aim_recency_days": "days since it was done",
    "purchases": "purchases",
    "value": "value of purchases",
    "purchase_recency_days": "days since the last purchase",
    "contacts": "times help was asked for",
    "steps": "steps of the funnel reached",
    "sessions": "sessions",
    "pages": "pages",
    "engaged_minutes": "engaged minutes",
    "bounce_share": "share of bounced sessions",
    "devices": "devices",
}


class Reason(Struct, frozen=True):
    """What one feature does to a customer's log odds, against the average customer: `effect`. `typical`: the
    median of those that the model was learned from.
    """

    feature: str
    value: float
    typical: float
    effect: float
    text: str


def reasons(model: Learned, values: Floats) -> list[list[Reason]]:
    """Of each row, what moves it most."""
    _, added = model.contributions(values)
    order = np.argsort(-np.abs(added), axis=1, kind="stable")[:, :_MOST]
    return [
        [_reason(model.columns[at], float(row[at]), float(own[at])) for at in best if own[at]]
        for row, own, best in zip(values, added, order, strict=True)
    ]


def words(feature: str) -> str:
    return _WORDS.get(feature, feature)


def _reason(column: Column, value: float, effect: float) -> Reason:
    which = "likelier" if effect > 0 else "less likely"
    text = f"{which} by {words(column.name)}: {value:.3g} (typical {column.typical:.3g})"
    return Reason(column.name, value, column.typical, effect, text)
