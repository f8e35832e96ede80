"""What session rules look at: events of many subjects as columns, in order."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

Longs: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.intp]
Column = TypeVar("Column", Longs, Flags)


class Stream(msgspec.Struct, frozen=True):
    """Atoms, sorted by subject, then time, then what makes their order total; all columns are of one length.

    An atom is an event, or a session of an earlier run that is gone on from: then `at` and `until` differ,
    and it stands for several `events`. Times are µs UTC; `user`, `campaign`, `referrer` and `visit` (the
    session that the SDK says) are keys of texts, 0: none; `day` numbers the days of the rules' time zone.
    """

    subject: Longs
    at: Longs
    until: Longs
    events: Longs
    user: Longs
    campaign: Longs
    referrer: Longs
    visit: Longs
    day: Longs
    mobile: Flags
    ends: Flags

    def __len__(self) -> int:
        return len(self.subject)


def before(values: Column) -> Column:
    """The value of the atom before; of the first its own."""
    return np.concatenate((values[:1], values[:-1]))


def blocks_of(starts: Flags) -> Places:
    """For every place where its block began; the first atom always begins one."""
    places = np.arange(len(starts), dtype=np.intp)
    return np.maximum.accumulate(np.where(starts, places, 0))


def last_known(values: Longs, starts: Flags) -> Longs:
    """The newest value but 0 before each place, within its block; 0 where there is none."""
    places = np.arange(len(values), dtype=np.intp)
    newest = np.maximum.accumulate(np.where(values != 0, places, -1))
    earlier = np.concatenate((np.full(1, -1, dtype=np.intp), newest[:-1]))
    known = earlier >= blocks_of(starts)
    return np.where(known, values[np.maximum(earlier, 0)], 0)
