"""Rules that say who is about to leave, and how often each was right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.buyers.purchases import named
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.prediction.days import DAY_US, whole_days
from warehouse.insights.prediction.shares import Share, share
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table, flat
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso

_BOUNDS: Final = {"fall": (0.01, 1.0), "floor": (1, 1_000_000), "customers": (0, 100_000)}
_RULES: Final = ("silent", "fall", "any")
_MOST_DATES: Final = 400


class ChurnRules(Question, frozen=True, kw_only=True):
    """Who has gone quiet, by rule, and how often each rule was right on past days."""

    positional: ClassVar[str] = "event"

    since: Annotated[str, Meta(description="The rules are tried on days from then on, until the end.")] = (
        "90d"
    )
    event: Annotated[Selector | str, Meta(description="What active customers do: a login; anything.")] = "*"
    silent: Annotated[str, Meta(description="Rule silent: not done for so long.")] = "7d"
    fall: Annotated[float, Meta(description="Rule fall: done less often by this share, 0.5 is half,")] = 0.5
    window: Annotated[str, Meta(description="in so long than in as long before,")] = "30d"
    floor: Annotated[int, Meta(description="of those who did it so often in the time before.")] = 4
    population: Annotated[str, Meta(description="Looked at is who did it within so long before.")] = "60d"
    horizon: Annotated[str, Meta(description="Churned is who then did not do it for so long.")] = "30d"
    every: Annotated[str, Meta(description="The rules are tried on a day every so often.")] = "7d"
    customers: Annotated[
        int, Meta(description="So many customers at risk are listed, who did most first.")
    ] = 100


class Tried(Struct, frozen=True):
    """A rule on one day, or on `all` of them. `as_of`: the moment, ISO 8601 UTC; nothing after it was looked
    at.

    `n` customers were looked at and `flagged` of them by the rule; `precision`: how many of the flagged
    churned; `recall`: how many of who churned were flagged; `base_rate`: how many churned of all; `lift`:
    precision over base rate.
    """

    rule: str
    as_of: str
    n: int
    flagged: int
    precision: Share
    recall: Share
    base_rate: Share
    lift: float | None


class AtRisk(Struct, frozen=True):
    """A customer whom a rule flags now, and why: when they were last active (ISO 8601 UTC), and how often in
    the window and in the one before it.
    """

    customer: str
    rules: list[str]
    last_active: str
    times: int
    times_before: int


class ChurnRulesAnswer(Answer, frozen=True, kw_only=True):
    """`rules`: each over all past days whose horizon is over, which is where `n_mature` counts; `dates`: by
    day. `looked_at` now, and of these `flagged` by rule; `at_risk`: who they are.
    """

    question: ChurnRules
    as_of: str
    looked_at: int
    flagged: dict[str, int]
    rules: list[Tried]
    dates: list[Tried]
    at_risk: list[AtRisk]

    def notes(self) -> list[str]:
        return [_told(one) for one in self.rules] or ["no past day has a horizon that is over: not tested"]


def churn_rules(lake: Lake, question: ChurnRules, now: int) -> ChurnRulesAnswer:
    """Rules over all units that were active lately. `now`: µs UTC. BadQuestion, UnknownName."""
    with asking(lake, question, now) as asked:
        selector = asked.selector(question.event)
        (every,) = whole_days(question, "every")
        sql = _sql(asked, question, selector, every)
        found = _named(asked, sql)
        (counted,) = found.get(0, [])
        if not counted["n"]:
            asked.known([selector])
        return ChurnRulesAnswer(
            question=question,
            as_of=iso(asked.period.until),
            looked_at=counted["now_looked"],
            flagged={"silent": counted["now_silent"], "fall": counted["now_fell"], "any": counted["now_any"]},
            rules=sorted(
                (_tried(row, "all") for row in found.get(2, [])), key=lambda one: _RULES.index(one.rule)
            ),
            dates=[
                _tried(row, iso(asked.period.until - row["back"] * every * DAY_US))
                for row in found.get(1, [])
            ],
            at_risk=[_at_risk(row) for row in found.get(3, [])],
            **asked.told(sql, counted["n"], counted["n_mature"]),
        )


def _sql(asked: Asked, question: ChurnRules, selector: Selector, every: int) -> str:
    require(question, **_BOUNDS)
    silent, window, population, horizon = whole_days(question, "silent", "window", "population", "horizon")
    if silent >= population:
        raise BadQuestion(
            f"silent {question.silent!r} leaves nobody of a population of {question.population!r};"
            " a longer population would do"
        )
    lookback = max(population, 2 * window)
    last = (asked.period.until - asked.period.since) // (every * DAY_US)
    if last >= _MOST_DATES:
        raise BadQuestion(f"every {question.every!r} makes {last + 1} days; {_MOST_DATES} would do")
    earlier = lookback * DAY_US
    doing = asked.is_one(selector)
    return statement(
        "insights/churn_rules",
        happened=asked.happened(
            {"named": named(asked)},
            [doing],
            earlier=min(earlier, asked.period.since),
            later=horizon * DAY_US,
        ),
        until=asked.values.bind(asked.period.until),
        mature=_mature(asked, every, horizon),
        last=last,
        silent=silent,
        window=window,
        population=population,
        lookback=lookback,
        horizon=horizon,
        every=every,
        floor=question.floor,
        fall=repr(float(question.fall)),
        listed=question.customers,
    )


def _mature(asked: Asked, every: int, horizon: int) -> int:
    """How many steps back the latest day lies whose horizon is over."""
    missing = asked.period.until + horizon * DAY_US - asked.complete_us
    return max(0, -(-missing // (every * DAY_US)))


def _named(asked: Asked, sql: str) -> dict[int, list[dict[str, Any]]]:
    """The rows of each part of the answer, by column."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in asked.arrow(sql).to_pylist():
        found.setdefault(row["part"], []).append(row)
    return found


