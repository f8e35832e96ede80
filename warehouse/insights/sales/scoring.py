"""How likely an open one is to be won: a plain score of what its customer did lately, with its reasons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from warehouse.insights.sales.items import State
from warehouse.insights.sales.question import Because
from warehouse.insights.sales.stages import DAY_US

SEEN, VISITS, ACHIEVED, STAGE = 40.0, 30.0, 15.0, 15.0
_SEEN_DAYS: Final = 7.0
_VISITS: Final = 3.0


class Chance(Struct, frozen=True):
    """By a model: a probability, and what moves it."""

    probability: float
    reasons: tuple[Because, ...]


class Scores(Struct, frozen=True):
    """By which open ones are ranked; `chances` by customer, of the model of that title, if any."""

    model: str | None
    chances: Mapping[str, Chance]

    def of(self, now: State, progress: float, at: int) -> tuple[float, list[Because]]:
        """Score, 0 to 100, and its reasons, what counts most first. `progress`: 0 the first stage, 1 beyond
        the last. Who is not among those that the model knows has the chance 0 by it.
        """
        if self.model is None:
            reasons = plain(now, progress, at)
            return round(sum(one.points for one in reasons), 1), reasons
        chance = self.chances.get(now.customer or "")
        return (round(100 * chance.probability, 1), list(chance.reasons)) if chance else (0.0, [])


def plain(now: State, progress: float, at: int) -> list[Because]:
    """At most 40 points for how lately they were here, 30 for visits, 15 for key events, 15 for the stage."""
    days = None if now.last_seen is None else max(at - now.last_seen, 0) / DAY_US
    seen = 0.0 if days is None else SEEN * math.exp(-days / _SEEN_DAYS)
    found = [
        Because("days_since_seen", None if days is None else round(days, 1), seen),
        Because("visits_14d", now.visits, VISITS * (1 - math.exp(-now.visits / _VISITS))),
        Because("key_events_30d", now.achieved, ACHIEVED * (1 - math.exp(-now.achieved))),
        Because("progress", round(progress, 2), STAGE * progress),
    ]
    told = [Because(one.what, one.value, round(one.points, 1)) for one in found]
    return sorted(told, key=lambda one: (-one.points, one.what))
