"""Campaigns: what each brought and cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.marketing.attribution import counted
from warehouse.insights.marketing.journeys import NO_TOUCH, Floats, Ints, Journeys, journeys_of
from warehouse.insights.marketing.models import weights_of
from warehouse.insights.marketing.statement import journeys_sql
from warehouse.insights.period import Period, span
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table, flat
from warehouse.insights.visited import touch
from warehouse.lake import Lake
from warehouse.registry.costs import Cost, read_costs

ALL: Final = "(all)"
_MOST: Final = 1000
_SUMS: Final = 4


class Campaigns(Question, frozen=True, kw_only=True):
    """What campaigns brought and cost: sessions, customers, revenue, CAC, ROAS, ROI, LTV."""

    positional: ClassVar[str] = "event"

    event: Annotated[Selector | str, Meta(description="The event that is a conversion.")] = "Order Completed"
    value: Annotated[str | None, Meta(description="Field that says what one is worth.")] = None
    touch: Annotated[
        Literal["campaign", "source", "medium", "channel"],
        Meta(description="What visits and costs go by:"),
    ] = "campaign"
    model: Annotated[
        Literal["first", "last", "last_non_direct", "linear", "position", "time_decay"],
        Meta(description="How conversions are credited:"),
    ] = "last_non_direct"
    lookback: Annotated[str, Meta(description="How long before a conversion visits count.")] = "30d"
    half_life: Annotated[str, Meta(description="Of time decay: credit halves with so much time.")] = "7d"
    currency: Annotated[
        str | None, Meta(description="Only costs in this currency; may be left out where there is one.")
    ] = None
    top: Annotated[int, Meta(description="Campaigns by name; rarer ones are (other).")] = 200


class Campaign(Struct, frozen=True):
    """One campaign. `customers`: units that visited; `conversions` and `revenue`: as credited;
    `new_customers`: credit for first conversions ever; `ltv`: what each of these has brought in all, so far.

    `cac` cost a new customer, `roas` revenue over cost, `roi` revenue less cost over cost: null without cost.
    """

    campaign: str
    sessions: int
    customers: int
    conversions: float
    revenue: float
    new_customers: float
    ltv: float | None
    cost: float | None
    cac: float | None
    roas: float | None
    roi: float | None


class CampaignsAnswer(Answer, frozen=True, kw_only=True):
    """`campaigns`: the most revenue first; `totals`: of all, with all costs. `n` counts units that converted.

    `unnamed_cost`: of `totals`, what no campaign is named for; `currency`: of the costs, null where there are
    none.
    """

    question: Campaigns
    currency: str | None
    unnamed_cost: float
    campaigns: list[Campaign]
    totals: Campaign


def campaigns(lake: Lake, question: Campaigns, now: int) -> CampaignsAnswer:
    """What visits of the range cost, and what its conversions brought. `now`: µs UTC. BadQuestion,
    UnknownName.
    """
    require(question, top=(1, _MOST))
    half_life = span("half_life", question.half_life) / 1e6
    with asking(lake, question, now) as asked:
        selector = asked.selector(question.event)
        sql = _sql(asked, question, selector, now)
        rows = asked.arrow(sql)
        journeys, first, codes = journeys_of(rows, question.top)
        if not len(first):
            asked.known([selector])
        spent, currency = _spent(lake, asked.project, asked.period, question.currency)
        told = asked.told(sql, *counted(rows, first, asked.complete_us))
    brought = _brought(journeys, rows, first, weights_of(journeys.converted, question.model, half_life))
    visits = _visits(journeys.names, rows, codes)
    costs = _by_name(spent, question.touch)
    named = {*brought, *visits, *costs} - {ALL, ""}
    found = [_campaign(name, visits.get(name), brought.get(name), costs.get(name)) for name in named]
    whole = sum(costs.values()) if costs else None
    return CampaignsAnswer(
        question=question,
        currency=currency,
        unnamed_cost=costs.get("", 0.0),
        campaigns=sorted(found, key=_order),
        totals=_campaign(ALL, visits.get(ALL), brought[ALL], whole),
        **told,
    )


def _order(one: Campaign) -> tuple[float, float, float, str]:
    return -one.revenue, -(one.cost or 0), -one.sessions, one.campaign


def _sql(asked: Asked, question: Campaigns, selector: Selector, now: int) -> str:
    """All conversions of each unit are read, to know the first, and what came of it."""
    return journeys_sql(
        asked,
        is_one=asked.is_one(selector),
        number=asked.field(question.value).number if question.value else "0.0",
        touch=touch(question.touch),
        lookback=span("lookback", question.lookback),
        earlier=asked.period.since,
        later=max(0, now - asked.period.until),
        more=["insights/journeys_visits"],
    )


def _brought(
    journeys: Journeys, rows: pa.Table, first: Ints, weight: Floats
) -> Mapping[str, Sequence[float]]:
    """Name -> conversions, revenue, new customers, and what these brought in all."""
    new = (rows["nth"].to_numpy()[first] == 1).astype(np.float64)
    lifetime = np.nan_to_num(rows["lifetime"].cast(pa.float64()).to_numpy()[first])
    each = np.column_stack([np.ones(len(first)), journeys.values, new, new * lifetime])
    converted = journeys.converted
    found: dict[str, Sequence[float]] = {ALL: each.sum(axis=0).tolist()}
    for code in np.unique(converted.code).tolist():
        of = converted.code == code
        found[journeys.names[code]] = (weight[of] @ each[converted.journey[of]]).tolist()
    without = np.ones(len(first), np.bool_)
    without[converted.journey] = False
    if without.any():
        found[NO_TOUCH] = each[without].sum(axis=0).tolist()
    return found


def _visits(names: Sequence[str], rows: pa.Table, codes: Ints) -> dict[str, tuple[int, int]]:
    """Name -> visits and their units; those of rare names are added up."""
    found: dict[str, tuple[int, int]] = {}
    of = np.flatnonzero(rows["journey"].to_numpy() == 0)
    counts = zip(*(rows[name].take(pa.array(of)).to_pylist() for name in ("visits", "units")), strict=True)
    for code, (visits, units) in zip(codes[of].tolist(), counts, strict=True):
        name = ALL if code < 0 else names[code]
        before = found.get(name, (0, 0))
        found[name] = (before[0] + visits, before[1] + units)
    return found


def _spent(lake: Lake, project: str, period: Period, currency: str | None) -> tuple[list[Cost], str | None]:
    """The costs of the range's days, in one currency."""
    if lake.registry is None:
        return [], None
    since, until = (_day(moment, period.timezone) for moment in (period.since, period.until - 1))
    found = read_costs(lake.registry, project, since, until)
    known = sorted({one.currency for one in found})
    if currency is None and len(known) > 1:
        raise BadQuestion(f"costs are in {' and '.join(known)}; --currency {known[0]} would do")
    if currency is not None and known and currency.upper() not in known:
        raise BadQuestion(f"currency {currency[:20]!r} has no costs; {' or '.join(known)} would do")
    chosen = currency.upper() if currency else next(iter(known), None)
    return [one for one in found if one.currency == chosen], chosen if found else None


def _day(moment: int, timezone: str) -> str:
    return datetime.fromtimestamp(moment // 1_000_000, ZoneInfo(timezone)).date().isoformat()


def _by_name(costs: Sequence[Cost], name: str) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for one in costs:
        found[getattr(one, name)] += one.cost
    return dict(found)


def _campaign(
    name: str, visits: tuple[int, int] | None, brought: Sequence[float] | None, cost: float | None
) -> Campaign:
    sessions, customers = visits or (0, 0)
    conversions, revenue, new, lifetime = brought or [0.0] * _SUMS
    return Campaign(
        name,
        sessions,
        customers,
        conversions,
        revenue,
        new,
        lifetime / new if new else None,
        cost,
        cost / new if cost is not None and new else None,
        revenue / cost if cost else None,
        (revenue - cost) / cost if cost else None,
    )


def campaigns_table(answer: CampaignsAnswer) -> Table:
    """One row a campaign; all together last."""
    found: list[Any] = [*answer.campaigns, answer.totals]
    return flat(found, Campaign)
