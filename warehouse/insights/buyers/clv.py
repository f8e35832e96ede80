"""Lifetime value: who still buys, how often they will, and what that is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.buyers.backtest import Backtest, backtest
from warehouse.insights.buyers.bgnbd import BgNbd
from warehouse.insights.buyers.gamma_gamma import GammaGamma
from warehouse.insights.buyers.histories import Floats, Histories, histories
from warehouse.insights.buyers.purchases import named, purchased, worth
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.period import span
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.lake import Lake
from warehouse.statements import statement

LEAST: Final = 10
_WEEK_US: Final = 7 * 86_400_000_000
_MONTH_WEEKS: Final = 30 / 7
_MOST_SHOWN: Final = 100_000


class Clv(Question, frozen=True, kw_only=True):
    """What customers will buy, and what that is worth: BG/NBD and Gamma-Gamma, with their back-test."""

    positional: ClassVar[str] = "event"

    since: Annotated[str, Meta(description="Customers whose first purchase ever lies in the range.")] = "730d"
    event: Annotated[Selector | str, Meta(description="The event that is a purchase.")] = "Order Completed"
    value: Annotated[
        str | None, Meta(description="Field that says what one is worth; without, purchases only.")
    ] = None
    horizon: Annotated[str, Meta(description="How far ahead.")] = "52w"
    discount: Annotated[float, Meta(description="A month, of what comes later: 0.01 is 1 %.")] = 0.01
    holdout: Annotated[
        float, Meta(description="Share of the range, its end, that the back-test forecasts.")
    ] = 0.5
    customers: Annotated[int, Meta(description="So many customers are listed, the most valuable first.")] = 0


class ClvCustomer(Struct, frozen=True):
    """One customer: `repeats` (days with a purchase, less the first), `recency_weeks` from the first to the
    last, `age_weeks` from the first to the end of the range; the chance of buying still; within the horizon
    the purchases expected, and their value, discounted.
    """

    customer: str
    repeats: int
    recency_weeks: float
    age_weeks: float
    mean_value: float | None
    p_alive: float
    purchases: float
    clv: float | None


class ClvAnswer(Answer, frozen=True, kw_only=True):
    """Sums over all `n` customers: `alive`, `purchases` within the horizon, their value `clv`, discounted.

    `model` is of purchases by weeks, `spending` of values; `spending`, `clv` and the correlation of repeats
    with mean values (which the model takes for none) are null where no value is asked for, or fewer than 10
    bought again. `backtest` is null where fewer than 10 had bought again by then.
    """

    question: Clv
    model: BgNbd
    spending: GammaGamma | None
    value_correlation: float | None
    alive: float
    purchases: float
    clv: float | None
    backtest: Backtest | None
    customers: list[ClvCustomer]

    def notes(self) -> list[str]:
        tested = self.backtest
        if tested is None:
            return [f"no back-test: fewer than {LEAST} had bought again before its last days"]
        off = "" if tested.error is None else f" ({tested.error:+.1%})"
        told = f"{tested.expected:,.0f} repeat purchases were expected and {tested.actual:,} came{off}"
        return [f"back-test: in the {tested.weeks:.0f} weeks after {tested.split} {told}"]


def clv(lake: Lake, question: Clv, now: int) -> ClvAnswer:
    """Lifetime value of all units that first bought in the range. `now`: µs UTC. BadQuestion, UnknownName."""
    weeks = _check(question)
    with asking(lake, question, now) as asked:
        selector = asked.selector(question.event)
        last = _day(asked.period.until - 1, question.timezone)
        first = _day(asked.period.since, question.timezone)
        split = last - timedelta(days=round(((last - first).days + 1) * question.holdout))
        sql = _sql(asked, question, selector, split)
        rows = asked.arrow(sql)
        if not len(rows):
            asked.known([selector])
        n = len(rows)
        told = asked.told(sql, n, n if asked.period.until <= asked.complete_us else 0)
    now_known, _ = histories(rows)
    _enough(now_known)
    tested = backtest(rows, split.isoformat()[:10], (last - split).days / 7, LEAST)
    return _answer(question, now_known, rows, weeks, tested, told)


def _check(question: Clv) -> float:
    """The horizon in weeks."""
    require(question, discount=(0.0, 1.0), holdout=(0.1, 0.9), customers=(0, _MOST_SHOWN))
    return span("horizon", question.horizon) / _WEEK_US


def _enough(known: Histories) -> None:
    again = int((known.x > 0).sum())
    if again < LEAST:
        raise BadQuestion(
            f"{len(known.kind)} customers first bought in the range, {again} of them again; {LEAST} would do:"
            " an earlier since, or another event"
        )


def _sql(asked: Asked, question: Clv, selector: Selector, split: datetime) -> str:
    buying = asked.is_one(selector)
    day = f"(timezone({asked.zone}, e.timestamp)::DATE - DATE '1970-01-01')"
    columns = {"day": day, "worth": worth(asked, question.value), "named": named(asked)}
    return statement(
        "insights/clv",
        happened=purchased(asked, columns, buying, earlier=asked.period.since),
        first=_number(_day(asked.period.since, question.timezone)),
        last=_number(_day(asked.period.until - 1, question.timezone)),
        split=_number(split),
    )


def _day(moment: int, timezone: str) -> datetime:
    """The day of a moment (µs UTC) there, as if it were one of UTC."""
    local = datetime.fromtimestamp(moment // 1_000_000, ZoneInfo(timezone))
    return datetime(local.year, local.month, local.day, tzinfo=UTC)


def _number(day: datetime) -> int:
    return (day - datetime(1970, 1, 1, tzinfo=UTC)).days


def _answer(
    question: Clv,
    known: Histories,
    rows: pa.Table,
    weeks: float,
    tested: Backtest | None,
    told: dict[str, object],
) -> ClvAnswer:
    model = known.fit()
    paying = known.paying
    spending = known.fit_values() if question.value and paying.sum() >= LEAST else None
    worths = _discounted(known, model, spending, weeks, question.discount)
    alive, purchases = known.p_alive(model), known.expected(model, weeks)
    return ClvAnswer(
        question=question,
        model=model,
        spending=spending,
        value_correlation=_correlation(known.x[paying], known.mean[paying]) if spending else None,
        alive=float(alive.sum()),
        purchases=float(purchases.sum()),
        clv=None if worths is None else float(worths.sum()),
        backtest=tested,
        customers=_listed(question.customers, known, rows, alive, purchases, worths),
        **told,  # type: ignore[arg-type]
    )


def _correlation(x: Floats, mean: Floats) -> float | None:
    return float(np.corrcoef(x, mean)[0, 1]) if np.ptp(x) and np.ptp(mean) else None


def _discounted(
    known: Histories, model: BgNbd, spending: GammaGamma | None, weeks: float, discount: float
) -> Floats | None:
    """The value of each customer's purchases, month by month (30 days), each discounted to now."""
    if spending is None:
        return None
    ends = [*np.arange(_MONTH_WEEKS, weeks, _MONTH_WEEKS), weeks]
    total = before = np.zeros(len(known.kind))
    for end in ends:
        until = known.expected(model, float(end))
        total = total + (until - before) / (1 + discount) ** (end / _MONTH_WEEKS)
        before = until
    return total * known.values(spending)


