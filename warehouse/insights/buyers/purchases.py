"""Purchases, as the questions about buyers read them."""

from __future__ import annotations

from typing import Final

from warehouse.insights.asked import Asked

# Added up as whole numbers: the same in any order.
SCALE: Final = 10_000
_NAMED: Final = {
    "customer": "p.customer_id",
    "device": "e.anonymous_id",
    "user": "e.user_id",
    "session": "v.session_id",
    "group": "e.group_id",
}


def named(asked: Asked) -> str:
    """SQL: the id of the unit of the event `e`, as people know it."""
    return _NAMED[asked.question.unit]


def worth(asked: Asked, field: str | None) -> str:
    """SQL: what the event `e` is worth, in ten-thousandths; 0 without a field or where it is no number."""
    if field is None:
        return "0::HUGEINT"
    number = asked.field(field).number
    return f"coalesce(TRY_CAST(round({number} * {SCALE}) AS HUGEINT), 0)"
