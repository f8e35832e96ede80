"""What an action does: those it was sent to beside those who were held out, by what they did then."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.contrasts import Contrast, contrast, needed
from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.filters import Selector
from warehouse.insights.period import span
from warehouse.insights.prediction.shares import Share
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.lake import Lake
from warehouse.statements import statement

ARMS: Final = {"action_sent": "treated", "action_failed": "treated", "action_withheld": "holdout"}
_OURS: Final = ", ".join(f"'{name}'" for name in ARMS)
_LEAST: Final = 30
_KNOWN: Final = f"""
    SELECT DISTINCT properties ->> '$.rule' FROM events
    WHERE project = ? AND event IN ({_OURS}) ORDER BY ALL LIMIT 1000"""
Verdict = Literal["better", "worse", "unclear", "too_few"]


class ActionEffect(Question, frozen=True, kw_only=True):
    """What came of an action: customers it was for beside its holdout, by intention to treat."""

    positional: ClassVar[str] = "rule"

    rule: Annotated[str, Meta(description="Name of the action.")]
    since: Annotated[str, Meta(description="Who entered from then on: 90d, a day, a moment.")] = "90d"
    event: Annotated[Selector | str, Meta(description="What counts as converted.")] = "Order Completed"
    within: Annotated[str, Meta(description="Within so long after entering.")] = "7d"
    activity: Annotated[Selector | str, Meta(description="What active customers do; not an action.")] = "*"
    silent: Annotated[str, Meta(description="Churned is who then did not do it for so long.")] = "30d"
    lift: Annotated[
        float, Meta(description="The lift for which the size that it takes is told; 0.2 is a fifth.")
    ] = 0.2


class Outcome(Struct, frozen=True):
    """One thing that was measured, over those for whom its time is over. `needed`: customers of the holdout
    that it takes to see the lift asked about; `verdict` of 95 %: `better` is more conversion, or less churn.
    """

    outcome: Literal["converted", "churned"]
    treated: Share
    holdout: Share
    contrast: Contrast
    needed: int | None
    verdict: Verdict


class ActionEffectAnswer(Answer, frozen=True, kw_only=True):
    """`entered`: customers by arm, each in that of their first entry in the range; `treated` has also those
    whom the message did not reach. `n_mature`: those for whom the time to convert is over.
    """

    question: ActionEffect
    entered: dict[str, int]
    outcomes: list[Outcome]

    def notes(self) -> list[str]:
        """Which sizes it takes, and what was left out."""
        told = [_told(one) for one in self.outcomes]
        if not self.entered.get("holdout"):
            told.insert(0, "nobody was held out: without a holdout nothing can be said of the effect")
        return told


def action_effect(lake: Lake, question: ActionEffect, now: int) -> ActionEffectAnswer:
    """Conversion and churn of both arms. `now`: µs UTC. BadQuestion, UnknownName."""
    require(question, lift=(0.01, 10))
    if question.unit not in ("customer", "user"):
        raise BadQuestion(f"unit {question.unit!r} is sent nothing; customer would do")
    with asking(lake, question, now) as asked:
        selectors = asked.selector(question.event), asked.selector(question.activity)
        sql = _sql(asked, question, *selectors)
        found = {arm: counts for arm, *counts in asked.rows(sql)}
        if not found:
            known = [name for (name,) in lake.query(_KNOWN, [asked.project]) if name]
            if question.rule not in known:
                raise unknown("action", question.rule, known)
        arms = [found.get(arm, [0] * 5) for arm in ("treated", "holdout")]
        if not any(arm[2] for arm in arms):
            asked.known(selectors[:1])
        return ActionEffectAnswer(
            question=question,
            entered={arm: counts[0] for arm, counts in found.items()},
            outcomes=[_outcome("converted", arms, question.lift), _outcome("churned", arms, -question.lift)],
            **asked.told(sql, sum(arm[0] for arm in arms), sum(arm[1] for arm in arms)),
        )


def _sql(asked: Asked, question: ActionEffect, event: Selector, active: Selector) -> str:
    """Columns: arm; entered; mature, converted; mature for churn, churned."""
    within, silent = span("within", question.within), span("silent", question.silent)
    bind = asked.values.bind
    ours = f"(e.event IN ({_OURS}) AND e.type = 'track')"
    cases = " ".join(f"WHEN '{name}' THEN '{arm}'" for name, arm in ARMS.items())
    mine = f"({ours} AND (e.properties ->> '$.rule') = {bind(question.rule)})"
    converts, does = asked.is_one(event), asked.is_one(active)
    columns = {
        "arm": f"CASE WHEN {mine} THEN CASE e.event {cases} END END",
        "assigned": "epoch_us(TRY_CAST(e.properties ->> '$.assigned_at' AS TIMESTAMPTZ))",
        "converts": f"({converts}) AND NOT {ours}",
        "active": f"({does}) AND NOT {ours}",
    }
    return statement(
        "insights/action_effect",
        happened=asked.happened(
            columns, [f"({mine} OR (({converts} OR {does}) AND NOT {ours}))"], later=max(within, silent)
        ),
        since=bind(asked.period.since),
        until=bind(asked.period.until),
        within=within,
        silent=silent,
        complete=bind(asked.complete_us),
    )


def _outcome(name: Any, arms: list[list[int]], lift: float) -> Outcome:
    at = 1 if name == "converted" else 3
    (of, hits), (held_of, held_hits) = ((arm[at], arm[at + 1]) for arm in arms)
    treated, holdout, found = contrast(hits, of, held_hits, held_of)
    size = None
    if holdout.rate is not None and of:
        size = needed(holdout.rate, lift, of / held_of)
    return Outcome(name, treated, holdout, found, size, _verdict(name, found, min(of, held_of)))


def _verdict(name: str, found: Contrast, least: int) -> Verdict:
    if found.low is None or found.high is None or least < _LEAST:
        return "too_few"
    if found.low <= 0 <= found.high:
        return "unclear"
    return "better" if (found.low > 0) == (name == "converted") else "worse"


def _told(one: Outcome) -> str:
    held, size = one.holdout.of, one.needed
    enough = "" if size is None else f"; {size} in the holdout would show the lift asked about, {held} are"
    if one.contrast.difference is None:
        return f"{one.outcome}: one of the arms has nobody whose time is over{enough}"
    low, high = one.contrast.low or 0.0, one.contrast.high or 0.0
    return (
        f"{one.outcome}: {one.treated.rate:.1%} of {one.treated.of} treated,"
        f" {one.holdout.rate:.1%} of {held} held out;"
        f" difference {one.contrast.difference:+.1%} ({low:+.1%} to {high:+.1%}), {one.verdict}{enough}"
    )


def action_effect_table(answer: ActionEffectAnswer) -> Table:
    """One row for each thing that was measured."""
    columns = ["outcome"]
    columns += [f"{arm}{end}" for arm in ("treated", "holdout") for end in ("", "_low", "_high", "_n")]
    columns += ["difference", "low", "high", "lift", "lift_low", "lift_high", "needed", "verdict"]
    rows: list[list[Any]] = []
    for one in answer.outcomes:
        shares = [value for of in (one.treated, one.holdout) for value in (of.rate, of.low, of.high, of.of)]
        found = one.contrast
        numbers = [found.difference, found.low, found.high, found.lift, found.lift_low, found.lift_high]
        rows.append([one.outcome, *shares, *numbers, one.needed, one.verdict])
    return Table(columns, rows)
