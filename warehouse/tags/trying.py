"""Rules tried on the lake as it is, without putting them to use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from warehouse.insights.memberships import as_of
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.tags.evaluation import evaluate
from warehouse.tags.rules import Tag, Versioned
from warehouse.times import iso

SLICE = 100_000
EXAMPLES = 3
_DAY_US = 86_400_000_000
_AGO = (0, 7, 30)
_HOLDERS = """
    SELECT DISTINCT customer_id FROM stays_now
    WHERE epoch_us(entered_at) <= ? AND (left_at IS NULL OR epoch_us(left_at) > ?)"""


class Tried(Struct, frozen=True):
    """What a rule would say: customers who have the tag `as_of`, who had it 7 and 30 days before, and all who
    ever had it; of `customers` in all. `share`: of those who have it now, 0 to 1, null of nobody; `examples`:
    a few of their ids.
    """

    tag: str
    as_of: str
    members: int
    a_week_before: int
    thirty_days_before: int
    ever: int
    customers: int
    share: float | None
    examples: Sequence[str]


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
        sums = np.zeros((len(tags), len(_AGO) + 1), np.int64)
        some: dict[str, list[str]] = {tag.name: [] for tag in tags}
        for done, slices in _slices(lake, project) if tags else ():
            counts, found = _counts(lake, project, tags, at)
            sums += counts
            for name, ids in found.items():
                some[name] = sorted([*some[name], *ids])[:EXAMPLES]
            progress(done, slices)
    rows = zip(tags, sums.tolist(), strict=True)
    return [
        Tried(
            tag=tag.name,
            as_of=iso(at),
            members=now,
            a_week_before=week,
            thirty_days_before=month,
            ever=ever,
            customers=customers,
            share=now / customers if customers else None,
            examples=some[tag.name],
        )
        for tag, (now, week, month, ever) in rows
    ]


def holders(lake: Lake, project: str, tag: Tag) -> list[str]:
    """The customers for whom a rule holds now (as of what is stitched), in order."""
    found: list[str] = []
    with lake.transaction():
        at = as_of(lake)
        for _ in _slices(lake, project):
            stays = evaluate(lake, project, [Versioned(tag, 0)], everybody=True)
            with lake.table("stays_now", stays):
                found += [one for (one,) in lake.query(_HOLDERS, [at, at])]
    return sorted(set(found))


def _slices(lake: Lake, project: str) -> Iterator[tuple[int, int]]:
    """Puts each slice of the customers into the temp table `tag_customers`: its number, and how many."""
    ((customers,),) = lake.query("SELECT count(*) FROM customers WHERE project = ?", [project])
    slices = customers // SLICE + 1
    for number in range(slices if customers else 0):
        lake.execute(statement("tags/slice"), {"project": project, "slices": slices, "number": number})
        yield number + 1, slices


def _counts(
    lake: Lake, project: str, tags: Sequence[Tag], at: int
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], Mapping[str, Sequence[str]]]:
    """Of each tag how many have it, and had it; and by name a few who have it now."""
    stays = evaluate(lake, project, [Versioned(tag, 0) for tag in tags], everybody=True)
    held = ", ".join(
        f"count(DISTINCT customer_id) FILTER (epoch_us(entered_at) <= {moment}"
        f" AND (left_at IS NULL OR epoch_us(left_at) > {moment}))"
        for moment in (at - days * _DAY_US for days in _AGO)
    )
    some = (
        f"min(customer_id, {EXAMPLES})"
        f" FILTER (epoch_us(entered_at) <= {at} AND (left_at IS NULL OR epoch_us(left_at) > {at}))"
    )
    ever = f"count(DISTINCT customer_id) FILTER (epoch_us(entered_at) <= {at})"
    with lake.table("stays_now", stays):
        rows = lake.query(f"SELECT tag, {some}, {held}, {ever} FROM stays_now GROUP BY tag")
    found = {tag: counts for tag, _, *counts in rows}
    numbers = np.array([found.get(tag.name, [0] * (len(_AGO) + 1)) for tag in tags], np.int64)
    return numbers, {tag: sorted({*(ids or ())}) for tag, ids, *_ in rows}
