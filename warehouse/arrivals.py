"""Which landing objects wait to be loaded: the newest hours at each tick, everything now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import NamedTuple

import pyarrow as pa

from warehouse.errors import BadName
from warehouse.lake import Lake
from warehouse.landing import Store, hour_prefix, segment_of
from warehouse.replayed import in_order
from warehouse.unlanded import Unlanded

HOUR_US = 3_600_000_000
_LATE_US = 300_000_000
_SWEEP_SHARE = 50


class Left(NamedTuple):
    """Objects that are not in the lake, and when the oldest of them was put (µs UTC)."""

    objects: int = 0
    oldest: int | None = None


class Arrivals:
    """The objects of a landing store that are not in a lake. `now` gives µs UTC, `sweep_every` is seconds.

    `complete_until`: until when everything was in at the last load, µs UTC.
    """

    def __init__(
        self, store: Store, lake: Lake, *, now: Callable[[], int], sweep_every: float = 60.0
    ) -> None:
        self._store = store
        self._lake = lake
        self._now = now
        self._sweep_every = int(sweep_every * 1e6)
        self._next_sweep: int | None = None
        self._waiting: dict[str, int] = {}
        self._known: set[str] = set()
        self._aside: set[str] = set()
        self.unlanded = Unlanded()
        self.complete_until: int | None = None

    def waiting(self) -> list[str]:
        """Keys of objects that are not in the lake yet, in the order in which they are to be loaded."""
        now = self._now()
        if self._next_sweep is None or now >= self._next_sweep:
            self._sweep(now)
        else:
            hours = sorted({hour_prefix(now - _LATE_US), hour_prefix(now)})
            listed = chain.from_iterable(map(self._store.list, hours))
            new = (info for info in listed if info.key not in self._known and is_object(info.key))
            self._waiting.update((info.key, info.put_at) for info in new)
        return sorted(self._waiting.keys() - self._aside, key=in_order)

    def loaded(self, keys: Iterable[str]) -> None:
        """These are in the lake now."""
        keys = set(keys)
        for key in keys:
            self._waiting.pop(key, None)
        self._known |= keys

    def set_aside(self, keys: Iterable[str]) -> None:
        """These cannot be read: they wait for the next full listing."""
        self._aside.update(keys)

    @property
    def left(self) -> Left:
        """What is not in the lake, by the last listing; with the objects that cannot be read."""
        return Left(len(self._waiting), min(self._waiting.values(), default=None))

    def is_loaded(self, key: str) -> bool:
        """Whether this object is known to be in the lake; one of more than two hours ago may be unknown."""
        return key in self._known

    def _sweep(self, now: int) -> None:
        """List all of landing; again no sooner than 50 times what it took, so that it never eats a core."""
        keys = {info.key: info.put_at for info in self._store.list() if is_object(info.key)}
        self._waiting = {key: keys[key] for key in not_loaded(self._lake, list(keys))}
        self._aside.clear()
        recent = hour_prefix(now - 2 * HOUR_US)
        self._known = {key for key in keys if key >= recent} - self._waiting.keys()
        self._next_sweep = now + max(self._sweep_every, _SWEEP_SHARE * (self._now() - now))


def not_loaded(lake: Lake, keys: list[str]) -> set[str]:
    """Those of the keys that are not in the lake."""
    listed = pa.table({"key": pa.array(keys, pa.string())})
    with lake.table("listed", listed):
        found = lake.query("SELECT key FROM listed ANTI JOIN objects USING (key)")
    return {key for (key,) in found}


def is_object(key: str) -> bool:
    """Whether a key is that of a landing object; anything else in the folder is none of ours."""
    try:
        return bool(segment_of(key))
    except BadName:
        return False
