"""Lengths of time in whole days, as predictions count them."""

from __future__ import annotations

from typing import Final

from warehouse.insights.errors import BadQuestion
from warehouse.insights.period import span
from warehouse.insights.question import Question

DAY_US: Final = 86_400_000_000


def whole_days(question: Question, *names: str) -> list[int]:
    """Fields such as 4w in days. BadQuestion where one is no number of whole days."""
    found = []
    for name in names:
        text = getattr(question, name)
        length = span(name, text)
        if length % DAY_US:
            raise BadQuestion(f"{name} {text!r} is no number of whole days; 7d or 4w would do")
        found.append(length // DAY_US)
    return found
