"""Who did what in which interval of a calendar: as bits, where that is all that a question asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from msgspec import Struct

from warehouse.insights.asked import MANY, NUMBERED, Asked
from warehouse.insights.calendar import Calendar
from warehouse.insights.filters import Selector
from warehouse.insights.rolled import why_raw

if TYPE_CHECKING:
    from warehouse.insights.bitmap import Bits

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
BEFORE, INSIDE, OVER = range(3)  # where a moment lies beside the range
FEW: Final = "there are few events"  # which is why they are read
PART: Final = "who asks sees a part of the customers"
TOO_MUCH: Final = "of so many units too much would have to be remembered"


class Activity(Struct, frozen=True):
    """Events of the `selectors`, the range's and those up to `earlier` and `later` µs beside it."""

    asked: Asked
    calendar: Calendar
    selectors: Sequence[Selector]
    earlier: int = 0
    later: int = 0

    @property
    def from_ever(self) -> bool:
        """Whether everything before the range is read, too."""
        return self.earlier >= self.asked.period.since


class Marking(Protocol[R_co]):
    """Which of `places` bits of a unit what it did sets, and what is made of the bits."""

    places: int

    def marks(self, number: int, side: int, code: int) -> list[int]:
        """Of events in interval `number` (-1: before the first), on one `side` of the range; the bit `i` of
        `code` says that they are of selector `i`.
        """

    def counted(self, bits: Bits) -> R_co:
        """Of the bits of some units."""


def by_bits(
    activity: Activity, *, raw: bool, beyond: str | None, marking: Callable[[], Marking[R]]
) -> tuple[list[R] | None, str | None]:
    """What `marking` counts, unit for unit in parts, and why events were read for it, None: the roll-up was.

    Nothing where a statement has to be run over events: of few of them, of what takes too much memory, of a
    part of the lake; or where more than bits have to be known, for the reason `beyond`. `raw`: events are
    asked for.
    """
    asked = activity.asked
    why = why_raw(asked, activity.selectors, raw=raw, beyond=beyond, begins=activity.calendar.begins)
    if (asked.held if activity.from_ever else asked.days(MANY)) < MANY:
        return None, why or FEW
    if beyond or asked.looks_at_customers or asked.question.unit not in NUMBERED:
        return None, why  # the roll-up does not know these either
    if asked.lake.bounded:
        return None, why or PART
    from warehouse.insights.marking import marked

    found = marked(activity, marking(), rolled=why is None)
    return found, why or (TOO_MUCH if found is None else None)
