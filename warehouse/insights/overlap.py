"""How many customers are in several cohorts, or have several tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.errors import BadQuestion
from warehouse.insights.fields import field
from warehouse.insights.memberships import membership
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.lake import Lake
from warehouse.statements import statement


class Overlap(Question, frozen=True, kw_only=True):
    """How many customers are in several cohorts at once, as of now: every combination that there is."""

    positional: ClassVar[str] = "cohorts"

    cohorts: Annotated[
        tuple[str, ...], Meta(description="Two to ten: 'tag: NAME', 'cohort: NAME', or names of either.")
    ] = ()


class Size(Struct, frozen=True):
    """One cohort: `customers` in it, `only` in none of the others."""

    cohort: str
    customers: int
    only: int


class Combination(Struct, frozen=True):
    """Customers who are in exactly these cohorts. `share`: of all who are in one at least."""

    cohorts: list[str]
    customers: int
    share: float


class Pair(Struct, frozen=True):
    """Two cohorts: customers in both; `jaccard`: of those in one of them, the share in both."""

    one: str
    other: str
    customers: int
    jaccard: float | None


class OverlapAnswer(Answer, frozen=True, kw_only=True):
    """`n`: customers in one of the cohorts at least. `combinations` add up to `n`, the largest first."""

    question: Overlap
    sizes: list[Size]
    combinations: list[Combination]
    pairs: list[Pair]


def overlap(lake: Lake, question: Overlap, now: int) -> OverlapAnswer:
    """Members at the snapshot; the range is not looked at. BadQuestion, UnknownName."""
    require(question, cohorts=(2, 10))
    if question.unit != "customer" or question.where:
        raise BadQuestion("overlap is of customers as they are: unit customer and no `where` would do")
    names = list(dict.fromkeys(question.cohorts))
    with asking(lake, question, now) as asked:
        sql = _sql(asked, names)
        rows = asked.rows(sql)
        n = sum(customers for _, customers in rows)
        return OverlapAnswer(
            question=question,
            sizes=[_size(rows, names, place) for place in range(len(names))],
            combinations=[Combination(_named(bits, names), size, size / n) for bits, size in rows],
            pairs=[
                _pair(rows, names, one, other)
                for one in range(len(names))
                for other in range(one + 1, len(names))
            ],
            **asked.told(sql, n, n),
        )


def _sql(asked: Asked, names: Sequence[str]) -> str:
    bind = asked.values.bind
    parts = []
    for place, name in enumerate(names):
        found = _group(name)
        members = membership(asked.lake, asked.project, *found, bind)
        parts.append(f"SELECT customer_id, {1 << place} AS bit FROM (\n{members})")
    return statement("insights/overlap", members="UNION ALL\n".join(parts), project=bind(asked.project))


def _group(name: str) -> tuple[str, str]:
    """`tag: NAME`, `cohort: NAME`, or the name alone, which is a cohort's."""
    if name.startswith(("tag:", "cohort:", "tag.", "cohort.")):
        found = field(name).group
        if found is not None:
            return found
    return "cohort", name


def _size(rows: Sequence[tuple[int, int]], names: Sequence[str], place: int) -> Size:
    inside = sum(customers for bits, customers in rows if bits >> place & 1)
    only = sum(customers for bits, customers in rows if bits == 1 << place)
    return Size(names[place], inside, only)


def _pair(rows: Sequence[tuple[int, int]], names: Sequence[str], one: int, other: int) -> Pair:
    both = sum(customers for bits, customers in rows if bits >> one & bits >> other & 1)
    either = sum(customers for bits, customers in rows if (bits >> one | bits >> other) & 1)
    return Pair(names[one], names[other], both, both / either if either else None)


def _named(bits: int, names: Sequence[str]) -> list[str]:
    return [name for place, name in enumerate(names) if bits >> place & 1]


def overlap_table(answer: OverlapAnswer) -> Table:
    """One row a combination."""
    rows = [[" & ".join(one.cohorts), one.customers, one.share] for one in answer.combinations]
    return Table(["cohorts", "customers", "share"], rows)
