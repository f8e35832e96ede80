"""Names for scores of recency, frequency and value."""

from __future__ import annotations

from typing import Final

# By recency, 5 (lately) to 1; in it by the mean of frequency and value, 1 to 5, halves up.
_GRID: Final = {
    5: ("new", "potential loyal", "potential loyal", "champions", "champions"),
    4: ("promising", "potential loyal", "loyal", "loyal", "champions"),
    3: ("about to sleep", "needs attention", "needs attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at risk", "at risk", "cannot lose"),
    1: ("lost", "lost", "at risk", "at risk", "cannot lose"),
}
# By what is high of recency (lately), frequency and value.
_EIGHT: Final = {
    (True, True, True): "重要价值",
    (True, False, True): "重要深耕",
    (False, True, True): "重要唤回",
    (False, False, True): "重要挽留",
    (True, True, False): "潜力",
    (True, False, False): "新客",
    (False, True, False): "一般维持",
    (False, False, False): "流失",
}


def quintile_segment(r: int, f: int, m: int) -> str:
    """The name of one of the 125 cells; each score 1 to 5, 5 is best."""
    return _GRID[r][(f + m + 1) // 2 - 1]


def threshold_segment(r: int, f: int, m: int) -> str:
    """The name of one of the 8 cells; each score 1 (low) or 2 (high)."""
    return _EIGHT[r == 2, f == 2, m == 2]
