"""What a visit consists of: which of its atoms says what, and what is added up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from sessionizer.visits.stream import Flags, Longs, Places, Stream, before

PAUSE: Final = 30_000_000
BOUNCE: Final = 10_000_000


class Said(msgspec.Struct, frozen=True):
    """Beside a stream, atom by atom: its name, what it adds, and what it tells of its visit.

    `first` and `last`: of what the first or the last atom decides that has it. `worth` is in ten-thousandths
    of `currency` (a key; 0: none is named), where `valued`; `engaged` is µs that an atom brings along.
    """

    atom: Longs
    numbers: Mapping[str, Longs]
    engaged: Longs
    worth: Longs
    valued: Flags
    currency: Longs
    first: Mapping[str, Flags]
    last: Mapping[str, Flags]


def summed(stream: Stream, said: Said, why: Longs) -> pa.Table:
    """One row a visit: what opens and closes it, what names the things it has (null: nothing), and sums."""
    starts = np.flatnonzero(why)
    ends = np.append(starts[1:], len(why))[: len(starts)] - 1
    paid = first_of(said.currency != 0, starts)
    columns: dict[str, Any] = {
        "opening": said.atom[starts],
        "closing": said.atom[ends],
        **{name: _names(said.atom, first_of(flags, starts)) for name, flags in said.first.items()},
        **{name: _names(said.atom, last_of(flags, starts)) for name, flags in said.last.items()},
        "paid": _names(said.atom, paid),
        **{name: np.add.reduceat(values, starts) for name, values in said.numbers.items()},
        "engaged": np.add.reduceat(_engaged(stream, said, why), starts),
        "worth": _worth(said, starts, paid),
        "lasted": stream.until[ends] - stream.at[starts],
        "why": why[starts],
    }
    return pa.table(columns)


def bounced(visits: pa.Table) -> Flags:
    """One page or less, engaged for less than 10 seconds, and nothing achieved."""
    pages, engaged, conversions = (visits[name].to_numpy() for name in ("pages", "engaged", "conversions"))
    return np.asarray((pages <= 1) & (engaged < BOUNCE) & (conversions == 0))


def first_of(flags: Flags, starts: Places) -> Places:
    """Of each visit the first place that is flagged, else -1."""
    size = len(flags)
    places = np.where(flags, np.arange(size, dtype=np.intp), size)
    found = np.minimum.reduceat(places, starts) if size else places
    return np.where(found == size, -1, found)


def last_of(flags: Flags, starts: Places) -> Places:
    """Of each visit the last place that is flagged, else -1."""
    places = np.where(flags, np.arange(len(flags), dtype=np.intp), -1)
    return np.asarray(np.maximum.reduceat(places, starts)) if len(flags) else places


def _engaged(stream: Stream, said: Said, why: Longs) -> Longs:
    """Pauses within a visit count as far as somebody may have looked at the page all the time."""
    pause = np.minimum(stream.at - before(stream.until), PAUSE)
    return said.engaged + np.where(why == 0, pause, 0)


def _worth(said: Said, starts: Places, paid: Places) -> pa.Array:
    """What the conversions of a visit are worth that are in its currency; null where none names an amount.

    A currency that is not named is the one that is.
    """
    lengths = np.diff(np.append(starts, len(said.worth)))[: len(starts)]
    currency = np.repeat(np.where(paid < 0, 0, said.currency[np.maximum(paid, 0)]), lengths)
    counted = said.valued & ((said.currency == 0) | (said.currency == currency))
    sums = np.add.reduceat(np.where(counted, said.worth, 0), starts)
    return pa.array(sums, mask=first_of(counted, starts) < 0)


def _names(atoms: Longs, places: Places) -> pa.Array:
    return pa.array(atoms[np.maximum(places, 0)], mask=places < 0)
