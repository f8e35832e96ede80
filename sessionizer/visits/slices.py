"""All events some at a time: slices of time, so that memory is bounded however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import msgspec

from sessionizer.spans import day_of
from sessionizer.statements import statement
from warehouse.lake import Lake

AT_ONCE: Final = 2_000_000


class Slice(msgspec.Struct, frozen=True):
    """Events by a condition over `whole`; those of later slices happened at `until` (µs) or later.

    None: no later slice belongs to the same subjects.
    """

    among: str
    until: int | None = None


def slices(lake: Lake, at_once: int = AT_ONCE) -> Iterator[Slice]:
    """The temp view `whole` in order of time, about `at_once` events each; one minute is never cut in two."""
    begins = [begin for begin, _ in _gathered(_begins(lake, at_once), at_once)]
    for begin, end in pairwise([*begins, None]):
        assert begin is not None
        yield Slice(_between(begin, end), end)


def parts(events: int, at_once: int = AT_ONCE) -> Iterator[Slice]:
    """The same by subject, for rules by which what lies far apart may belong together."""
    number = 1 + events // at_once
    for part in range(number):
        yield Slice(f"subject_key % {number} IN ({part}, {-part})")


def _begins(lake: Lake, at_once: int) -> Iterator[tuple[int, int]]:
    """Days, or minutes of days that hold too much, each with its events."""
    for day, events in lake.query(statement("sessions/days")):
        if events <= at_once:
            yield day, events
        else:
            yield from lake.query(statement("sessions/minutes", day=day_of(day)))


def _gathered(begins: Iterable[tuple[int, int]], at_once: int) -> Iterator[tuple[int, int]]:
    first: int | None = None
    total = 0
    for begin, events in begins:
        if first is not None and total + events > at_once:
            yield first, total
            first, total = None, 0
        first = begin if first is None else first
        total += events
    if first is not None:
        yield first, total


def _between(begin: int, end: int | None) -> str:
    """Days as constants, by which files are left out."""
    text = f"event_day >= DATE '{day_of(begin)}' AND happened_at >= make_timestamptz({begin})"
    if end is None:
        return text
    return f"{text} AND event_day <= DATE '{day_of(end - 1)}' AND happened_at < make_timestamptz({end})"
