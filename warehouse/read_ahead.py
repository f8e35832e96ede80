"""Landing objects read a few at a time, given in order: a store that is far away answers late, not slowly."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Final

import pyarrow as pa

from warehouse.landed import read_object
from warehouse.landing import Store

AT_ONCE: Final = 4


class ReadAhead:
    """Reads objects until they have about `limit` rows; what is read for nothing is an object or two."""

    def __init__(self, store: Store, keys: Sequence[str], limit: int) -> None:
        self._store, self._keys, self._limit = store, iter(keys), limit
        self._reading: deque[tuple[str, Future[pa.Table]]] = deque()
        self._rows = self._read = 0

    def each(self) -> Generator[tuple[str, Future[pa.Table]]]:
        """Key and rows, oldest first; asking for the rows raises what `read_object` raises."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="landing") as pool:
            try:
                while self._begin(pool):
                    key, rows = self._reading.popleft()
                    if rows.exception() is None:
                        self._rows, self._read = self._rows + rows.result().num_rows, self._read + 1
                    yield key, rows
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, pool: ThreadPoolExecutor) -> bool:
        """False: there is nothing more."""
        for key in islice(self._keys, self._room()):
            self._reading.append((key, pool.submit(read_object, self._store, key)))
        return bool(self._reading)

    def _room(self) -> int:
        """How many more to begin; at least one where none is being read."""
        expected = self._rows + len(self._reading) * (self._rows / self._read if self._read else 1)
        room = AT_ONCE - len(self._reading) if expected < self._limit else 0
        return max(room, int(not self._reading))
