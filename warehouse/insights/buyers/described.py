"""Clusters in words: what sets each of them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_APART: Final = 0.5
_MOST_SAID: Final = 3
# Feature -> what is said of who has little of it, and of who has much.
_WORDS: Final = {
    "recency_days": ("came lately", "has not come for long"),
    "sessions": ("comes seldom", "comes often"),
    "active_days": ("comes on few days", "comes on many days"),
    "pages": ("sees few pages", "sees many pages"),
    "engaged_minutes": ("stays short", "stays long"),
    "devices": ("uses one device", "uses several devices"),
    "bounce_share": ("seldom leaves at once", "often leaves at once"),
    "purchases": ("buys little or nothing", "buys often"),
    "value": ("brings little", "brings much"),
}


def described(standard: Mapping[str, float], means: Mapping[str, float], whole: Mapping[str, float]) -> str:
    """`standard`: how many standard deviations a cluster's means are from all; `means` and `whole`: in units.

    The features that are furthest from all, at least half a standard deviation.
    """
    apart = sorted(standard, key=lambda name: (-abs(standard[name]), name))
    said = [name for name in apart if abs(standard[name]) >= _APART][:_MOST_SAID]
    if not said:
        return "like the average"
    return "; ".join(
        f"{_word(name, standard[name])} ({means[name]:.3g}, all {whole[name]:.3g})" for name in said
    )


def _word(name: str, standard: float) -> str:
    if name in _WORDS:
        return _WORDS[name][standard > 0]
    return f"{'often' if standard > 0 else 'seldom'} by {name}"
