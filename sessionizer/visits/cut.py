"""Where visits begin. A rule is a function of a stream: how the events came does not matter to it."""

from __future__ import annotations

from enum import IntFlag
from typing import Final

import numpy as np

from sessionizer.visits.rules import SessionRules
from sessionizer.visits.stream import Flags, Longs, Places, Stream, before, blocks_of, last_known

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND


class Why(IntFlag):
    """Why a visit begins where it does; several rules may say so at once."""

    FIRST = 1
    GAP = 2
    DAY = 4
    SDK = 8
    USER = 16
    CAMPAIGN = 32
    REFERRER = 64
    ENDED = 128
    LENGTH = 256
    LONE = 512


def cut(stream: Stream, rules: SessionRules) -> Longs:
    """For each atom why a visit begins with it, as `Why`; 0: it goes on with the one before."""
    if not len(stream):
        return np.zeros(0, dtype=np.int64)
    why = np.where(_first(stream), int(Why.FIRST), 0)
    _mark(why, Why.GAP, _gap(stream, rules))
    if rules.day_of is not None:
        _mark(why, Why.DAY, before(stream.day) != stream.day)
    if rules.sdk_sessions:
        begins = (why & int(Why.FIRST) != 0) | (before(stream.visit) != stream.visit)
        why = np.where(stream.visit != 0, np.where(begins, int(Why.SDK), 0), why)
        _mark(why, Why.SDK, begins)
    starts = why != 0
    if rules.ends_after:
        _mark(why, Why.ENDED, np.asarray(before(stream.ends), dtype=bool))
    if rules.user:
        _mark(why, Why.USER, _changes(stream.user, starts))
    if rules.campaign:
        _mark(why, Why.CAMPAIGN, _arrives(stream.campaign, starts))
    if rules.referrer:
        _mark(why, Why.REFERRER, _arrives(stream.referrer, starts))
    if rules.lone_gap is not None:
        _mark(why, Why.LONE, _lone(stream, rules.lone_gap, why != 0))
    if rules.longest is not None:
        _mark(why, Why.LENGTH, _too_long(stream, round(rules.longest * _SECOND), why != 0))
    return why


def _mark(why: Longs, reason: Why, where: Flags) -> None:
    """A subject's first atom begins a visit for that reason alone."""
    why[where & (why != int(Why.FIRST))] |= int(reason)


def _first(stream: Stream) -> Flags:
    first: Flags = before(stream.subject) != stream.subject
    first[0] = True
    return first


def _pauses(stream: Stream) -> Longs:
    return np.asarray(stream.at - before(stream.until))


def _gap(stream: Stream, rules: SessionRules) -> Flags:
    pause = _pauses(stream)
    if rules.whole_minutes:
        pause = pause // _MINUTE * _MINUTE
    longest = np.full(len(stream), round(rules.gap * _SECOND), dtype=np.int64)
    if rules.mobile_gap is not None:
        longest[stream.mobile] = round(rules.mobile_gap * _SECOND)
    return np.asarray(pause >= longest if rules.at_gap else pause > longest)


def _changes(values: Longs, starts: Flags) -> Flags:
    """A value other than the last known one of the block; the first that is known changes nothing."""
    known = last_known(values, starts)
    return np.asarray((values != 0) & (known != 0) & (values != known))


def _arrives(values: Longs, starts: Flags) -> Flags:
    """A value other than the last known one, or the first where there was none."""
    return np.asarray((values != 0) & (values != last_known(values, starts)) & ~starts)


def _lone(stream: Stream, seconds: float, starts: Flags) -> Flags:
    """Pauses that are too long while the visit has one event only.

    The second event of a visit ends it so, and is alone itself then: all do until one comes sooner.
    """
    late = (_pauses(stream) > round(seconds * _SECOND)) & (before(stream.events) == 1)
    sooner = np.cumsum(~late & ~starts)
    return np.asarray(late & ~starts & (sooner == sooner[blocks_of(starts)]))


def _too_long(stream: Stream, longest: int, starts: Flags) -> Flags:
    """The first atom later than `longest` µs after its visit began begins another, and so on.

    Few visits are that long: only they are walked through.
    """
    begins = np.flatnonzero(starts)
    ends = np.append(begins[1:], len(stream))
    cuts = np.zeros(len(stream), dtype=bool)
    for begin, end in zip(*_long_ones(stream, longest, begins, ends), strict=True):
        place = int(begin)
        while stream.at[end - 1] - stream.at[place] > longest:
            place += int(np.searchsorted(stream.at[place:end], stream.at[place] + longest, "right"))
            cuts[place] = True
    return cuts


def _long_ones(stream: Stream, longest: int, begins: Places, ends: Places) -> tuple[Places, Places]:
    long = stream.at[ends - 1] - stream.at[begins] > longest
    return begins[long], ends[long]
