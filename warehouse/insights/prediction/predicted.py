"""Chances of customers: who will stop, who will buy, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.prediction.features import Features, backs, features, features_sql
from warehouse.insights.prediction.kept import Kept, as_kept, find_kept
from warehouse.insights.prediction.learned import Learned
from warehouse.insights.prediction.learning import require_sklearn
from warehouse.insights.prediction.question import Asking, Intent, Risk, checked
from warehouse.insights.prediction.reasons import Reason, reasons
from warehouse.insights.prediction.training import Lacking, Slice, Validated, train
from warehouse.insights.question import Answer
from warehouse.insights.tables import Table
from warehouse.lake import Lake


class Likely(Struct, frozen=True):
    """One customer: how probable it is, and what moves that most."""

    customer: str
    probability: float
    reasons: list[Reason]


class PredictionAnswer(Answer, frozen=True, kw_only=True):
    """`n` customers were scored as of `as_of`; `expected` of them will do it by the model.

    `tested`: how good the model was on the latest day whose horizon is over, beside recency alone; null with
    the verdict not_enough_data, and then `lacking` says why. `kept`: the kept model that scored, else null.
    """

    as_of: str
    verdict: str
    lacking: str | None
    kept: str | None
    slices: list[Slice]
    expected: float | None
    tested: Validated | None
    customers: list[Likely]

    def notes(self) -> list[str]:
        return self.tested.notes() if self.tested else [self.lacking or ""]


class RiskAnswer(PredictionAnswer, frozen=True, kw_only=True):
    """Of stopping: see PredictionAnswer."""

    question: Risk


class IntentAnswer(PredictionAnswer, frozen=True, kw_only=True):
    """Of buying: see PredictionAnswer."""

    question: Intent


class Predicted(Struct, frozen=True):
    """What is answered, and the model behind it; none where there is too little to learn from."""

    answer: dict[str, Any]
    learned: Learned | None


def risk(lake: Lake, question: Risk, now: int) -> RiskAnswer:
    """Who will stop. `now`: µs UTC. BadQuestion, UnknownName, ModelsMissing."""
    return RiskAnswer(**predict(lake, question, now).answer)


def intent(lake: Lake, question: Intent, now: int) -> IntentAnswer:
    """Who will buy. `now`: µs UTC. BadQuestion, UnknownName, ModelsMissing."""
    return IntentAnswer(**predict(lake, question, now).answer)


def predict(lake: Lake, question: Asking, now: int) -> Predicted:
    """The chances, and the model. `now`: µs UTC. BadQuestion, UnknownName, ModelsMissing."""
    kept = find_kept(lake.registry, question) if question.kept is not None else None
    if kept is None:
        checked(question)
        require_sklearn()
    else:
        question = as_kept(question, kept, now)
    with asking(lake, question, now) as asked:
        days = [] if kept else backs(asked, question)
        rows, told = _read(asked, question, days)
    found = (kept.learned, kept.tested) if kept else train(question, rows, days)
    return _answered(question, rows, kept, found, {"as_of": told["until"], **told})


def _read(asked: Asked, question: Asking, days: list[int]) -> tuple[Features, dict[str, Any]]:
    sql = features_sql(asked, question, [0, *days])
    rows = features(asked.arrow(sql), question)
    if rows.depth < 0 or not rows.values[:, rows.names.index("aim_times")].any():
        asked.known([asked.selector(question.event)])
    n = int(rows.of([0]).sum())
    return rows, asked.told(sql, n, n if asked.period.until <= asked.complete_us else 0)


def _answered(
    question: Asking,
    rows: Features,
    kept: Kept | None,
    found: tuple[Learned, Validated] | Lacking,
    told: dict[str, Any],
) -> Predicted:
    common = {"question": question, "kept": kept.title if kept else None, **told}
    if isinstance(found, Lacking):
        nothing: dict[str, Any] = {"expected": None, "tested": None, "customers": []}
        lacking = {"verdict": "not_enough_data", "lacking": found.reason, "slices": found.slices}
        return Predicted({**lacking, **nothing, **common}, None)
    model, tested = found
    scored = {"lacking": None, "verdict": tested.verdict, "tested": tested, "slices": tested.slices}
    return Predicted({**scored, **_scored(question, rows, model), **common}, model)


def _scored(question: Asking, rows: Features, model: Learned) -> dict[str, Any]:
    now = np.flatnonzero(rows.of([0]))
    places = [rows.names.index(column.name) for column in model.columns]
    values = rows.values[np.ix_(now, np.array(places, np.int64))]
    chances, scores = model.probability(values), model.log_odds(values)
    names = [rows.customers[int(at)].as_py() or "(unknown)" for at in now] if question.customers else []
    best = sorted(range(len(names)), key=lambda at: (-chances[at], -scores[at], names[at]))
    best = best[: question.customers]
    why = reasons(model, values[best])
    return {
        "expected": float(chances.sum()),
        "customers": [Likely(names[at], float(chances[at]), of) for at, of in zip(best, why, strict=True)],
    }


def prediction_table(answer: PredictionAnswer) -> Table:
    """The customers with their reasons; without a list the models, as they were tested."""
    if answer.customers or answer.tested is None:
        rows = [
            [one.customer, one.probability, "; ".join(reason.text for reason in one.reasons)]
            for one in answer.customers
        ]
        return Table(["customer", "probability", "reasons"], rows)
    names = ("auc", "pr_auc", "brier", "lift")
    columns = ["model", *(name + end for name in names for end in ("", "_low", "_high"))]
    found = []
    for model in answer.tested.compared:
        told = [getattr(model, name) for name in names]
        found.append([model.model, *(value for one in told for value in (one.value, one.low, one.high))])
    return Table(columns, found)
