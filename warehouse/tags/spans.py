"""Spans of time for many customers at once: from a moment on, until just before another, in µs.

Customers are numbers. The spans of one customer do not touch each other; all are in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
FOREVER: Final = 1 << 61


class Spans(msgspec.Struct, frozen=True, eq=False):
    """Columns of equal length: whose, from when, until when."""

    who: Longs
    start: Longs
    end: Longs


def held(who: Longs, moment: Longs, state: Flags) -> Spans:
    """When a state holds that changes at some moments, each of a customer once, in order."""
    if not len(who):
        return Spans(who, moment, moment)
    first = np.ones(len(who), bool)
    first[1:] = who[1:] != who[:-1]
    before = np.zeros(len(who), bool)
    before[1:] = state[:-1] & ~first[1:]
    last = np.ones(len(who), bool)
    last[:-1] = first[1:]
    opens = np.flatnonzero(state & ~before)
    falls, stays = np.flatnonzero(before & ~state), np.flatnonzero(state & last)
    places = np.concatenate((falls, stays))
    ends = np.concatenate((moment[falls], np.full(len(stays), FOREVER)))
    return Spans(who[opens], moment[opens], ends[np.argsort(places, kind="stable")])


def steps(who: Longs, moment: Longs, *deltas: Longs) -> tuple[Longs, Longs, list[Longs]]:
    """(who, moment, level of each) after all that changes at a moment; each customer begins at 0."""
    (key,) = numbered((who, moment))
    order = np.argsort(key, kind="stable")  # soon done where it is a few runs that are in order
    who, moment, key = who[order], moment[order], key[order]
    if not len(who):
        return who, moment, [delta[order] for delta in deltas]
    last = np.append(key[1:] != key[:-1], True)
    first = np.flatnonzero(np.append(True, who[1:] != who[:-1]))
    counts = np.diff(np.append(first, len(who)))
    levels = []
    for delta in deltas:
        total = np.cumsum(delta[order])
        begin = total[first] - delta[order][first]
        levels.append((total - np.repeat(begin, counts))[last])
    return who[last], moment[last], levels


def joined(spans: Sequence[Spans], need: int) -> Spans:
    """When at least so many of these hold; they may overlap each other, and themselves."""
    who, moment, delta = _changes([(one, 1) for one in spans])
    who, moment, (depth,) = steps(who, moment, delta)
    return held(who, moment, depth >= need)


def outside(whole: Spans, inner: Spans) -> Spans:
    """What of `whole` is not in `inner`, which lies in it."""
    who, moment, delta = _changes([(whole, 1), (inner, -1)])
    who, moment, (depth,) = steps(who, moment, delta)
    return held(who, moment, depth >= 1)


def holds_at(spans: Spans, who: Longs, moment: Longs) -> Flags:
    """Whether it holds for each of these customers at this moment."""
    keys, asked = numbered((spans.who, spans.start), (who, moment))
    place = np.searchsorted(keys, asked, "right") - 1
    found = np.zeros(len(who), bool)
    inside = place >= 0
    at = place[inside]
    found[inside] = (spans.who[at] == who[inside]) & (spans.end[at] > moment[inside])
    return found


def numbered(*pairs: tuple[Longs, Longs]) -> list[Longs]:
    """Pairs of customer and moment as single numbers, which are in the same order over all of them."""
    moments = np.concatenate([moment for _, moment in pairs])
    if not len(moments):
        return [who for who, _ in pairs]
    low, high = int(moments.min()), int(moments.max(initial=0, where=moments < FOREVER))
    span, most = high - low + 2, max(int(who.max(initial=0)) for who, _ in pairs) + 1
    if span * most < FOREVER:
        return [who * span + (np.minimum(moment, high + 1) - low) for who, moment in pairs]
    known = np.unique(moments)
    return [who * (len(known) + 1) + np.searchsorted(known, moment) for who, moment in pairs]


def _changes(weighted: Sequence[tuple[Spans, int]]) -> tuple[Longs, Longs, Longs]:
    who = np.concatenate([one.who for one, _ in weighted for _ in (0, 1)])
    moment = np.concatenate([side for one, _ in weighted for side in (one.start, one.end)])
    delta = np.concatenate(
        [np.full(len(one.who), sign * weight) for one, weight in weighted for sign in (1, -1)]
    )
    return who, moment, delta.astype(np.int64)
