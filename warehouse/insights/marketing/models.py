"""Attribution models: how much of a conversion each of its touches is credited with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec
import numpy as np

from warehouse.insights.marketing.journeys import Floats, Ints, Journeys, once
from warehouse.insights.marketing.markov import removal_effects

Model = Literal[
    "first",
    "last",
    "last_non_direct",
    "linear",
    "position",
    "time_decay",
    "participation",
    "markov_global",
    "markov_journey",
]
MARKOV: Final = ("markov_global", "markov_journey")


class Credits(msgspec.Struct, frozen=True):
    """Conversions and their value by touch, in order of the journeys' names.

    `removal`: of Markov models, the removal effect by touch.
    """

    conversions: Floats
    value: Floats
    removal: Floats | None = None


def credits_of(journeys: Journeys, model: Model, half_life: float, order: int) -> Credits:
    """`half_life` in seconds, for time decay; `order`, for Markov. All credits add up to the conversions that
    have touches, but for participation.
    """
    converted = journeys.converted
    if model not in MARKOV:
        return _shared(converted, _WEIGHTS[model](converted, half_life))
    removal = removal_effects(journeys, order)
    if model == "markov_global":
        return _global(converted, removal)
    shared = _shared(converted, _by_journey(converted, removal[converted.code]))
    return msgspec.structs.replace(shared, removal=removal)


def weights_of(journeys: Journeys, model: Model, half_life: float) -> Floats:
    """The part of its conversion that each touch of a journey that converted is credited with; by a model
    other than Markov's.
    """
    return _WEIGHTS[model](journeys, half_life)


def _global(journeys: Journeys, removal: Floats) -> Credits:
    reached = journeys.journey[journeys.starts]
    share = removal / (removal.sum() or 1.0)
    return Credits(share * len(reached), share * journeys.values[reached].sum(), removal)


def _shared(journeys: Journeys, weight: Floats) -> Credits:
    size = len(journeys.names)
    worth = weight * journeys.values[journeys.journey]
    sums = [np.bincount(journeys.code, of, size).astype(np.float64) for of in (weight, worth)]
    return Credits(sums[0], sums[1])


def _chosen(journeys: Journeys, rows: Ints) -> Floats:
    weight = np.zeros(len(journeys.code))
    weight[rows] = 1
    return weight


def _by_journey(journeys: Journeys, weight: Floats) -> Floats:
    """Weights made to add up to one in each journey; equal ones where all are zero."""
    if not len(weight):
        return weight
    sums = np.repeat(np.add.reduceat(weight, journeys.starts), journeys.lengths)
    return np.where(sums > 0, weight / np.where(sums > 0, sums, 1), _linear(journeys, 0))


def _first(journeys: Journeys, _: float) -> Floats:
    return _chosen(journeys, journeys.starts)


def _last(journeys: Journeys, _: float) -> Floats:
    return _chosen(journeys, journeys.starts + journeys.lengths - 1)


def _last_non_direct(journeys: Journeys, _: float) -> Floats:
    if not len(journeys.code):
        return np.zeros(0)
    ends = journeys.starts + journeys.lengths - 1
    places = np.where(journeys.direct, -1, np.arange(len(journeys.code)))
    found = np.maximum.reduceat(places, journeys.starts)
    return _chosen(journeys, np.where(found >= 0, found, ends))


def _linear(journeys: Journeys, _: float) -> Floats:
    return np.repeat(1 / journeys.lengths, journeys.lengths)


def _position(journeys: Journeys, _: float) -> Floats:
    """40 % to the first, 40 % to the last, the rest to those in between; of two touches a half each."""
    length = np.repeat(journeys.lengths, journeys.lengths)
    weight = np.where(length > 2, 0.2 / np.maximum(length - 2, 1), 1 / length)
    long = journeys.lengths > 2
    weight[journeys.starts[long]] = 0.4
    weight[(journeys.starts + journeys.lengths - 1)[long]] = 0.4
    return weight


def _time_decay(journeys: Journeys, half_life: float) -> Floats:
    """Halved with every half-life before the conversion; told from the newest touch, so that all stay
    numbers.
    """
    newest = np.repeat(journeys.age[journeys.starts + journeys.lengths - 1], journeys.lengths)
    return _by_journey(journeys, np.exp2((newest - journeys.age) / half_life))


def _participation(journeys: Journeys, _: float) -> Floats:
    """All of it to each, once a journey."""
    return once(journeys).astype(np.float64)


_WEIGHTS: Final[dict[str, Callable[[Journeys, float], Floats]]] = {
    "first": _first,
    "last": _last,
    "last_non_direct": _last_non_direct,
    "linear": _linear,
    "position": _position,
    "time_decay": _time_decay,
    "participation": _participation,
}
