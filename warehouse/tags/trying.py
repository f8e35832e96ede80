"""Rules tried on the lake as it is, without putting them to use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from warehouse.insights.memberships import as_of
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.tags.evaluation import evaluate
from warehouse.tags.rules import Tag, Versioned
from warehouse.times import iso

SLICE = 100_000
_DAY_US = 86_400_000_000
_AGO = (0, 7, 30)


class Tried(Struct, frozen=True):
    """What a rule would say: customers who have the tag `as_of`, who had it 7 and 30 days before, and all who
    ever had it.
    """

    tag: str
    as_of: str
    members: int
    a_week_before: int
    thirty_days_before: int
    ever: int
    customers: int


def try_out(
    lake: Lake,
    project: str,
    tags: Sequence[Tag],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Tried]:
    """What each rule would say. `progress`: slices of customers done, and all."""
    with lake.transaction():
        at = as_of(lake)
        ((customers,),) = lake.query("SELECT count(*) FROM customers WHERE project = ?", [project])
        slices = customers // SLICE + 1
        sums = np.zeros((len(tags), len(_AGO) + 1), np.int64)
        for number in range(slices if customers and tags else 0):
            part = {"project": project, "slices": slices, "number": number}
            lake.execute(statement("tags/slice"), part)
            sums += _counts(lake, project, tags, at)
            progress(number + 1, slices)
    rows = zip(tags, sums.tolist(), strict=True)
    return [
        Tried(tag.name, iso(at), now, week, month, ever, customers) for tag, (now, week, month, ever) in rows
    ]


def _counts(
    lake: Lake, project: str, tags: Sequence[Tag], at: int
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    stays = evaluate(lake, project, [Versioned(tag, 0) for tag in tags], everybody=True)
    held = ", ".join(
        f"count(DISTINCT customer_id) FILTER (epoch_us(entered_at) <= {moment}"
        f" AND (left_at IS NULL OR epoch_us(left_at) > {moment}))"
        for moment in (at - days * _DAY_US for days in _AGO)
    )
    ever = f"count(DISTINCT customer_id) FILTER (epoch_us(entered_at) <= {at})"
    with lake.table("stays_now", stays):
        found = {
            tag: counts
            for tag, *counts in lake.query(f"SELECT tag, {held}, {ever} FROM stays_now GROUP BY tag")
        }
    return np.array([found.get(tag.name, [0] * (len(_AGO) + 1)) for tag in tags], np.int64)
