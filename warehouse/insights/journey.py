"""What every question about steps has: the steps, how they may follow each other, and the words of it."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from warehouse.insights.asked import Asked
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.period import span
from warehouse.insights.question import Question, require
from warehouse.insights.wording import selector

Order = Literal["ordered", "strict", "any"]
Ties = Literal["sequence", "same_second", "arrival", "apart"]
Tool = Literal["posthog", "clickhouse", "sensors", "amplitude"]

MOST_STEPS: Final = 30
_MOST: Final = {"steps": (2, MOST_STEPS), "exclude": (0, 10), "hold": (0, 3)}
_BETWEEN: Final = re.compile(r"(.+?)(?:\s+between\s+(\d{1,3})\s+and\s+(\d{1,3}))?\s*", re.DOTALL)
_OURS: Final = {"order": "ordered", "ties": "sequence", "range": "entry", "start": "any", "excluded": "stop"}
TOOLS: Final[dict[str, dict[str, str]]] = {
    "posthog": {"range": "both", "excluded": "drop"},
    "clickhouse": {"range": "both"},
    "sensors": {"ties": "arrival"},
    "amplitude": {"ties": "same_second"},
}


class Exclusion(Struct, frozen=True, forbid_unknown_fields=True):
    """An event that must not lie between two steps, by their numbers from 1; `before` 0: the last."""

    event: Selector | str
    after: int = 1
    before: int = 0


class Journey(Question, frozen=True, kw_only=True):
    """Steps, and how they follow each other. A switch that is not set is as `like` has it."""

    positional: ClassVar[str] = "steps"

    steps: Annotated[
        tuple[Selector | str, ...], Meta(description="Events in their order: Viewed 'Order Completed'.")
    ] = ()
    within: Annotated[str, Meta(description="From step 1 to the last, this long at most: 30m, 24h, 7d.")] = (
        "7d"
    )
    like: Annotated[
        Tool | None, Meta(description="Switches as in posthog, clickhouse, sensors or amplitude.")
    ] = None
    order: Annotated[
        Order | None,
        Meta(description="ordered (others may come between), strict (none may) or any.  [default: ordered]"),
    ] = None
    ties: Annotated[
        Ties | None,
        Meta(
            description="Events of one moment: sequence (as the steps need it), same_second (so within one"
            " second), arrival (as they came), apart (one of them at most).  [default: sequence]"
        ),
    ] = None
    range: Annotated[
        Literal["entry", "both"] | None,
        Meta(description="What since and until limit: entry (step 1) or both (every step). [default: entry]"),
    ] = None
    start: Annotated[
        Literal["any", "first"] | None,
        Meta(description="A journey begins at any step 1 or at the first of them.  [default: any]"),
    ] = None
    exclude: Annotated[
        tuple[Exclusion | str, ...],
        Meta(description="Events that must not come between: 'Cancelled between 2 and 3'; repeatable."),
    ] = ()
    excluded: Annotated[
        Literal["stop", "drop"] | None,
        Meta(description="Who did so: stop (got no further) or drop (is not counted).  [default: stop]"),
    ] = None
    hold: Annotated[
        tuple[str, ...], Meta(description="Fields that have one value in all steps of a journey; repeatable.")
    ] = ()


J = TypeVar("J", bound=Journey)


class Plan(Struct, frozen=True):
    """A journey as it is to be followed: its selectors, switches and lengths. `within`: µs.

    `barred`: (selector, after, before) of each exclusion.
    """

    steps: list[Selector]
    within: int
    order: str
    ties: str
    both: bool
    first: bool
    drop: bool
    barred: list[tuple[Selector, int, int]]
    hold: tuple[str, ...]

    @property
    def overlap(self) -> bool:
        """Whether one event might be two of the steps."""
        return any(
            _may_meet(one, other) for at, one in enumerate(self.steps) for other in self.steps[at + 1 :]
        )

    @property
    def later(self) -> int:
        """How far beyond the period steps are looked for, µs."""
        return 0 if self.both else self.within


def plan(asked: Asked, question: Journey) -> Plan:
    """BadQuestion where steps and switches do not go together."""
    require(question, **_MOST)
    switches = _settled(question)
    found = Plan(
        [asked.selector(one) for one in question.steps],
        span("within", question.within),
        switches["order"],
        switches["ties"],
        switches["range"] == "both",
        switches["start"] == "first",
        switches["excluded"] == "drop",
        [_exclusion(one, len(question.steps)) for one in question.exclude],
        question.hold,
    )
    _agree(found)
    return found


def settled(question: J) -> J:
    """The question with every switch set, as the answer repeats it."""
    return msgspec.structs.replace(question, **_settled(question))


def _settled(question: Journey) -> dict[str, str]:
    ours = _OURS | TOOLS.get(question.like or "", {})
    return {name: getattr(question, name) or value for name, value in ours.items()}


def _agree(found: Plan) -> None:
    if found.order == "strict" and found.barred:
        raise BadQuestion("exclude: with order strict nothing may come between anyway; leave it out")
    if found.order == "any":
        if len(set(found.steps)) < len(found.steps):
            raise BadQuestion("steps: with order any each would have to be another; ordered takes one twice")
        if any((after, before) != (1, len(found.steps)) for _, after, before in found.barred):
            raise BadQuestion("exclude: with order any it can only be between the first step and the last")


def _exclusion(given: Exclusion | str, steps: int) -> tuple[Selector, int, int]:
    one = _worded(given) if isinstance(given, str) else given
    before = one.before or steps
    if not 1 <= one.after < before <= steps:
        raise BadQuestion(
            f"exclude: between {one.after} and {before} is no part of {steps} steps; between 1 and {steps}"
            " would do"
        )
    return selector(one.event) if isinstance(one.event, str) else one.event, one.after, before


def _worded(text: str) -> Exclusion:
    found = _BETWEEN.fullmatch(text)
    if found is None:
        raise BadQuestion("exclude: an event has no name; Cancelled between 1 and 2 would do")
    return Exclusion(found[1], int(found[2] or 1), int(found[3] or 0))


def _may_meet(one: Selector, other: Selector) -> bool:
    return all(None in pair or pair[0] == pair[1] for pair in zip(one.kind, other.kind, strict=True))
