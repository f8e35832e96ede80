"""By which events a condition came to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any as Value
from typing import Final

import numpy as np

from warehouse.insights.filters import Selector
from warehouse.tags.conditions import Holding, chain
from warehouse.tags.frame import Frame
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
    Sequence,
)
from warehouse.tags.spans import FOREVER, Longs, Spans, holds_at, numbered

Found = tuple[Longs, Longs]  # places of stays, and of events in the frame


def evidence(holding: Holding, of: Condition, stays: Spans) -> list[list[str]]:
    """The message ids for each stay, the oldest first. What did not happen has none."""
    places = np.arange(len(stays.who))
    found = [*_of(holding, of, stays, places)]
    if not found:
        return [[] for _ in places]
    pairs = np.unique(np.stack([np.concatenate(side) for side in zip(*found, strict=True)], 1), axis=0)
    names = holding.frame.message_id.take(pairs[:, 1]).to_pylist()
    bounds = np.searchsorted(pairs[:, 0], np.arange(len(places) + 1)).tolist()
    return [names[max(low, high - MOST_EVIDENCE) : high] for low, high in pairwise(bounds)]


def _of(holding: Holding, of: Condition, stays: Spans, places: Longs) -> Iterator[Found]:
    yield from _KINDS[type(of)](holding, of, stays, places)


def _all(holding: Holding, of: All, stays: Spans, places: Longs) -> Iterator[Found]:
    for one in of.of:
        yield from _of(holding, one, stays, places)


def _any(holding: Holding, of: Any, stays: Spans, places: Longs) -> Iterator[Found]:
    for one in of.of:
        true = holds_at(holding.spans(one), stays.who[places], stays.start[places])
        yield from _of(holding, one, stays, places[true])


def _none(*_: Value) -> Iterator[Found]:
    yield from ()


def _did(holding: Holding, of: Did, stays: Spans, places: Longs) -> Iterator[Found]:
    most = MOST_OF_ONE if of.sum is not None else min(int(of.at_least), MOST_OF_ONE)
    yield _newest(holding.frame, of.event, stays, places, of.within, most)


def _last(holding: Holding, of: Last, stays: Spans, places: Longs) -> Iterator[Found]:
    yield _newest(holding.frame, of.event, stays, places, None, 1)


def _change(holding: Holding, of: Change, stays: Spans, places: Longs) -> Iterator[Found]:
    yield _newest(holding.frame, of.event, stays, places, 2 * of.within, MOST_OF_ONE)


def _sequence(holding: Holding, of: Sequence, stays: Spans, places: Longs) -> Iterator[Found]:
    begun, before = chain(holding.frame, of)
    low, high = _between(holding.frame, np.flatnonzero(begun >= 0), stays, places, None)
    some = low < high
    rows = np.flatnonzero(begun >= 0)[high[some] - 1]
    yield places[some], rows
    for step in reversed(before):
        rows = step[rows]
        yield places[some], rows


def _newest(
    frame: Frame, event: Selector, stays: Spans, places: Longs, within: int | None, most: int
) -> Found:
    """The newest of these events at the beginning of each stay, as far back as the window goes."""
    rows = frame.rows(event)
    low, high = _between(frame, rows, stays, places, within)
    low = np.maximum(low, high - most)
    counts = high - low
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(places, counts), rows[np.repeat(low, counts) + offsets]


def _between(
    frame: Frame, rows: Longs, stays: Spans, places: Longs, within: int | None
) -> tuple[Longs, Longs]:
    """Of `rows`, from which to before which are the customer's until the stay began."""
    who, at = stays.who[places], stays.start[places]
    ever = frame.moment.min(initial=FOREVER) - 1
    since = np.full(len(at), ever) if within is None else at - within
    keys, begun, begins = numbered((frame.who[rows], frame.moment[rows]), (who, since), (who, at))
    low, high = np.searchsorted(keys, begun, "right"), np.searchsorted(keys, begins, "right")
    first = np.searchsorted(frame.who[rows], who, "left")
    return np.maximum(low, first), np.maximum(high, first)


_KINDS: Final[dict[type, Callable[..., Iterator[Found]]]] = {
    All: _all,
    Any: _any,
    Not: _none,
    Did: _did,
    Last: _last,
    Sequence: _sequence,
    Change: _change,
    Attribute: _none,
}
