"""What a visit consists of: which of its atoms says what, and what is added up."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from sessionizer.visits.stream import Flags, Longs, Places


class Said(msgspec.Struct, frozen=True):
    """Beside a stream, atom by atom: its name, and what it tells of its visit."""

    atom: Longs
    events: Longs
    pages: Longs
    user: Flags
    page: Flags
    campaigned: Flags
    referred: Flags


def summed(said: Said, why: Longs) -> pa.Table:
    """One row a visit: the atoms that open and close it and those that name what it has, null where none does."""
    starts = np.flatnonzero(why)
    ends = np.append(starts[1:], len(why)) - 1
    return pa.table(
        {
            "opening": said.atom[starts],
            "closing": said.atom[ends],
            "named": _names(said.atom, _first(said.user, starts)),
            "entered": _names(said.atom, _first(said.page, starts)),
            "gone": _names(said.atom, _last(said.page, starts)),
            "campaigned": _names(said.atom, _first(said.campaigned, starts)),
            "referred": _names(said.atom, _first(said.referred, starts)),
            "events": np.add.reduceat(said.events, starts),
            "pages": np.add.reduceat(said.pages, starts),
            "why": why[starts],
        }
    )


def _first(flags: Flags, starts: Places) -> Places:
    """Of each visit the first place that is flagged, else -1."""
    places = np.where(flags, np.arange(len(flags), dtype=np.intp), len(flags))
    found = np.minimum.reduceat(places, starts)
    return np.where(found == len(flags), -1, found)


def _last(flags: Flags, starts: Places) -> Places:
    places = np.where(flags, np.arange(len(flags), dtype=np.intp), -1)
    return np.asarray(np.maximum.reduceat(places, starts))


def _names(atoms: Longs, places: Places) -> pa.Array:
    return pa.array(atoms[np.maximum(places, 0)], mask=places < 0)
