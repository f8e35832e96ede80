"""Numbers for keys, looked up by the million."""

from __future__ import annotations

from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
_LAST: Final = np.iinfo(np.int64).max
_BITS: Final = 63


class Roster:
    """Keys by number: each of `keys`, which are in order and no two the same, has its place among them.

    Keys are hashes, 0 or more: their first bits say nearly where they stand.
    """

    def __init__(self, keys: Numbers) -> None:
        self.keys = np.append(keys, _LAST)
        bits = len(keys).bit_length()
        self._shift = _BITS - bits
        held = np.bincount(keys >> self._shift, minlength=1 << bits)
        self._begins = (np.cumsum(held) - held).astype(np.int32)

    def places(self, keys: Numbers) -> Places:
        """The place of each key, -1 where it is none of these."""
        place: Places = self._begins[np.clip(keys, 0, None) >> self._shift]
        (later,) = np.nonzero(self.keys[place] < keys)
        while len(later):
            place[later] += 1
            later = later[self.keys[place[later]] < keys[later]]
        place[self.keys[place] != keys] = -1
        return place


class Strays:
    """Numbers for keys that are in no roster, from `first` on. From any thread."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._known: dict[int, int] = {}
        self._lock = Lock()

    @property
    def count(self) -> int:
        """Every number is below it; grows with them."""
        return self._first + len(self._known)

    def numbers(self, keys: Numbers) -> Places:
        """A number for each key, the same whenever it is asked for."""
        with self._lock:
            found = [self._known.setdefault(key, self.count) for key in keys.tolist()]
        return np.array(found, np.int32)
