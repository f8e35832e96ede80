"""The model of `intent` that ranks, where one is kept."""

from __future__ import annotations

import msgspec

from warehouse.insights.prediction.predicted import predict
from warehouse.insights.prediction.question import MOST_LISTED, Intent
from warehouse.insights.sales.question import Because, Pipeline
from warehouse.insights.sales.scoring import Chance, Scores
from warehouse.lake import Lake
from warehouse.registry.models import read_models

_PLAIN = Scores(None, {})


def scores(lake: Lake, question: Pipeline, now: int) -> Scores:
    """By the model that the question names, else by the newest useful one, else plain. BadQuestion,
    UnknownName.
    """
    title = question.kept or _newest(lake, question.project)
    if title is None:
        return _PLAIN
    wish = msgspec.structs.replace(
        Intent(kept=title),
        project=question.project,
        until=question.until,
        timezone=question.timezone,
        customers=MOST_LISTED,
    )
    answer = predict(lake, wish, now).answer
    chances = {
        one.customer: Chance(
            one.probability,
            tuple(Because(why.feature, why.value, round(why.effect, 2)) for why in one.reasons),
        )
        for one in answer["customers"]
    }
    return Scores(answer["kept"], chances)


def _newest(lake: Lake, project: str | None) -> str | None:
    """Of the project; where several have one and none is named, none."""
    if lake.registry is None:
        return None
    models = [
        one
        for one in read_models(lake.registry)
        if one.kind == "intent" and one.verdict == "useful" and project in (None, one.project)
    ]
    if len({one.project for one in models}) != 1:
        return None
    newest = max(models, key=lambda one: one.trained_at)
    return f"{newest.name}@{newest.version}"
