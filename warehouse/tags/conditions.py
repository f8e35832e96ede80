"""When each condition holds, for all customers of a frame at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any as Value
from typing import Final

import numpy as np

from warehouse.tags.frame import SCALE, Frame
from warehouse.tags.rules import (
    All,
    Any,
    Attribute,
    Change,
    Condition,
    Did,
    Last,
    Not,
    Sequence,
    Tag,
    selectors,
)
from warehouse.tags.spans import FOREVER, Longs, Spans, held, joined, outside, steps


class Holding:
    """When a tag's conditions hold, each worked out once. A customer's time begins when first seen."""

    def __init__(self, frame: Frame, tag: Tag) -> None:
        self.frame = frame
        births = frame.births({*selectors(tag.when)})
        every = np.arange(len(births))
        self.life = Spans(every, births, np.full(len(births), FOREVER))
        self._known: dict[Condition, Spans] = {}

    def spans(self, of: Condition) -> Spans:
        """When a condition holds."""
        if of not in self._known:
            self._known[of] = _KINDS[type(of)](self, of)
        return self._known[of]

    def _all(self, of: All) -> Spans:
        return joined([self.spans(one) for one in dict.fromkeys(of.of)], len({*of.of}))

    def _any(self, of: Any) -> Spans:
        return joined([self.spans(one) for one in of.of], 1)

    def _not(self, of: Not) -> Spans:
        return outside(self.life, self.spans(of.of))

    def _did(self, of: Did) -> Spans:
        """From the n-th event on, until the first of these n is too old."""
        if of.sum is not None:
            return self._sum(of, of.sum)
        frame, rows, n = self.frame, self.frame.rows(of.event), int(of.at_least)
        first, last = rows[: len(rows) - n + 1], rows[n - 1 :]
        own = frame.who[first] == frame.who[last]
        first, last = first[own], last[own]
        ends = np.full(len(first), FOREVER) if of.within is None else frame.moment[first] + of.within
        starts = frame.moment[last]
        lasts = starts < ends
        return joined([Spans(frame.who[first][lasts], starts[lasts], ends[lasts])], 1)

    def _sum(self, of: Did, field: str) -> Spans:
        frame, rows = self.frame, self.frame.rows(of.event)
        who, moment, amount = frame.who[rows], frame.moment[rows], frame.amounts[field][rows]
        if of.within is not None:
            who, moment = np.tile(who, 2), np.concatenate((moment, moment + of.within))
            amount = np.concatenate((amount, -amount))
        who, moment, (level,) = steps(who, moment, amount)
        return held(who, moment, level >= round(of.at_least * SCALE))

    def _last(self, of: Last) -> Spans:
        """From so long after an event on, until the next one, or one of those that end it."""
        frame = self.frame
        mask = frame.hits[of.event]
        rows = np.flatnonzero(mask if of.without is None else mask | frame.hits[of.without])
        who, moment = frame.who[rows], frame.moment[rows]
        ends = np.full(len(rows), FOREVER)
        same = who[1:] == who[:-1]
        ends[:-1][same] = moment[1:][same]
        starts = moment + of.ago
        lasts = mask[rows] & (starts < ends)
        return joined([Spans(who[lasts], starts[lasts], ends[lasts])], 1)

    def _sequence(self, of: Sequence) -> Spans:
        frame = self.frame
        begun = chain(frame, of)[0]
        rows = np.flatnonzero(begun >= 0)
        starts = frame.moment[rows]
        ends = np.full(len(rows), FOREVER) if of.within is None else frame.moment[begun[rows]] + of.within
        lasts = starts < ends
        return joined([Spans(frame.who[rows][lasts], starts[lasts], ends[lasts])], 1)

    def _change(self, of: Change) -> Spans:
        frame, rows = self.frame, self.frame.rows(of.event)
        moment, one = frame.moment[rows], np.ones(len(rows), np.int64)
        moments = np.concatenate((moment, moment + of.within, moment + 2 * of.within))
        now, past = np.concatenate((one, -one, 0 * one)), np.concatenate((0 * one, one, -one))
        who, at, (recent, before) = steps(np.tile(frame.who[rows], 3), moments, now, past)
        limit = before * (1 - of.share if of.way == "fell" else 1 + of.share)
        moved = recent <= limit + 1e-9 if of.way == "fell" else recent >= limit - 1e-9
        return held(who, at, moved & (before >= of.least))

    def _attribute(self, of: Attribute) -> Spans:
        said = self.frame.said[of.filter]
        start = self.life.start
        since, passes = np.full(len(start), FOREVER), np.zeros(len(start), bool)
        since[said.who], passes[said.who] = said.since, said.passes
        first = np.where(since <= start, passes, said.unset)
        moment = np.stack((start, np.maximum(since, start)), 1).ravel()
        return held(np.repeat(self.life.who, 2), moment, np.stack((first, passes), 1).ravel())


def chain(frame: Frame, of: Sequence) -> tuple[Longs, list[Longs]]:
    """For each event that ends a sequence, the latest event that can begin it, else -1; and for each step
    after the first, which event of the step before came before it.
    """
    places = np.arange(len(frame.who))
    firsts = np.searchsorted(frame.who, frame.who, "left")
    begun = np.where(frame.hits[of.events[0]], places, -1)
    before = []
    for step in of.events[1:]:
        best = np.maximum.accumulate(np.append(-1, begun[:-1])) if len(begun) else begun
        reached = frame.hits[step] & (best >= firsts)
        new = np.append(True, best[1:] > best[:-1]) if len(best) else best.astype(bool)
        before.append(np.maximum.accumulate(np.where(new, places - 1, -1)) if len(best) else best)
        begun = np.where(reached, best, -1)
    return begun, before


_KINDS: Final[dict[type, Callable[[Holding, Value], Spans]]] = {
    All: Holding._all,
    Any: Holding._any,
    Not: Holding._not,
    Did: Holding._did,
    Last: Holding._last,
    Sequence: Holding._sequence,
    Change: Holding._change,
    Attribute: Holding._attribute,
}
