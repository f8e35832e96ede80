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


class Summary(msgspec.Struct, frozen=True):
    """Visit by visit: the places of its first and last atom and of those that tell something, and sums.

    A place is -1 where no atom tells it. `worth` counts where `valued`; `paid` names the currency.
    """

    starts: Places
    ends: Places
    told: Mapping[str, Places]
    paid: Places
    sums: Mapping[str, Longs]
    worth: Longs
    valued: Flags

    def __len__(self) -> int:
        return len(self.starts)


def summed(stream: Stream, said: Said, why: Longs) -> Summary:
    """Add up what the atoms of each visit say; `why` is not 0 where one begins."""
    starts = np.flatnonzero(why)
    ends = np.append(starts[1:], len(why))[: len(starts)] - 1
    paid = first_of(said.currency != 0, starts)
    worth, valued = _worth(said, starts, ends, paid)
    told = {name: first_of(flags, starts) for name, flags in said.first.items()}
    told |= {name: last_of(flags, starts) for name, flags in said.last.items()}
    sums = {name: _sums(values, starts) for name, values in said.numbers.items()}
    sums["engaged"] = _sums(_engaged(stream, said, why), starts)
    return Summary(starts, ends, told, paid, sums, worth, valued)


def table(stream: Stream, said: Said, visits: Summary, began: Longs) -> pa.Table:
    """One row a visit: what opens and closes it, what names the things it has (null: nothing), and sums.

    `began` says why each begins.
    """
    columns: dict[str, Any] = {
        "opening": said.atom[visits.starts],
        "closing": said.atom[visits.ends],
        **{name: _names(said.atom, places) for name, places in visits.told.items()},
        "paid": _names(said.atom, visits.paid),
        **visits.sums,
        "worth": pa.array(visits.worth, mask=~visits.valued),
        "lasted": stream.until[visits.ends] - stream.at[visits.starts],
        "why": began,
    }
    return pa.table(columns)


def bounced(visits: pa.Table) -> Flags:
    """One page or less, engaged for less than 10 seconds, and nothing achieved."""
    pages, engaged, conversions = (visits[name].to_numpy() for name in ("pages", "engaged", "conversions"))
    return np.asarray((pages <= 1) & (engaged < BOUNCE) & (conversions == 0))


def first_of(flags: Flags, starts: Places) -> Places:
    """Of each visit the first place that is flagged, else -1."""
    found = np.where(flags[starts], starts, -1)
    flagged = np.flatnonzero(flags)
    visit = np.searchsorted(starts, flagged, "right") - 1 if len(flagged) < len(starts) else None
    if visit is None:
        return _first_of_many(flags, starts, found)
    leads = np.append(True, visit[1:] != visit[:-1])[: len(visit)]
    found[visit[leads]] = flagged[leads]
    return found


def last_of(flags: Flags, starts: Places) -> Places:
    """Of each visit the last place that is flagged, else -1."""
    if not len(flags):
        return np.zeros(0, dtype=np.intp)
    places = np.where(flags, np.arange(len(flags), dtype=np.intp), -1)
    return np.asarray(np.maximum.reduceat(places, starts))


def _first_of_many(flags: Flags, starts: Places, found: Places) -> Places:
    """The same where most visits are flagged at their first atom: the others alone are looked at."""
    open_ = np.flatnonzero(found < 0)
    if not len(open_):
        return found
    size = len(flags)
    ends = np.append(starts[1:], size)
    lengths = ends[open_] - starts[open_]
    firsts = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum(), dtype=np.intp) + np.repeat(starts[open_] - firsts, lengths)
    least = np.minimum.reduceat(np.where(flags[places], places, size), firsts)
    found[open_] = np.where(least == size, -1, least)
    return found


def _sums(values: Longs, starts: Places) -> Longs:
    """Sums by visit; of a constant without looking at each."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    if values.strides == (0,):
        return np.asarray(np.diff(np.append(starts, len(values))) * values[0], dtype=np.int64)
    return np.asarray(np.add.reduceat(values, starts))


def _engaged(stream: Stream, said: Said, why: Longs) -> Longs:
    """Pauses within a visit count as far as somebody may have looked at the page all the time."""
    pause = np.minimum(stream.at - before(stream.until), PAUSE)
    pause[why != 0] = 0
    return np.asarray(said.engaged + pause)


def _worth(said: Said, starts: Places, ends: Places, paid: Places) -> tuple[Longs, Flags]:
    """What the conversions of a visit are worth that are in its currency, and whether any names an amount.

    A currency that is not named is the one that is.
    """
    worth, valued = np.zeros(len(starts), dtype=np.int64), np.zeros(len(starts), dtype=bool)
    amounts = np.flatnonzero(said.valued)
    if len(amounts):
        visit = np.searchsorted(starts, amounts, "right") - 1
        named = np.where(paid < 0, 0, said.currency[np.maximum(paid, 0)])[visit]
        counted = (said.currency[amounts] == 0) | (said.currency[amounts] == named)
        np.add.at(worth, visit[counted], said.worth[amounts[counted]])
        valued[visit[counted]] = True
    return worth, valued


def _names(atoms: Longs, places: Places) -> pa.Array:
    return pa.array(atoms[np.maximum(places, 0)], mask=places < 0)
