"""Where items went from each stage, and how long they stood there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from warehouse.insights.sales.items import Item

DAY_US = 86_400_000_000


class Ways(Struct, frozen=True):
    """Places of open stages by name, and the names (in small letters) of the ends."""

    places: Mapping[str, int]
    won: frozenset[str]
    lost: frozenset[str]

    def outcome(self, one: Item) -> str:
        """won, lost or open, as it stands now."""
        stage = one.stage.lower()
        return "won" if stage in self.won else "lost" if stage in self.lost else "open"

    def fate(self, one: Item, place: int) -> str | None:
        """What became of it from the stage at that place; None: it never was in it."""
        entered = [at for at, (stage, _) in enumerate(one.stays) if self.places.get(stage) == place]
        if not entered:
            return None
        after = [stage for stage, _ in one.stays[entered[0] + 1 :]]
        if any(self.places.get(stage, -1) > place or stage.lower() in self.won for stage in after):
            return "onward"
        return "lost" if self.outcome(one) == "lost" else "standing"


def stays_of(
    found: Sequence[Item], stage: str, now: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Days of each stay in a stage, and whether it ended; those that go on are counted until `now`."""
    days, ended = [], []
    for one in found:
        for place, (name, since) in enumerate(one.stays):
            if name == stage:
                last = place + 1 == len(one.stays)
                until = now if last else one.stays[place + 1][1]
                days.append(max(until - since, 0) / DAY_US)
                ended.append(not last)
    return np.array(days, float), np.array(ended, bool)


def median_days(days: npt.NDArray[np.float64], ended: npt.NDArray[np.bool_]) -> float | None:
    """By Kaplan and Meier: the first day by which half have left; None where that was not seen."""
    share = 1.0
    for day in np.unique(days[ended]):
        at_risk = np.count_nonzero(days >= day)
        share *= 1 - np.count_nonzero(ended & (days == day)) / at_risk
        if share <= 0.5:
            return float(day)
    return None