def _tried(row: Mapping[str, Any], as_of: str) -> Tried:
    n, flagged, churned, hit = (int(row[name]) for name in ("looked", "flagged", "churned", "hit"))
    precision = share(hit, flagged, row["precision_squares"])
    base = share(churned, n, row["base_squares"])
    lift = precision.rate / base.rate if base.rate and precision.rate is not None else None
    return Tried(
        row["rule"], as_of, n, flagged, precision, share(hit, churned, row["recall_squares"]), base, lift
    )


def _at_risk(row: Mapping[str, Any]) -> AtRisk:
    rules = [name for name, holds in (("silent", row["silent"]), ("fall", row["fell"])) if holds]
    return AtRisk(row["named"], rules, iso(row["latest"]), row["recent"], row["earlier"])


def _told(one: Tried) -> str:
    if one.precision.rate is None or one.lift is None:
        return f"back-test of {one.rule}: {one.flagged} flagged of {one.n}, nothing to measure"
    recall = one.recall.rate or 0.0
    return (
        f"back-test of {one.rule}: {one.precision.rate:.0%} of {one.flagged} flagged churned"
        f" ({one.precision.low:.0%} to {one.precision.high:.0%}), {one.base_rate.rate:.0%} of all;"
        f" {recall:.0%} of who churned were flagged; lift {one.lift:.2f}"
    )


def churn_rules_table(answer: ChurnRulesAnswer) -> Table:
    """Who is at risk; without a list each rule and day with its back-test."""
    if answer.question.customers:
        table = flat(answer.at_risk, AtRisk)
        return Table(table.columns, [[row[0], ", ".join(row[1]), *row[2:]] for row in table.rows])
    shares = ("precision", "recall", "base_rate")
    columns = ["rule", "as_of", "n", "flagged"]
    columns += [name + end for name in shares for end in ("", "_low", "_high")]
    rows = []
    for one in [*answer.rules, *answer.dates]:
        told = [getattr(one, name) for name in shares]
        rates = [value for of in told for value in (of.rate, of.low, of.high)]
        rows.append([one.rule, one.as_of, one.n, one.flagged, *rates, one.lift])
    return Table([*columns, "lift"], rows)
