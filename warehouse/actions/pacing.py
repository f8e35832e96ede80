"""When a destination is tried again, and how fast. Pure: the clock (µs UTC) and the dice are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_TROUBLES: Final = 5
_FIRST_REST, _LONGEST_REST = 10_000_000, 300_000_000


def pause(attempts: int, first: float, most: float, dice: Callable[[], float]) -> float:
    """Seconds before the next try after so many: twice as long each time, and up to a half less by chance."""
    return float(min(first * 2.0 ** min(attempts, 40), most) * (1 - dice() / 2))


class Circuit:
    """Of one destination: after some troubles in a row it is left alone for a while, then tried with one
    message.
    """

    def __init__(self) -> None:
        self.troubles = 0
        self.until = 0
        self._probing = False

    def may(self, now: int) -> bool:
        """Whether something may be sent."""
        return not self._probing and now >= self.until

    @property
    def is_open(self) -> bool:
        return self.troubles >= _TROUBLES

    def began(self) -> None:
        """Something is under way; where it was in trouble, nothing else is until that has ended."""
        self._probing = self.is_open

    def ended(self, well: bool, now: int, after: float = 0.0) -> None:
        """`after`: seconds for which the destination itself asked."""
        self._probing = False
        if well:
            self.troubles = 0
            return
        self.troubles += 1
        rest = 0
        if self.is_open:
            rest = min(_FIRST_REST << min(self.troubles - _TROUBLES, 10), _LONGEST_REST)
        self.until = max(self.until, now + max(rest, int(after * 1e6)))


class Pace:
    """Of one destination: so many messages a minute, evenly."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.next = 0

    def may(self, now: int) -> bool:
        return now >= self.next

    def took(self, now: int) -> None:
        if self.rate:
            self.next = max(now, self.next) + int(60e6 / self.rate)
