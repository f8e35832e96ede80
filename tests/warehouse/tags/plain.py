"""Tags in plain Python: each condition asked at each moment at which anything could change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any as Value

import msgspec

from tests.sessionizer.world import Event
from warehouse.insights.filters import Selector
from warehouse.tags.rules import (
    MOST_EVIDENCE,
    MOST_OF_ONE,
    All,
    Any,
    Attribute,
    Change,
    Condition,
    Did,
    Last,
    Not,
    Tag,
    parts,
    selectors,
)
from warehouse.tags.rules import Sequence as Steps

Stay = tuple[int, int | None, list[str]]
Known = dict[str, tuple[str, int]]  # attribute -> value, since


def matches(event: Event, of: Selector) -> bool:
    type, name = of.kind
    if type not in (None, event.type) or name not in (None, event.event):
        return False
    price = msgspec.json.decode(event.properties or "{}").get("price")
    return all(_number(price) > float(str(one.value)) for one in of.where)


def _number(value: Value) -> float:
    return float(value) if value is not None else float("-inf")


class Person:
    """One customer's events, in order, and what is known of them at a moment."""

    def __init__(self, events: Iterable[Event], first_seen: int, known: Known) -> None:
        self.events = sorted(events, key=lambda one: (one.at, one.load_seq))
        self.first_seen, self.known = first_seen, known

    def stays(self, tag: Tag) -> list[Stay]:
        own = [one for one in self.events if any(matches(one, of) for of in selectors(tag.when))]
        birth = min([self.first_seen, *(one.at for one in own)])
        widths = {0, *_widths(tag.when)}
        moments = {birth} | {one.at + width for one in own for width in widths}
        moments |= {since for _, since in self.known.values()}
        found: list[Stay] = []
        inside = False
        for moment in sorted(one for one in moments if one >= birth):
            now = self.holds(tag.when, moment)
            if now and not inside:
                found.append((moment, None, self.evidence(tag.when, moment)))
            if inside and not now:
                found[-1] = (found[-1][0], moment, found[-1][2])
            inside = now
        return found

    def among(self, of: Selector, at: int, within: int | None) -> list[Event]:
        since = float("-inf") if within is None else at - within
        return [one for one in self.events if since < one.at <= at and matches(one, of)]

    def holds(self, of: Condition, at: int) -> bool:
        return _HOLDS[type(of)](self, of, at)

    def evidence(self, of: Condition, at: int) -> list[str]:
        events = {id(one): one for one in self._evidence(of, at)}.values()
        listed = sorted(events, key=lambda one: (one.at, one.load_seq))
        return [one.message_id for one in listed][-MOST_EVIDENCE:]

    def _evidence(self, of: Condition, at: int) -> Sequence[Event]:
        if isinstance(of, All):
            return [event for one in of.of for event in self._evidence(one, at)]
        if isinstance(of, Any):
            return [event for one in of.of if self.holds(one, at) for event in self._evidence(one, at)]
        if isinstance(of, Did):
            most = MOST_OF_ONE if of.sum else min(int(of.at_least), MOST_OF_ONE)
            return self.among(of.event, at, of.within)[-most:]
        if isinstance(of, Last):
            return self.among(of.event, at, None)[-1:]
        if isinstance(of, Change):
            return self.among(of.event, at, 2 * of.within)[-MOST_OF_ONE:]
        return self.chain(of, at) or [] if isinstance(of, Steps) else []

    def chain(self, of: Steps, at: int) -> list[Event] | None:
        """Of the sequences that begin last, the one that ends last."""
        past = [one for one in self.events if one.at <= at and (of.within is None or one.at > at - of.within)]
        for start in reversed(range(len(past))):
            if not matches(past[start], of.events[0]):
                continue
            found, place = [past[start]], start
            for step in of.events[1:]:
                place = next((n for n in range(place + 1, len(past)) if matches(past[n], step)), len(past))
                found += past[place : place + 1]
            if len(found) == len(of.events):
                last = [one for one in past[place:] if matches(one, of.events[-1])][-1]
                return [*found[:-1], last]
        return None


def _did(self: Person, of: Did, at: int) -> bool:
    found = self.among(of.event, at, of.within)
    if of.sum is None:
        return len(found) >= of.at_least
    prices = [msgspec.json.decode(one.properties or "{}").get("price") for one in found]
    return sum(float(price or 0) for price in prices) >= of.at_least


def _last(self: Person, of: Last, at: int) -> bool:
    found = self.among(of.event, at, None)
    if not found or found[-1].at + of.ago > at:
        return False
    place = self.events.index(found[-1])
    later = [one for one in self.events[place + 1 :] if one.at <= at]
    return not any(of.without is not None and matches(one, of.without) for one in later)


def _change(self: Person, of: Change, at: int) -> bool:
    recent = len(self.among(of.event, at, of.within))
    before = len(self.among(of.event, at, 2 * of.within)) - recent
    if before < of.least:
        return False
    return recent <= before * (1 - of.share) if of.way == "fell" else recent >= before * (1 + of.share)


def _attribute(self: Person, of: Attribute, at: int) -> bool:
    value, since = self.known.get(of.filter.field, (None, 0))
    said = value if since <= at else None
    return {"=": said == of.filter.value, "!=": said != of.filter.value, "is set": said is not None}[
        of.filter.op
    ]


_HOLDS: dict[type, Callable[[Person, Value, int], bool]] = {
    All: lambda self, of, at: all(self.holds(one, at) for one in of.of),
    Any: lambda self, of, at: any(self.holds(one, at) for one in of.of),
    Not: lambda self, of, at: not self.holds(of.of, at),
    Did: _did,
    Last: _last,
    Steps: lambda self, of, at: self.chain(of, at) is not None,
    Change: _change,
    Attribute: _attribute,
}


def _widths(of: Condition) -> Iterable[int]:
    for one in parts(of):
        if isinstance(one, Did | Steps | Change) and one.within:
            yield from (one.within, 2 * one.within)
        if isinstance(one, Last):
            yield one.ago
