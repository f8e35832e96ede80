"""Who else was signed in on whose device, and when."""

from __future__ import annotations

from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from warehouse.insights.roster import Numbers, Places

Truths = npt.NDArray[np.bool_]
_MOST: Final = 1 << 62


class Sessions(NamedTuple):
    """Places of the device and of who was in effect (-1: none), first and last moment (µs)."""

    device: Places
    visitor: Places
    begins: Numbers
    ends: Numbers

    @classmethod
    def none(cls) -> Self:
        """No sessions."""
        nowhere, never = np.zeros(0, np.int32), np.zeros(0, np.int64)
        return cls(nowhere, nowhere, never, never)

    def foreign(self, own: Places) -> Truths:
        """Which are of somebody else than the device's own customer; `own`: the customer of each place."""
        found: Truths = (self.device >= 0) & (self.visitor >= 0)
        found &= own[self.device] != own[self.visitor]
        return found

    def of(self, rows: Truths) -> Sessions:
        """Only these rows."""
        return Sessions(self.device[rows], self.visitor[rows], self.begins[rows], self.ends[rows])


class Stays:
    """Sessions of somebody else than a device's own customer, between the moments that are surely theirs.

    Moments are counted from the beginning of what is asked for; sessions that end before it are left out.
    `own`: the customer of each place. `meets`: whether one shares a moment with the session beside it;
    `fit`: whether devices and moments fit a number.
    """

    def __init__(self, sessions: Sessions, own: Places) -> None:
        device, visitor, begins, ends = sessions
        foreign = sessions.foreign(own)
        shared = np.unique(device[foreign])
        self._line = np.full(len(own), -1, np.int32)
        self._line[shared] = np.arange(len(shared))
        (rows,) = np.nonzero(self.shared(device))
        self._first = max(int(begins[rows].min(initial=_MOST)), 0)
        self._length = max(int(ends.max(initial=0)) - self._first, 0) + 3
        self.fit = len(shared) * self._length < _MOST
        rows = rows[np.lexsort((ends[rows], begins[rows], device[rows]))]
        line, begins, ends, foreign = self._line[device[rows]], begins[rows], ends[rows], foreign[rows]
        meets = (line[1:] == line[:-1]) & (begins[1:] == ends[:-1])
        self.meets = bool(np.any(meets & (foreign[1:] | foreign[:-1])))
        begins[1:] += meets
        ends[:-1] -= meets
        (held,) = np.nonzero(foreign & (begins <= ends) & (ends >= 0))
        self._opens, self._closes = (self._at(line[held], moment[held]) for moment in (begins, ends))
        self._theirs = own[visitor[rows[held]]]

    def shared(self, place: Places) -> Truths:
        """Whether others were on the device of a place; on none where that is -1."""
        return (self._line[place] >= 0) & (place >= 0)

    def owners(self, device: Places, moment: Numbers, own: Places) -> Places:
        """Whose these moments on shared devices are; `own` where they are nobody else's."""
        at = self._at(self._line[device], moment)
        visit = np.searchsorted(self._opens, at, side="right") - 1
        inside = visit >= 0
        inside[inside] = at[inside] <= self._closes[visit[inside]]
        found = own.copy()
        found[inside] = self._theirs[visit[inside]]
        return found

    def _at(self, line: Places, moment: Numbers) -> Numbers:
        """One number each, in which moments of one device follow those of another."""
        since = np.clip(moment - self._first + 1, 0, self._length - 1)  # 0: before the first session
        return line.astype(np.int64) * self._length + since
