"""Steps of a funnel that may be skipped: each is looked at by itself, and the others do not wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.journey import Journey, settled

_MOST_OPTIONAL: Final = 5
S = TypeVar("S")
Q = TypeVar("Q", bound=Journey)


def check_optional(question: Journey, optional: Sequence[int], parted: bool) -> None:
    """BadQuestion where steps cannot be skipped like that. `parted`: it is broken down otherwise than by the
    value at step 1.
    """
    last = len(question.steps)
    if len(optional) > _MOST_OPTIONAL:
        raise BadQuestion(f"optional: 0 to {_MOST_OPTIONAL} would do, not {len(optional)}")
    if len(set(optional)) < len(optional):
        raise BadQuestion("optional: a step is named twice; once would do")
    wrong = [number for number in optional if not 1 < number < last]
    if wrong:
        raise BadQuestion(f"optional: step {wrong[0]} of {last}: one between the first and the last would do")
    if not optional:
        return
    if settled(question).order != "ordered":
        raise BadQuestion("optional: steps can be skipped with order ordered only")
    if question.exclude:
        raise BadQuestion("optional: exclusions are between steps that all have to be done; leave one out")
    if parted:
        raise BadQuestion("optional: breakdowns are by step 1 there: attribution step and at_step 1 would do")


def required(question: Q, optional: Sequence[int]) -> Q:
    """The funnel of the steps that have to be done."""
    kept = tuple(step for number, step in enumerate(question.steps, 1) if number not in optional)
    return _of(question, kept)


def towards(question: Q, optional: Sequence[int], number: int) -> Q:
    """The funnel of those before an optional step, and that step."""
    before = [step for at, step in enumerate(question.steps, 1) if at < number and at not in optional]
    return _of(question, (*before, question.steps[number - 1]))


def woven(size: int, needed: Sequence[S], beside: Mapping[int, S]) -> list[S]:
    """All steps in their order again; `beside`: the optional ones by number."""
    others = iter(needed)
    return [beside[number] if number in beside else next(others) for number in range(1, size + 1)]


def _of(question: Q, steps: tuple[Selector | str, ...]) -> Q:
    changed: Q = msgspec.structs.replace(question, steps=steps, optional=())
    return changed
