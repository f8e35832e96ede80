"""Whether an order counts: by where it stands, as a mapping says what that means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

COMPLETED, UPDATED = "Order Completed", "Order Updated"
CANCELLED, REFUNDED = "Order Cancelled", "Order Refunded"
# What is known of a row: no event of it was taken; one was, and it counts; one was, and it does not count.
NEVER, COUNTS, APART = range(3)
KEPT: Final = 3
"""As it was before: what an event that decides nothing says."""


class States:
    """What the texts of `status` mean: `meanings` are `completed`, `cancelled`, `refunded` by text."""

    def __init__(self, meanings: Mapping[str, str]) -> None:
        self._meanings = {bare(text): meaning for text, meaning in meanings.items()}

    def step(self, said: Mapping[str, Any], mark: int) -> tuple[str, int]:
        """The event of what an order says now, and how it counts after it. An order counts once, from when
        it is completed until it is not any more.
        """
        meaning = self._meanings.get(bare(said.get("status", "")))
        if meaning == "completed":
            return (UPDATED if mark == COUNTS else COMPLETED), COUNTS
        if mark == COUNTS:
            return (REFUNDED if meaning == "refunded" else CANCELLED), APART
        return UPDATED, APART

    def agree(self, said: Mapping[str, Any], mark: int) -> bool:
        """Whether an order that says nothing new counts as it should."""
        return mark == NEVER or self.step(said, mark)[1] == mark


def bare(text: object) -> str:
    """A state, in any spelling of its letters."""
    return str(text).strip().casefold()


def mark_of(event: str | None, revision: int, *, taken: bool) -> int:
    """How an order, or any row, counts after an event that is kept of it."""
    if not taken:
        return KEPT
    if event in (CANCELLED, REFUNDED):
        return APART
    if event == UPDATED:
        return APART if revision == 1 else KEPT
    return COUNTS
