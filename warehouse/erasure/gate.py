"""A landing store behind a gate: nobody who was erased comes back through it.

Whatever is loaded (new objects, a rebuild, a replay) comes through here. An object that
names somebody who has a tombstone is written anew without that person first, and only then handed out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.arrivals import is_object
from warehouse.checksums import is_whole
from warehouse.erasure.looking import Rows
from warehouse.erasure.needles import Needles
from warehouse.erasure.objects import rewritten
from warehouse.erasure.people import ERASE, PSEUDONYMISE
from warehouse.erasure.tombstones import COLUMNS, Marked, Tombstones
from warehouse.landing import ObjectInfo, Store


class Gate:
    """A `Store`; all but `get` is that of the store behind it."""

    def __init__(self, store: Store, tombstones: Tombstones) -> None:
        self._store, self._tombstones = store, tombstones

    @property
    def behind(self) -> Store:
        """The store itself: what is in the lake already is read there, so that both change together."""
        return self._store

    def get(self, key: str) -> bytes:
        data = self._store.get(key)
        if not self._tombstones.there_are() or not is_object(key) or not is_whole(data):
            return data
        marked = self._marked(data)
        if not marked:
            return data
        clean = rewritten(data, key, _rows(marked), Needles(marked.values), self._tombstones.vault)
        if clean != data:
            self._store.replace(key, clean)
        return clean

    def _marked(self, data: bytes) -> Marked:
        """Nobody, where the object cannot be read: the loader will say so."""
        try:
            with pq.ParquetFile(pa.BufferReader(data)) as file:
                there = [name for name in COLUMNS if name in file.schema_arrow.names]
                rows = file.read(columns=there, use_threads=False)
        except (pa.ArrowException, OSError):
            return Marked({}, frozenset())
        for name in COLUMNS:
            if name not in there:
                rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
        return self._tombstones.marked(rows)

    def put_new(self, key: str, data: bytes) -> bool:
        return self._store.put_new(key, data)

    def replace(self, key: str, data: bytes) -> None:
        self._store.replace(key, data)

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        return self._store.list(prefix, after)

    def exists(self, key: str) -> bool:
        return self._store.exists(key)

    def delete(self, key: str) -> None:
        self._store.delete(key)

    def local_path(self, key: str) -> Path | None:
        return self._store.local_path(key)


def _rows(marked: Marked) -> Rows:
    found = {mode: np.flatnonzero(which).tolist() for mode, which in marked.rows.items()}
    erase = set(found.get(ERASE, ()))
    return Rows(sorted(erase), [row for row in found.get(PSEUDONYMISE, ()) if row not in erase])
