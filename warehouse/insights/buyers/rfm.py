"""RFM: customers by how lately, how often, and for how much they bought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.buyers.purchases import SCALE, named, purchased, worth
from warehouse.insights.buyers.segments import quintile_segment, threshold_segment
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table, flat
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso

_BOUNDS: Final = {"top": (1, 500), "customers": (0, 100_000)}
_LIMITS: Final = ("recency_days", "least_frequency", "least_value")


class Rfm(Question, frozen=True, kw_only=True):
    """Who bought lately, often and for much: scores, and segments of them with names."""

    positional: ClassVar[str] = "event"

    since: Annotated[str, Meta(description="Purchases from then on; the end of the range is the as-of.")] = (
        "365d"
    )
    event: Annotated[Selector | str, Meta(description="The event that is a purchase.")] = "Order Completed"
    value: Annotated[str | None, Meta(description="Field that says what one is worth.")] = None
    scheme: Annotated[
        Literal["quintiles", "thresholds"],
        Meta(description="Scores 1 to 5 and eleven segments, or high and low and the eight (重要价值 …):"),
    ] = "quintiles"
    recency_days: Annotated[
        float | None, Meta(description="Thresholds: bought so lately is high; the mean.")
    ] = None
    least_frequency: Annotated[
        float | None, Meta(description="Thresholds: so many purchases are high; the mean.")
    ] = None
    least_value: Annotated[float | None, Meta(description="Thresholds: so much is high; the mean.")] = None
    by: Annotated[str | None, Meta(description="A field of the last purchase: country, session.channel.")] = (
        None
    )
    within: Annotated[bool, Meta(description="Score each value of `by` by itself.")] = False
    top: Annotated[int, Meta(description="Values of `by` to show; the rest is (other).")] = 20
    customers: Annotated[int, Meta(description="So many customers are listed, the best first.")] = 0


class RfmSegment(Struct, frozen=True):
    """`share` of all; means a customer: days since the last purchase, purchases, and value."""

    by: str | None
    segment: str
    customers: int
    share: float
    value: float
    mean_recency_days: float
    mean_frequency: float
    mean_value: float


class RfmCell(Struct, frozen=True):
    """Customers with one score each; `r` is high for who bought lately."""

    by: str | None
    r: int
    f: int
    m: int
    customers: int


class RfmCustomer(Struct, frozen=True):
    """One customer: `recency_days` since the last purchase, purchases, their value, the scores."""

    customer: str
    by: str | None
    recency_days: int
    frequency: int
    value: float
    r: int
    f: int
    m: int
    segment: str


class RfmAnswer(Answer, frozen=True, kw_only=True):
    """`as_of`: the moment that recency counts back from, ISO 8601 UTC; the same scores come from the same."""

    question: Rfm
    as_of: str
    segments: list[RfmSegment]
    cells: list[RfmCell]
    customers: list[RfmCustomer]


def rfm(lake: Lake, question: Rfm, now: int) -> RfmAnswer:
    """Scores of all units that bought in the range. `now`: µs UTC. BadQuestion, UnknownName."""
    _check(question)
    with asking(lake, question, now) as asked:
        selector = asked.selector(question.event)
        sql = _sql(asked, question, selector)
        rows = asked.rows(sql)
        if not rows:
            asked.known([selector])
        name = namer(question.scheme)
        found = [(row[0] if question.by else None, name(*row[1:4]), *row[1:]) for row in rows]
        n = sum(row[5] or 0 for row in found)
        return RfmAnswer(
            question=question,
            as_of=iso(asked.period.until),
            segments=_segments([row for row in found if row[5]], n),
            cells=[RfmCell(by, r, f, m, units) for by, _, r, f, m, units, *_ in found if units],
            customers=_customers([row for row in found if not row[5]]),
            **asked.told(sql, n, n if asked.period.until <= asked.complete_us else 0),
        )


def namer(scheme: str) -> Callable[[int, int, int], str]:
    """What names the segment of three scores."""
    return quintile_segment if scheme == "quintiles" else threshold_segment


def _check(question: Rfm) -> None:
    require(question, **_BOUNDS)
    for name in _LIMITS:
        value = getattr(question, name)
        if value is not None and question.scheme != "thresholds":
            raise BadQuestion(f"{name} {value} is a threshold; --scheme thresholds would do")
        if value is not None and not 0 <= value < 1e15:
            raise BadQuestion(f"{name} {value} will not do; 0 or more would")
    if question.within and question.by is None:
        raise BadQuestion("within asks for scores by value of a field; --by country would do")


def _sql(asked: Asked, question: Rfm, selector: Selector) -> str:
    score = _quintile if question.scheme == "quintiles" else _threshold
    part = f"coalesce({asked.field(question.by).text}, '(none)')" if question.by else "''"
    buying = asked.is_one(selector)
    columns = {
        "worth": worth(asked, question.value),
        "part": part,
        "tie": "e.load_seq",
        "named": named(asked),
    }
    money = None if question.least_value is None else question.least_value * SCALE
    return statement(
        "insights/rfm",
        happened=purchased(asked, columns, buying),
        as_of=asked.values.bind(asked.period.until),
        top=question.top,
        listed=question.customers,
        within="part" if question.within else "''",
        r=score("recency", question.recency_days, falling=True),
        f=score("frequency", question.least_frequency),
        m=score("monetary", money),
    )


def _quintile(column: str, _: float | None, *, falling: bool = False) -> str:
    """1 to 5 by the middle of the places of all who have the same value: equal values, equal scores."""
    order = f"{column} DESC" if falling else column
    before = f"2 * (rank() OVER (PARTITION BY within ORDER BY {order}) - 1)"
    same = f"count(*) OVER (PARTITION BY within, {column})"
    return f"(1 + 5 * ({before} + {same}) // (2 * count(*) OVER (PARTITION BY within)))::INTEGER"


def _threshold(column: str, limit: float | None, *, falling: bool = False) -> str:
    """2 where the value is as good as the limit or the mean, else 1; means by whole numbers, without loss."""
    sign = "<=" if falling else ">="
    if limit is not None:
        return f"(1 + ({column} {sign} {limit!r})::INTEGER)"
    mean = f"sum({column}) OVER (PARTITION BY within)"
    return f"(1 + ({column} * count(*) OVER (PARTITION BY within) {sign} {mean})::INTEGER)"


def _segments(rows: Sequence[tuple[Any, ...]], n: int) -> list[RfmSegment]:
    sums: dict[tuple[str | None, str], list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    for by, segment, _, _, _, *measured, _ in rows:
        total = sums[by, segment]
        total[:] = [one + more for one, more in zip(total, measured, strict=True)]
    found = [_segment(by, segment, total, n) for (by, segment), total in sums.items()]
    return sorted(found, key=lambda one: (one.by or "", -one.customers, one.segment))


def _segment(by: str | None, segment: str, total: Sequence[float], n: int) -> RfmSegment:
    units, value, recency, frequency = total
    return RfmSegment(
        by, segment, int(units), units / n, value, recency / units, frequency / units, value / units
    )


def _customers(rows: Sequence[tuple[Any, ...]]) -> list[RfmCustomer]:
    found = [
        RfmCustomer(customer, by, recency, frequency, value, r, f, m, segment)
        for by, segment, r, f, m, _, value, recency, frequency, customer in rows
    ]
    return sorted(found, key=lambda one: (-one.r - one.f - one.m, -one.value, one.customer))


def rfm_table(answer: RfmAnswer) -> Table:
    """One row a segment, or a customer where they are listed."""
    if answer.customers:
        return flat(answer.customers, RfmCustomer)
    return flat(answer.segments, RfmSegment)
