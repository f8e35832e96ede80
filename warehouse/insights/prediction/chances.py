"""What the kept models foresee of a customer, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from warehouse.insights.prediction.predicted import Likely, intent, risk
from warehouse.insights.prediction.question import MOST_LISTED, Intent, Risk
from warehouse.lake import Lake
from warehouse.registry.models import StoredModel, read_models

_MOST_MODELS: Final = 4


class Ranked(Struct, frozen=True):
    """The likeliest customers by a model, `n` of them at most, as of `as_of` (ISO 8601, UTC)."""

    model: str
    kind: str
    as_of: str
    n: int
    customers: dict[str, Likely]


def models_of(registry: Path | None, project: str) -> Sequence[StoredModel]:
    """The newest version of each kept model of a project."""
    stored = read_models(registry) if registry else []
    newest = {one.name: one for one in stored if one.project == project}
    return list(newest.values())[:_MOST_MODELS]


def ranked(lake: Lake, model: StoredModel, now: int) -> Ranked:
    """Who is likeliest by a kept model. `now`: µs UTC. BadQuestion, UnknownName, ModelsMissing."""
    title = f"{model.name}@{model.version}"
    ask, kind = (intent, Intent) if model.kind == "intent" else (risk, Risk)
    answer = ask(lake, kind(kept=title, project=model.project, customers=MOST_LISTED), now)  # type: ignore[arg-type]
    return Ranked(
        title, model.kind, answer.as_of, MOST_LISTED, {one.customer: one for one in answer.customers}
    )
