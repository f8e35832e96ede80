"""Rules of tags: conditions on what a customer did. All lengths of time are µs.

A window of 7 days holds at each moment what happened in the 7 days before it and at it: an event counts from
its own moment until just before it is 7 days old.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from warehouse.insights.filters import Filter, Selector

# How many message ids of an atom, and of a stay, are kept as evidence: the newest.
MOST_OF_ONE: Final = 10
MOST_EVIDENCE: Final = 20


class Did(msgspec.Struct, frozen=True):
    """At least so many of these events within the window, or ever; of `sum` the amounts added up."""

    event: Selector
    at_least: float = 1
    within: int | None = None
    sum: str | None = None


class Last(msgspec.Struct, frozen=True):
    """The last of these events is at least so long ago, and none of `without` came after it."""

    event: Selector
    ago: int = 0
    without: Selector | None = None


class Sequence(msgspec.Struct, frozen=True):
    """Events one after the other, all within the window, or ever."""

    events: tuple[Selector, ...]
    within: int | None = None


class Change(msgspec.Struct, frozen=True):
    """The count within the window beside that of the window before: `share` 0.5 is 50 %.

    There have to be `least` in the window before.
    """

    event: Selector
    way: Literal["fell", "rose"]
    share: float
    within: int
    least: int = 1


class Attribute(msgspec.Struct, frozen=True):
    """What is known of the customer now, from when that was first said on."""

    filter: Filter


class All(msgspec.Struct, frozen=True):
    """All of these hold."""

    of: tuple[Condition, ...]


class Any(msgspec.Struct, frozen=True):
    """One of these holds."""

    of: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True):
    """This does not hold."""

    of: Condition


Condition = Did | Last | Sequence | Change | Attribute | All | Any | Not


class Tag(msgspec.Struct, frozen=True):
    """A tag with its rule; `text` is the rule as JSON, the same for the same rule."""

    name: str
    description: str
    when: Condition
    text: str


class Versioned(msgspec.Struct, frozen=True):
    """A tag, and which version of its rule this is."""

    tag: Tag
    version: int


def inner(of: Condition) -> tuple[Condition, ...]:
    """The conditions that this one is made of."""
    if isinstance(of, All | Any):
        return of.of
    return (of.of,) if isinstance(of, Not) else ()


def parts(of: Condition) -> Iterator[Condition]:
    """This condition and all within it."""
    yield of
    for one in inner(of):
        yield from parts(one)


def selectors(of: Condition) -> Iterator[Selector]:
    """The events that it looks at."""
    for one in parts(of):
        if isinstance(one, Sequence):
            yield from one.events
        elif isinstance(one, Did | Last | Change):
            yield one.event
        if isinstance(one, Last) and one.without:
            yield one.without


def attributes(of: Condition) -> Iterator[Filter]:
    """What it asks of the customer's attributes."""
    yield from (one.filter for one in parts(of) if isinstance(one, Attribute))


def fields_of(of: Condition) -> Iterator[str]:
    """The names of all fields that it looks at."""
    yield from (one.field for one in attributes(of))
    yield from (one.field for selector in selectors(of) for one in selector.where)
    yield from (one.sum for one in parts(of) if isinstance(one, Did) and one.sum)