def _listed(
    most: int, known: Histories, rows: pa.Table, alive: Floats, purchases: Floats, worths: Floats | None
) -> list[ClvCustomer]:
    best = np.argsort(-(purchases if worths is None else worths), kind="stable")[:most]
    names = rows["named"].take(pa.array(best)).to_pylist()
    found = []
    for name, at in zip(names, best.tolist(), strict=True):
        x, tx, age = (float(one) for one in known.kinds[known.kind[at]])
        found.append(
            ClvCustomer(
                name or "(unknown)",
                int(x),
                tx,
                age,
                float(known.mean[at]) if x and worths is not None else None,
                float(alive[at]),
                float(purchases[at]),
                None if worths is None else float(worths[at]),
            )
        )
    return found


def clv_table(answer: ClvAnswer) -> Table:
    """The customers that are listed; else sums, parameters and the back-test, a line each."""
    if answer.customers:
        columns = list(ClvCustomer.__struct_fields__)
        return Table(columns, [[getattr(one, name) for name in columns] for one in answer.customers])
    rows: list[list[object]] = [
        ["customers", answer.n],
        ["alive", answer.alive],
        ["purchases", answer.purchases],
        ["clv", answer.clv],
        *([f"purchases: {name}", getattr(answer.model, name)] for name in BgNbd.__struct_fields__),
    ]
    if answer.spending:
        rows += [[f"values: {name}", getattr(answer.spending, name)] for name in ("p", "q", "v")]
    if tested := answer.backtest:
        names = [name for name in Backtest.__struct_fields__ if name != "by_repeats"]
        rows += [[f"back-test: {name}", getattr(tested, name)] for name in names]
    return Table(["what", "value"], rows)
