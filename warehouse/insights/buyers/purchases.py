"""Purchases, as the questions about buyers read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from warehouse.imports.kinds import LIBRARY
from warehouse.insights.asked import Asked
from warehouse.statements import statement

# Added up as whole numbers: the same in any order.
SCALE: Final = 10_000
_REVISION: Final = "CAST(regexp_extract(e.message_id, '[0-9]+$') AS BIGINT)"
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


def purchased(asked: Asked, columns: Mapping[str, str], buying: str, *, earlier: int = 0) -> str:
    """SELECT of the purchases in question: an imported order that was cancelled or refunded since is none."""
    ((is_any,),) = asked.lake.query(statement("insights/corrected_any"), {"project": asked.project})
    if not is_any:
        return asked.happened(columns, [buying], earlier=earlier)
    bind = asked.values.bind
    corrected = statement("insights/corrected", project=bind(asked.project), seq=bind(asked.seq))
    on = f"LEFT JOIN ({corrected}) AS c ON e.library_name = '{LIBRARY}' AND c.name = left(e.message_id, 25)\n"
    stands = f"(c.revision IS NULL OR {_REVISION} > c.revision)"
    return asked.happened(columns, [buying, stands], earlier=earlier, joins=on)
