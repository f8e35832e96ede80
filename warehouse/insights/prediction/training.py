"""From rows of past days to a model that was tested: learned on early days, calibrated on a later one, judged
on the latest. Never the other way round, and never at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from warehouse.insights.prediction.features import Features, Flags, Floats
from warehouse.insights.prediction.learned import Column, Learned, Linear, Trees
from warehouse.insights.prediction.learning import (
    column_of,
    columns_of,
    learn_linear,
    learn_trees,
    learned,
    some_rows,
)
from warehouse.insights.prediction.measured import (
    Bin,
    Estimate,
    Measured,
    auc,
    measured,
    ranked,
    reliability,
)
from warehouse.insights.prediction.question import Asking, checked

Verdict = Literal["useful", "no_better_than_recency", "useless", "not_enough_data"]
Places = NDArray[np.int64]
LEAST: Final = 10
_MEANT: Final = {
    "useful": "useful",
    "no_better_than_recency": "no better than looking at who was here lately",
    "useless": "useless: no better than chance; do not act on it",
}
_ROLES: Final = ("validation", "calibration", "learning")
_RECENCY: Final = "recency"
_DAYS: Final = "recency_days"
_WEIGHED: Final = 300


class Slice(Struct, frozen=True):
    """A past day, `days_back` from the end of the range, and what it served for: `customers` were known by
    then, and it `came` true for so many within the horizon.
    """

    role: str
    days_back: int
    customers: int
    came: int


class Weight(Struct, frozen=True):
    """How much a feature moves the log odds, as a share of all that moves them, and whether more of it makes
    it likelier.
    """

    feature: str
    share: float
    more_is_likelier: bool


class Validated(Struct, frozen=True):
    """A model on the validation day. `gain`: its AUC less that of recency alone."""

    verdict: Verdict
    model: str
    base_rate: float
    gain: Estimate
    slices: list[Slice]
    compared: list[Measured]
    reliability: list[Bin]
    weights: list[Weight]

    def notes(self) -> list[str]:
        """How far to trust it, a line each."""
        (own,) = (one for one in self.compared if one.model == self.model)
        auc, recency = own.auc, own.auc.value - self.gain.value
        tenths = ", ".join(f"{one.expected:.0%} {one.actual.rate or 0:.0%}" for one in self.reliability)
        return [
            f"{self.model}: {_MEANT[self.verdict]}",
            f"tested: AUC {auc.value:.2f} ({auc.low:.2f} to {auc.high:.2f}), recency alone {recency:.2f}",
            f"Brier {own.brier.value:.3f}; top tenth {own.lift.value:.1f} times {self.base_rate:.1%} of all",
            f"expected and actual, by tenths: {tenths}",
        ]


class Lacking(Struct, frozen=True):
    """Why nothing can be learned, with the numbers."""

    reason: str
    slices: list[Slice]


class Parts(Struct, frozen=True):
    """Which rows serve for what."""

    validation: Flags
    calibration: Flags
    learning: Flags


class Candidate(Struct, frozen=True):
    """A model, and where its columns stand among the features."""

    name: str
    learned: Learned
    places: Places

    def values(self, rows: Features, of: Flags) -> Floats:
        return rows.values[of][:, self.places]


def train(question: Asking, rows: Features, days: Sequence[int]) -> tuple[Learned, Validated] | Lacking:
    """The better model of the days (back from the end), or what there is too little of."""
    horizon, history, _ = checked(question)
    usable = [day for day in days if day + history <= rows.depth + 1]
    if len(usable) < len(_ROLES):
        return Lacking(_too_short(question, rows.depth + 1, history + 3 * horizon), [])
    slices = [_slice(rows, usable, number) for number in range(len(usable))]
    parts = Parts(rows.of(usable[:1]), rows.of(usable[1:2]), rows.of(usable[2:]))
    if reason := _uneven(question, rows, parts):
        return Lacking(reason, slices)
    columns, places = columns_of(rows.names, rows.values[parts.learning])
    if not columns:
        return Lacking("all customers to learn from are alike", slices)
    candidates = [
        _candidate(question, rows, parts, name, learn, columns, places)
        for name, learn in _forms(question).items()
    ]
    chosen = _best(candidates, rows, parts)
    recency = _recency(question, rows, parts)
    return chosen.learned, _tested(question, rows, parts, slices, [recency, *candidates], chosen)


def _too_short(question: Asking, there: int, wanted: int) -> str:
    return (
        f"the range has {there} days of data; history {question.history} and three horizons of"
        f" {question.horizon} take {wanted}, all of them before complete_until"
    )


def _slice(rows: Features, usable: Sequence[int], number: int) -> Slice:
    of = rows.of([usable[number]])
    return Slice(_ROLES[min(number, 2)], usable[number], int(of.sum()), int(rows.later[of].sum()))


def _uneven(question: Asking, rows: Features, parts: Parts) -> str:
    for role in _ROLES:
        of: Flags = getattr(parts, role)
        all_, came = int(of.sum()), int(rows.later[of].sum())
        if min(came, all_ - came) < LEAST:
            return (
                f"for {role} there are {all_} {question.unit}s, and it came true for {came} of them;"
                f" {LEAST} of each kind would do: a longer range, another horizon or another event"
            )
    return ""


Learning = Callable[[list[Column], Floats, Flags], Linear | Trees]


def _forms(question: Asking) -> dict[str, Learning]:
    found: dict[str, Learning] = {
        "logistic": learn_linear,
        "boosting": lambda columns, values, came: learn_trees(columns, values, came, question.seed),
    }
    return found if question.model == "best" else {question.model: found[question.model]}


def _candidate(
    question: Asking,
    rows: Features,
    parts: Parts,
    name: str,
    learn: Learning,
    columns: list[Column],
    places: Places,
) -> Candidate:
    learning = np.flatnonzero(parts.learning)
    learning = learning[some_rows(len(learning), question.seed)]
    form = learn(columns, rows.values[np.ix_(learning, places)], rows.later[learning])
    held, came = rows.values[parts.calibration][:, places], rows.later[parts.calibration]
    return Candidate(name, learned(columns, form, question.calibration, held, came), places)


def _recency(question: Asking, rows: Features, parts: Parts) -> Candidate:
    """What everybody knows without a model: who was here lately comes again."""
    place = rows.names.index(_DAYS)
    columns = [column_of(_DAYS, rows.values[parts.learning, place])]
    return _candidate(question, rows, parts, _RECENCY, learn_linear, columns, np.array([place]))


def _best(candidates: Sequence[Candidate], rows: Features, parts: Parts) -> Candidate:
    """By AUC on the calibration day; the validation day is not looked at. Of equals the simplest."""
    came = rows.later[parts.calibration]

    def parted(one: Candidate) -> float:
        found = one.learned.log_odds(one.values(rows, parts.calibration))
        return auc(ranked(found, found, came), np.ones(len(came)))

    return max(candidates, key=parted)


def _tested(
    question: Asking,
    rows: Features,
    parts: Parts,
    slices: list[Slice],
    candidates: Sequence[Candidate],
    chosen: Candidate,
) -> Validated:
    came, known = rows.later[parts.validation], {}
    for one in candidates:
        values = one.values(rows, parts.validation)
        known[one.name] = ranked(one.learned.log_odds(values), one.learned.probability(values), came)
    compared, gains = measured(known, _RECENCY, question.seed)
    (own,) = (one for one in compared if one.model == chosen.name)
    values = chosen.values(rows, parts.validation)
    return Validated(
        _verdict(own, gains[chosen.name]),
        chosen.name,
        float(came.mean()),
        gains[chosen.name],
        slices,
        compared,
        reliability(known[chosen.name].probability, came),
        _weights(chosen.learned, values[:_WEIGHED]),
    )


def _verdict(own: Measured, gain: Estimate) -> Verdict:
    if own.auc.low <= 0.5:
        return "useless"
    return "useful" if gain.low > 0 else "no_better_than_recency"


def _weights(model: Learned, values: Floats) -> list[Weight]:
    _, added = model.contributions(values)
    moves = np.abs(added).mean(axis=0)
    slopes = ((values - values.mean(axis=0)) * added).mean(axis=0)
    total = float(moves.sum()) or 1.0
    found = [
        Weight(column.name, float(move) / total, bool(slope > 0))
        for column, move, slope in zip(model.columns, moves, slopes, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.share, one.feature))
