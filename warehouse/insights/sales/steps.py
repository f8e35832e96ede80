"""What a salesperson should do next: the first rule that holds, with its evidence."""

from __future__ import annotations

from typing import Final

from warehouse.insights.sales.items import Item
from warehouse.insights.sales.stages import DAY_US
from warehouse.times import iso

Evidence = dict[str, str | float | None]
STEPS: Final = ("identify", "call", "unstick", "revive", "date", "qualify", "keep")
_FRESH, _QUIET = 2.0, 14.0
_WARM: Final = 3


def next_step(one: Item, at: int, longer: int) -> tuple[str, Evidence]:
    """A name of STEPS; `at` and `longer` in µs. docs/insights.md says what each means."""
    now, stood = one.now, at - one.stays[-1][1]
    days = None if now.last_seen is None else (at - now.last_seen) / DAY_US
    seen: Evidence = {
        "last_seen": None if now.last_seen is None else iso(now.last_seen),
        "visits_14d": now.visits,
    }
    standing: Evidence = {"stage_since": iso(one.stays[-1][1]), "days_in_stage": round(stood / DAY_US, 1)}
    if now.customer is None:
        return "identify", {}
    if days is not None and days <= _FRESH and now.visits >= _WARM:
        return "call", seen
    if stood > longer:
        active = days is not None and days <= _QUIET
        return ("unstick" if active else "revive"), {**standing, **seen}
    if now.expected is not None and now.expected < at:
        return "date", {"expected_close_at": iso(now.expected)}
    if now.amount is None:
        return "qualify", {"amount": None}
    return "keep", seen
