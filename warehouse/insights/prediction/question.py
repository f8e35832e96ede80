"""What is asked of a model: whom it is about, what it foresees, and from what."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.prediction.days import whole_days
from warehouse.insights.question import Question, require

MOST_LISTED: Final = 10_000
_UNITS: Final = ("customer", "device", "user")
_BOUNDS: Final = {
    "customers": (0, MOST_LISTED),
    "seed": (0, 1 << 31),
    "dates": (1, 24),
    "steps": (0, 20),
    "channels": (0, 12),
}


class Prediction(Question, frozen=True, kw_only=True):
    """What `risk` and `intent` have in common."""

    positional: ClassVar[str] = "event"
    most_listed: ClassVar[int] = MOST_LISTED

    since: Annotated[str, Meta(description="Learn from what happened since.")] = "365d"
    horizon: Annotated[str, Meta(description="How far ahead, in whole days.")] = "30d"
    history: Annotated[str, Meta(description="How far features look back.")] = "60d"
    active: Annotated[str, Meta(description="About who was active within so long.")] = "30d"
    value: Annotated[str | None, Meta(description="Field that says what a purchase is worth.")] = None
    steps: Annotated[
        tuple[Selector | str, ...], Meta(description="Steps of a funnel: how many were reached.")
    ] = ()
    contact: Annotated[
        Selector | str | None, Meta(description="The event of asking for help: 'Ticket Opened'.")
    ] = None
    channels: Annotated[
        tuple[str, ...], Meta(description="Channels whose share of the visits is a feature.")
    ] = ("Direct", "Organic Search", "Paid Search", "Email", "Referral")
    model: Annotated[
        Literal["best", "logistic", "boosting"],
        Meta(description="Which one; the best is the better one on days that it did not learn from:"),
    ] = "best"
    calibration: Annotated[
        Literal["sigmoid", "isotonic"], Meta(description="How scores become probabilities:")
    ] = "sigmoid"
    dates: Annotated[int, Meta(description="Past days to learn from at most, a horizon apart.")] = 6
    seed: Annotated[int, Meta(description="The same seed over the same data gives the same answer.")] = 1
    customers: Annotated[int, Meta(description="So many customers are listed, the likeliest first.")] = 20
    kept: Annotated[
        str | None,
        Meta(description="Score with this model, kept by `sojourn model train`: NAME or NAME@VERSION."),
    ] = None


class Risk(Prediction, frozen=True, kw_only=True):
    """Who will stop: the chance that a customer does not do `event` within the horizon, with reasons."""

    event: Annotated[Selector | str, Meta(description="What active customers do.")] = "*"
    bought: Annotated[Selector | str, Meta(description="The event that is a purchase.")] = "Order Completed"

    @property
    def purchase(self) -> Selector | str:
        """The event that is a purchase."""
        return self.bought


class Intent(Prediction, frozen=True, kw_only=True):
    """Who will buy: the chance that a customer does `event` within the horizon, with reasons."""

    event: Annotated[Selector | str, Meta(description="The event that is a purchase.")] = "Order Completed"

    @property
    def purchase(self) -> Selector | str:
        """The event that is a purchase."""
        return self.event


Asking = Risk | Intent


def checked(question: Asking) -> tuple[int, int, int]:
    """Horizon, history and active in days. BadQuestion names what will not do."""
    require(question, **_BOUNDS)
    if question.unit not in _UNITS:
        raise BadQuestion(f"unit {question.unit!r} has no future of its own; {', '.join(_UNITS)} would do")
    horizon, history, active = whole_days(question, "horizon", "history", "active")
    if active > history:
        raise BadQuestion(
            f"active {question.active!r} is longer than the history of {question.history!r}; a longer"
            " history would do"
        )
    return horizon, history, active
