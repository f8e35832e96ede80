"""Every insight there is: its question, its answer, and how one comes from the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from warehouse.insights.question import Answer, Question
from warehouse.insights.retention import Retention, RetentionAnswer, retention, retention_table
from warehouse.insights.tables import Table
from warehouse.insights.trend import Trend, TrendAnswer, trend, trend_table


class Insight(msgspec.Struct, frozen=True):
    """`ask`: (lake, question, now in µs UTC) -> answer; `table`: the answer as one table."""

    name: str
    question: type[Question]
    answer: type[Answer]
    ask: Callable[..., Any]
    table: Callable[[Any], Table]

    @property
    def summary(self) -> str:
        return (self.question.__doc__ or "").split("\n\n")[0].replace("\n    ", " ")


INSIGHTS: Final = {
    one.name: one
    for one in (
        Insight("trend", Trend, TrendAnswer, trend, trend_table),
        Insight("retention", Retention, RetentionAnswer, retention, retention_table),
    )
}
