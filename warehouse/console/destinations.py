"""What the page of destinations lists: one line a place, whatever kind of place it is.

Who knows another kind adds a function to `SOURCES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from warehouse.registry import Registry
from warehouse.registry.destinations import Destination

_QUIET_S: Final = 300.0


class Line(msgspec.Struct, frozen=True):
    """A destination as the page tells it; moments in µs UTC.

    `health`: well, failing, late or waiting. `behind`: seconds since all that had come was there; None: never
    was. `rows`: how many are there. `link` leads to more of it, `now` says that it can be tried at once.
    """

    name: str
    kind: str
    place: str
    health: str
    rows: int
    behind: float | None = None
    worked_at: int | None = None
    error: str | None = None
    failing_since: int | None = None
    failures: int = 0
    next_at: int | None = None
    link: str | None = None
    now: bool = False


def published(registry: Registry, at: int) -> list[Line]:
    """What `sojourn publish` keeps fresh."""
    return [_line(one, at) for one in registry.destinations()]


SOURCES: Final[list[Callable[[Registry, int], list[Line]]]] = [published]


def lines(registry: Registry, at: int) -> list[Line]:
    """Every destination of every kind, those that are not well first; `at` in µs UTC."""
    found = [line for source in SOURCES for line in source(registry, at)]
    return sorted(found, key=lambda line: (line.health == "well", line.kind, line.name))


def _line(one: Destination, at: int) -> Line:
    state = one.state
    return Line(
        name=one.name,
        kind="publish",
        place=one.place,
        health=_health(one, at),
        rows=state.rows,
        behind=None if state.complete_until is None else max(0.0, (at - state.complete_until) / 1e6),
        worked_at=state.worked_at,
        error=state.error,
        failing_since=state.failing_since,
        failures=state.failures,
        next_at=state.next_at if state.failures else None,
        now=True,
    )


def _health(one: Destination, at: int) -> str:
    if one.state.failures:
        return "failing"
    if one.state.worked_at is None:
        return "waiting"
    # Nobody may be running who would try.
    quiet = max(3 * one.every, 5 * one.state.seconds, _QUIET_S)
    return "late" if at - one.state.worked_at > quiet * 1e6 else "well"
