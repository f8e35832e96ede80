"""Bits in arrays: whether an owner was somewhere, such as in an interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from warehouse.insights.roster import Places

Bits = npt.NDArray[Any]  # by layer, word and owner
_WORD: Final = 64
_MOST_BYTES: Final = 1 << 29
_PART: Final = 1 << 15  # owners that are counted together: the processor's cache has their bits


class Bitmap:
    """In each of `layers` there are `places`, a bit at each for every owner; from any thread."""

    def __init__(self, layers: int, places: int, owners: int) -> None:
        words, kind = _layout(places)
        self._bits: Bits = np.zeros((layers, words, owners), kind)
        self._lock = Lock()

    @classmethod
    def within_memory(cls, layers: int, places: int, owners: int) -> Self | None:
        """None where the bits would take too much of it."""
        words, kind = _layout(places)
        fits = layers * words * owners * kind().itemsize <= _MOST_BYTES
        return cls(layers, places, owners) if fits else None

    @property
    def parts(self) -> Iterator[Bits]:
        """All bits, of some owners at a time."""
        for first in range(0, self._bits.shape[2], _PART):
            yield self._bits[:, :, first : first + _PART]

    def add(self, layer: int, owner: Places, places: Sequence[int], count: int) -> None:
        """These owners were at these places. `count`: more than any owner's number."""
        masks = _masks(places)
        with self._lock:
            if count > self._bits.shape[2]:
                self._bits = np.pad(self._bits, ((0, 0), (0, 0), (0, count - self._bits.shape[2])))
            for word, mask in masks:
                self._bits[layer, word][owner] |= self._bits.dtype.type(mask)


def there(bits: Bits, places: Sequence[int]) -> Bits:
    """Not 0 for who was at one of these places, by layer and owner."""
    found: Bits = np.zeros(bits.shape[::2], bits.dtype)
    for word, mask in _masks(places):
        found |= bits[:, word] & bits.dtype.type(mask)
    return found


def _layout(places: int) -> tuple[int, Any]:
    """How many words hold so many bits, and of which type."""
    return (1, np.uint32) if places <= _WORD // 2 else (-(-places // _WORD), np.uint64)


def _masks(places: Sequence[int]) -> list[tuple[int, int]]:
    """Bits by the words that they are in."""
    found: dict[int, int] = {}
    for place in places:
        found[place // _WORD] = found.get(place // _WORD, 0) | 1 << place % _WORD
    return list(found.items())
