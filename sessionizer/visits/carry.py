"""Visits that may go on in the next slice of time: each is one atom there."""

from __future__ import annotations

from typing import Final

import numpy as np

from sessionizer.visits.cut import Why
from sessionizer.visits.cutting import Cutting
from sessionizer.visits.reading import Columns
from sessionizer.visits.stream import Longs, Places
from sessionizer.visits.summary import last_of

_FORGETS: Final = int(Why.FIRST | Why.GAP | Why.DAY | Why.SDK)


def opened(cutting: Cutting, until: int | None, gap: int) -> Places:
    """Which visits something from `until` (µs) on may belong to: the last of a subject, within a gap (µs)."""
    if until is None:
        return np.zeros(0, dtype=np.intp)
    stream, visits = cutting.stream, cutting.visits
    subject = stream.subject[visits.starts]
    last = np.append(subject[1:] != subject[:-1], True)[: len(subject)]
    return np.flatnonzero(last & (stream.until[visits.ends] + gap >= until))


def seeds_of(cutting: Cutting, open_: Places, columns: Columns) -> Columns:
    """These visits as atoms: what their atoms add and tell together; each is named like its first atom."""
    stream, said, visits = cutting.stream, cutting.said, cutting.visits
    starts, ends = visits.starts[open_], visits.ends[open_]
    told = {name: places[open_] for name, places in visits.told.items()}
    seeds: Columns = {
        "atom": said.atom[starts],
        "subject": stream.subject[starts],
        "at": stream.at[starts],
        "until": stream.until[ends],
        "named": told["named"] >= 0,
        "currency": _at(said.currency, visits.paid[open_]),
        "worth": visits.worth[open_],
        "valued": visits.valued[open_],
        "paged": told["entered"] >= 0,
        "began": cutting.began[open_],
        **{name: sums[open_] for name, sums in visits.sums.items()},
        **{name: told[name] >= 0 for name in told.keys() - {"named", "entered", "gone"}},
    }
    seeds |= _known(cutting, ends, columns)
    for name in ("day", "ends"):
        if name in columns:
            seeds[name] = getattr(stream, name)[ends]
    nothing = {name: np.zeros(len(open_), columns[name].dtype) for name in columns.keys() - seeds.keys()}
    return seeds | nothing


def _known(cutting: Cutting, ends: Places, columns: Columns) -> Columns:
    """What the rules remember there: from before the visit too, back to the last pause or midnight."""
    blocks = np.flatnonzero(cutting.why & _FORGETS)
    block = np.searchsorted(blocks, ends, "right") - 1
    remembered = [name for name in ("user", "campaign", "referrer") if name in columns]
    values = {name: getattr(cutting.stream, name) for name in remembered}
    return {name: _at(known, last_of(known != 0, blocks)[block]) for name, known in values.items()}


def inserted(columns: Columns, seeds: Columns | None) -> Columns:
    """The atoms of a slice with those carried over, each before all others of its subject."""
    if seeds is None or not len(seeds["atom"]):
        return columns
    by_subject = np.argsort(seeds["subject"])
    places = np.searchsorted(columns["subject"], seeds["subject"][by_subject])
    return {name: np.insert(values, places, seeds[name][by_subject]) for name, values in columns.items()}


def _at(values: Longs, places: Places) -> Longs:
    return np.where(places < 0, 0, values[np.maximum(places, 0)])
