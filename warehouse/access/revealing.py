"""One masked field of one customer, shown to somebody who says why."""

from __future__ import annotations

from typing import Final

import msgspec

from warehouse.access.masks import HIDDEN
from warehouse.errors import BadReveal
from warehouse.lake import Lake
from warehouse.statements import statement

SHORTEST, LONGEST = 5, 500
_MOST: Final = 100


class Revealed(msgspec.Struct, frozen=True):
    """What is known of a field: ids of that kind and attributes of that name."""

    customer_id: str
    field: str
    values: list[str]


def values(lake: Lake, customer_id: str, field: str) -> list[str]:
    """As the lake's own masks show them, 100 at most."""
    rows = lake.query(statement("access/values"), {"customer": customer_id, "field": field})
    return [value for (value,) in rows[:_MOST] if value is not None]


def require_masked(seen: list[str], field: str) -> None:
    """BadReveal where nothing of what somebody sees of a field is hidden."""
    if not any(HIDDEN in value for value in seen):
        raise BadReveal(f"field {field[:100]!r} of this customer hides nothing from you")


def reason_of(text: str) -> str:
    """The reason, if it is one. BadReveal says what would do."""
    reason = " ".join(text.split())
    if not SHORTEST <= len(reason) <= LONGEST:
        raise BadReveal(f"reason has {len(reason)} characters; {SHORTEST} to {LONGEST} that say why would do")
    return reason
