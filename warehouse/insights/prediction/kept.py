"""A kept model found again: its question, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.period import period
from warehouse.insights.prediction.days import DAY_US, whole_days
from warehouse.insights.prediction.learned import Learned
from warehouse.insights.prediction.question import Asking, Intent, Risk
from warehouse.insights.prediction.training import Validated
from warehouse.registry.models import StoredModel, read_models
from warehouse.times import iso

T = TypeVar("T")
_QUESTIONS: Final[dict[str, type[Asking]]] = {"risk": Risk, "intent": Intent}


class Kept(msgspec.Struct, frozen=True):
    """A model with the question it answers; `title` is NAME@VERSION."""

    title: str
    question: Asking
    learned: Learned
    tested: Validated


def find_kept(registry: Path | None, wish: Asking) -> Kept:
    """The model that the question names, else its latest version. UnknownName, BadQuestion."""
    stored = chosen(read_models(registry) if registry else [], wish.kept or "", wish.project)
    kind = type(wish).__name__.lower()
    if stored.kind != kind:
        raise BadQuestion(f"kept {wish.kept!r} is a model of {stored.kind}, not of {kind}")
    return Kept(
        f"{stored.name}@{stored.version}",
        read_part(stored, "question", _QUESTIONS[kind]),
        read_part(stored, "model", Learned),
        read_part(stored, "tested", Validated),
    )


def read_part(stored: StoredModel, part: str, type: type[T]) -> T:
    """One of the JSON texts of a kept model. BadQuestion where another release wrote it otherwise."""
    try:
        return msgspec.json.decode(getattr(stored, part), type=type)
    except msgspec.MsgspecError as error:
        title = f"{stored.name}@{stored.version}"
        raise BadQuestion(f"model {title} cannot be read ({error}); training it again would do") from None


def chosen(models: Sequence[StoredModel], title: str, project: str | None) -> StoredModel:
    """The model by NAME or NAME@VERSION."""
    name, _, version = title.partition("@")
    found = [one for one in models if one.name == name and project in (None, one.project)]
    if not found:
        raise unknown("model", title, {one.name for one in models})
    if len({one.project for one in found}) > 1:
        raise BadQuestion(f"several projects have a model {name!r}; name the project")
    if not version:
        return found[-1]
    for one in found:
        if str(one.version) == version:
            return one
    raise unknown("model", title, {f"{one.name}@{one.version}" for one in found})


def as_kept(wish: Asking, kept: Kept, now: int) -> Asking:
    """The kept question, as of the end of the range that is asked for now."""
    until = period(wish.since, wish.until, wish.timezone, now).until
    (history,) = whole_days(kept.question, "history")
    return msgspec.structs.replace(
        kept.question,
        since=iso(until - history * DAY_US),
        until=iso(until),
        customers=wish.customers,
        kept=kept.title,
    )
