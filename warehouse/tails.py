"""What a segment lost without leaving a trace in it: its footer, or the head of the next segment, tells.

A lost frame shows as a gap before the next one. After the last frame there is none: where a segment lost its
tail and its footer with it, only the head of its successor still says what it held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from warehouse.segments import (
    HOUR_US,
    Damage,
    Record,
    SegmentCount,
    Tally,
    count,
    opened_at,
    read_footer,
    read_head,
    scan,
)

Cell = tuple[int, int]


def whole_tally(data: bytes, name: str, after: bytes | None = None) -> SegmentCount:
    """Counts a segment by reading it, and what it lost by what is stated of it."""
    opened = opened_at(data, name)
    return count(completed(scan(data), stated(data, name, after), opened), opened)


def stated(data: bytes, name: str, after: bytes | None = None) -> list[Tally] | None:
    """What the segment `name` held when it was written; None where nobody says.

    `after`: the first bytes of the worker's next segment.
    """
    footer = read_footer(data)
    if footer is not None:
        return footer.tally
    head = read_head(after) if after else None
    return head.previous_tally if head is not None and head.previous == name else None


def completed(
    found: Iterable[Record | Damage], tally: Sequence[Tally] | None, opened: int
) -> list[Record | Damage]:
    """What a scan found, with what is missing of `tally` as damage, and key and hour of damage as it says.

    Damage of unknown key counts for key 0 in the hour of `opened` (µs) in a tally, as in `segments.count`.
    """
    items = list(found)
    if tally is None or (all(map(_is_named, items)) and _total(tally) <= _total(items)):
        return items
    left = _left(items, tally)
    named: list[Record | Damage] = []
    for one in items:
        named += [one] if _is_named(one) else _named(one, left)
    last = items[-1] if items else None
    at, ordinal = (last.after, last.ordinal + last.events) if last else (0, 0)
    return named + _named(Damage(at, at, ordinal, left.total(), None, opened // HOUR_US), left)


def _is_named(one: Record | Damage) -> bool:
    return one.key_no is not None


def _total(counted: Iterable[Record | Damage | Tally]) -> int:
    return sum(one.events for one in counted)


def _left(items: Iterable[Record | Damage], tally: Sequence[Tally]) -> Counter[Cell]:
    """Of each key and hour, the events that nothing with a name accounts for."""
    left = Counter({(one.key_no, one.hour): one.events for one in tally})
    for one in items:
        if one.key_no is not None and one.hour is not None:
            left[one.key_no, one.hour] -= one.events
    return +left


def _named(lost: Record | Damage, left: Counter[Cell]) -> list[Record | Damage]:
    """This damage by key and hour, taken out of `left`; what is not in there stays without a name."""
    parts: list[Record | Damage] = []
    ordinal, events = lost.ordinal, lost.events
    for cell in sorted(left):
        taken = min(left[cell], events)
        if taken:
            parts.append(Damage(lost.offset, lost.after, ordinal, taken, *cell))
            left[cell] -= taken
            ordinal, events = ordinal + taken, events - taken
    if events:
        parts.append(Damage(lost.offset, lost.after, ordinal, events, None, lost.hour))
    return parts
