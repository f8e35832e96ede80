"""Attribution: which visits conversions are credited to, by several models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.marketing.journeys import (
    NO_TOUCH,
    Floats,
    Ints,
    Journeys,
    journeys_of,
    shaped,
)
from warehouse.insights.marketing.models import MARKOV, Credits, Model, credits_of
from warehouse.insights.marketing.statement import journeys_sql
from warehouse.insights.period import span
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.insights.visited import touch
from warehouse.lake import Lake

Kept = Literal["all", "exposure", "first", "last"]
MOST_MODELS: Final = 9
_BOUNDS: Final = {"models": (1, MOST_MODELS), "order": (1, 3), "top": (1, 200), "without": (0, 50)}


class Attribution(Question, frozen=True, kw_only=True):
    """Which channels, campaigns or sources conversions are credited to."""

    positional: ClassVar[str] = "event"

    event: Annotated[Selector | str, Meta(description="The event that is a conversion.")] = "Order Completed"
    value: Annotated[str | None, Meta(description="Field that says what one is worth.")] = None
    touch: Annotated[
        str,
        Meta(description="What visits go by: channel, campaign, source, medium, referrer, landing_page, …"),
    ] = "channel"
    models: Annotated[
        tuple[Model, ...],
        Meta(
            description="Models, side by side, of these:"
            " first, last, last_non_direct, linear, position, time_decay, participation, markov_global,"
            " markov_journey."
        ),
    ] = ("first", "last", "linear")
    lookback: Annotated[str, Meta(description="How long before a conversion visits count.")] = "30d"
    half_life: Annotated[str, Meta(description="Of time decay: credit halves with so much time.")] = "7d"
    order: Annotated[int, Meta(description="Of Markov: how many touches back it remembers, 1 to 3.")] = 1
    path: Annotated[
        Kept, Meta(description="Touches of a journey that count: a run once (exposure), each name once:")
    ] = "all"
    without: Annotated[
        tuple[str, ...], Meta(description="Touches left out of journeys that have others: Direct.")
    ] = ()
    restart: Annotated[bool, Meta(description="Only visits after the conversion before count.")] = False
    top: Annotated[int, Meta(description="Touches by name; rarer ones are (other).")] = 50


class Credit(Struct, frozen=True):
    """One touch. `touches`: how often it stands in a journey that converted; `conversions` and `value`: what
    it is credited with, by model, in the question's order. `removal`: its Markov removal effect, 0 to 1.
    """

    touch: str
    touches: int
    conversions: list[float]
    value: list[float]
    removal: float | None


class AttributionAnswer(Answer, frozen=True, kw_only=True):
    """`credits`: the most by the first model first; conversions without any visit stand under (none).

    `conversions` and `value`: all there were. Every model's column adds up to them, but participation's. `n`
    counts units with conversions. `failed`: journeys that led to none; null where no model asks for them.
    """

    question: Attribution
    conversions: int
    value: float
    failed: int | None
    credits: list[Credit]


def attribution(lake: Lake, question: Attribution, now: int) -> AttributionAnswer:
    """Credit for conversions in the range; touches may lie before it. `now`: µs UTC. BadQuestion,
    UnknownName.
    """
    _check(question)
    with asking(lake, question, now) as asked:
        selector = asked.selector(question.event)
        sql = _sql(asked, question, selector, span("lookback", question.lookback))
        rows = asked.arrow(sql)
        journeys, first, _ = journeys_of(rows, question.top)
        if not len(first):
            asked.known([selector])
        told = asked.told(sql, *counted(rows, first, asked.complete_us))
    journeys = shaped(journeys, question.path, question.without)
    return AttributionAnswer(
        question=question,
        conversions=len(first),
        value=float(journeys.values.sum()),
        failed=_failed(journeys, question.models),
        credits=_credits(journeys, question),
        **told,
    )


def _check(question: Attribution) -> None:
    require(question, **_BOUNDS)
    if len(set(question.models)) < len(question.models):
        raise BadQuestion(f"models: {', '.join(question.models)[:200]!r} names one twice; once would do")


def counted(rows: pa.Table, first: Ints, complete: int) -> tuple[int, int]:
    """Units that converted, and those of them that did before a moment (µs UTC)."""
    place, moment = (rows[name].to_numpy()[first] for name in ("place", "moment"))
    return int(np.sum(place == 1)), int(np.sum((place == 1) & (moment < complete)))


def _sql(asked: Asked, question: Attribution, selector: Selector, lookback: int) -> str:
    failed = any(one in MARKOV for one in question.models)
    return journeys_sql(
        asked,
        is_one=asked.is_one(selector),
        number=asked.field(question.value).number if question.value else "1.0",
        touch=touch(question.touch),
        lookback=lookback,
        earlier=lookback if question.restart else 0,
        later=lookback if failed else 0,
        restart=question.restart,
        more=["insights/journeys_failed"] if failed else [],
    )


def _failed(journeys: Journeys, models: Sequence[Model]) -> int | None:
    if not any(one in MARKOV for one in models):
        return None
    return len(np.unique(journeys.journey[journeys.journey < 0]))


def _credits(journeys: Journeys, question: Attribution) -> list[Credit]:
    half_life = span("half_life", question.half_life) / 1e6
    found = [credits_of(journeys, one, half_life, question.order) for one in question.models]
    converted = journeys.converted
    counts = np.bincount(converted.code, minlength=len(journeys.names))
    told = [_credit(journeys.names[code], code, counts, found) for code in np.flatnonzero(counts).tolist()]
    told.sort(key=lambda one: (-one.conversions[0], one.touch))
    without = np.ones(len(journeys.values), np.bool_)
    without[converted.journey] = False
    return [*told, *_untouched(journeys.values[without], len(found))]


def _credit(name: str, code: int, counts: Ints, found: Sequence[Credits]) -> Credit:
    removal = next((one.removal for one in found if one.removal is not None), None)
    return Credit(
        name,
        int(counts[code]),
        [float(one.conversions[code]) for one in found],
        [float(one.value[code]) for one in found],
        None if removal is None else float(removal[code]),
    )


def _untouched(values: Floats, models: int) -> list[Credit]:
    """Conversions before which nobody visited, as one row where there are any."""
    if not len(values):
        return []
    return [Credit(NO_TOUCH, 0, [float(len(values))] * models, [float(values.sum())] * models, None)]


def attribution_table(answer: AttributionAnswer) -> Table:
    """One row a touch, two columns a model."""
    question = answer.question
    columns = [f"{model} {what}" for model in question.models for what in ("conversions", "value")]
    rows: list[list[Any]] = []
    for one in answer.credits:
        cells = [cell for pair in zip(one.conversions, one.value, strict=True) for cell in pair]
        rows.append([one.touch, one.touches, *cells])
    return Table([question.touch, "touches", *columns], rows)
