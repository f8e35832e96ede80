"""Models learned from the lake and kept in the registry."""

from __future__ import annotations

from typing import Any

import msgspec

from warehouse.insights.asked import absolute
from warehouse.insights.errors import BadQuestion
from warehouse.insights.prediction.predicted import predict
from warehouse.insights.prediction.question import Intent, Risk
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.models import StoredModel


def train(lake: Lake, registry: Registry, wish: Risk | Intent, name: str, by: str, now: int) -> StoredModel:
    """The next version of a name. `now`: µs UTC. BadQuestion where nothing can be learned."""
    if wish.kept is not None:
        raise BadQuestion(f"kept {wish.kept!r} is learned already; a question without it would do")
    found = predict(lake, absolute(wish, now), now)
    answer: dict[str, Any] = found.answer
    if found.learned is None:
        raise BadQuestion(f"nothing was kept: {answer['lacking']}")
    stored = registry.keep_model(
        answer["project"],
        name,
        by,
        kind=type(wish).__name__.lower(),
        question=msgspec.json.encode(answer["question"]).decode(),
        as_of=answer["as_of"],
        verdict=answer["verdict"],
        tested=msgspec.json.encode(answer["tested"]).decode(),
        model=msgspec.json.encode(found.learned).decode(),
    )
    registry.audit(by, "model.train", f"{stored.project}: {name}@{stored.version}")
    return stored
