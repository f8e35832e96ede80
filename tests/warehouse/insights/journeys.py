"""Funnels in plain Python: every way through a person's events is tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from tests.sessionizer.world import MINUTE, Event
from warehouse.lake import Lake

SECOND = 1_000_000
DAY = 24 * 60 * MINUTE
World = tuple[Lake, list[Event], dict[int, str]]


class Done(msgspec.Struct, frozen=True):
    """What somebody did. `is_step`: whether it is step 1, 2, …; `barred`: numbers of exclusions it is."""

    owner: Any
    at: int
    load_seq: int
    is_step: tuple[bool, ...]
    barred: tuple[bool, ...] = ()
    held: Any = None
    value: Any = None

    @property
    def turn(self) -> int:
        return self.is_step.index(True) if True in self.is_step else len(self.is_step)


class Rules(msgspec.Struct, frozen=True):
    """How steps may follow each other; times in µs. `exclude`: (after, before) of each exclusion."""

    steps: int
    since: int
    until: int
    within: int
    order: str = "ordered"
    ties: str = "sequence"
    both: bool = False
    first: bool = False
    drop: bool = False
    exclude: tuple[tuple[int, int], ...] = ()


Way = tuple[Done, ...]
Found = dict[Any, tuple[int, tuple[int, ...], int]]
Group = Callable[[Done], Any]


def reached(events: Iterable[Done], rules: Rules) -> Found:
    """(owner, held) -> steps reached, their times by the best way, and when the last way begins."""
    by_key: dict[Any, list[Done]] = defaultdict(list)
    for one in events:
        if rules.ties == "same_second":
            one = msgspec.structs.replace(one, at=one.at // SECOND * SECOND)
        by_key[one.owner, one.held].append(one)
    found = {key: best(sorted(done, key=_place(rules)), rules) for key, done in by_key.items()}
    return {key: value for key, value in found.items() if value is not None}


def best(events: list[Done], rules: Rules) -> tuple[int, tuple[int, ...], int] | None:
    """The way that comes furthest, then first, then with the latest of each earlier step."""
    ways = [way for way in _ways(events, rules) if _is_clean(way, events, rules)]
    if not ways:
        return None
    place = {one.load_seq: at for at, one in enumerate(events)}
    if rules.order == "any":
        place = {one.load_seq: one.at for one in events}
    far = max(ways, key=lambda way: (len(way), -place[way[-1].load_seq], [x.at for x in reversed(way)]))
    level = len(far)
    if rules.drop and level < rules.steps:
        furthest = [way for way in ways if len(way) == level]
        arrived, began = max(way[-1].at for way in furthest), max(way[0].at for way in furthest)
        if any(arrived < x.at <= began + rules.within for x in _barred(events, level, rules)):
            return None
    return level, tuple(one.at for one in far), max(way[0].at for way in ways)


def _place(rules: Rules) -> Callable[[Done], Any]:
    if rules.ties == "arrival":
        return lambda one: (one.at, one.load_seq)
    return lambda one: (one.at, one.turn, one.load_seq)


def _ways(events: list[Done], rules: Rules) -> Iterator[Way]:
    starts = [
        at
        for at, one in enumerate(events)
        if rules.since <= one.at < rules.until
        and (any(one.is_step) if rules.order == "any" else one.is_step[0])
    ]
    for start in starts[:1] if rules.first else starts:
        if rules.order == "any":
            yield from _any(events, start, rules)
        elif rules.order == "strict":
            yield from _strict(events, start, rules)
        else:
            yield from _on(events, (start,), rules)


def _on(events: list[Done], way: tuple[int, ...], rules: Rules) -> Iterator[Way]:
    yield tuple(events[at] for at in way)
    if len(way) == rules.steps:
        return
    for at in range(way[-1] + 1, len(events)):
        one = events[at]
        goes = one.is_step[len(way)] and _is_in(one, events[way[0]], rules)
        if goes and (rules.ties != "apart" or one.at > events[way[-1]].at):
            yield from _on(events, (*way, at), rules)


def _strict(events: list[Done], start: int, rules: Rules) -> Iterator[Way]:
    stepping = {one.at for one in events if any(one.is_step)}
    line = [one for one in events if any(one.is_step) or one.at not in stepping or rules.ties == "arrival"]
    way: list[Done] = []
    for one in line[line.index(events[start]) :]:
        goes = len(way) < rules.steps and one.is_step[len(way)]
        if way and rules.ties == "apart" and one.at == way[-1].at:
            goes = False
        if not goes or (way and not _is_in(one, way[0], rules)):
            return
        way.append(one)
        yield tuple(way)


def _any(events: list[Done], start: int, rules: Rules) -> Iterator[Way]:
    begin = events[start]
    inside = [one for one in events if begin.at <= one.at and _is_in(one, begin, rules)]
    bar = min((x.at for x in events if any(x.barred) and x.at > begin.at), default=None)
    inside = [one for one in inside if bar is None or one.at <= bar]
    firsts = [next((one for one in inside if one.is_step[step]), None) for step in range(rules.steps)]
    way = sorted((one for one in firsts if one is not None), key=lambda one: one.at)
    yield from (tuple(way[:size]) for size in range(1, len(way) + 1))


def _is_in(one: Done, begin: Done, rules: Rules) -> bool:
    return one.at <= begin.at + rules.within and (not rules.both or one.at < rules.until)


def _is_clean(way: Way, events: Sequence[Done], rules: Rules) -> bool:
    if rules.order == "any":
        return True
    return not any(
        one.at < x.at < other.at
        for step, (one, other) in enumerate(pairwise(way), 1)
        for x in _barred(events, step, rules)
    )


def _barred(events: Iterable[Done], step: int, rules: Rules) -> list[Done]:
    return [
        one
        for one in events
        for is_x, (after, before) in zip(one.barred, rules.exclude, strict=True)
        if is_x and after <= step < before and (not rules.both or one.at < rules.until)
    ]


def did(
    world: World,
    steps: Iterable[str] = ("Viewed", "Added", "Ordered"),
    exclude: Iterable[str] = (),
    **shown: str,
) -> list[Done]:
    """The events as the oracle has them; `shown`: fields of the event that are its `held` or `value`."""
    _, events, owner = world
    return [
        Done(
            owner[one.load_seq],
            one.at,
            one.load_seq,
            tuple(name in ("*", one.event) for name in steps),
            tuple(name == one.event for name in exclude),
            **{name: getattr(one, field) for name, field in shown.items()},
        )
        for one in events
    ]
