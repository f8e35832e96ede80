"""Runs of the dedup index: immutable sorted files of 32-byte entries, four columns one after the other,
memory-mapped.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from struct import Struct

import msgspec
import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

_HEAD = Struct("<8sQqI4x")
_MAGIC = b"SJDEDUP1"


class Entries(msgspec.Struct, frozen=True):
    """Columns of equal length.

    h1 and h2: MD5 of project and message id; body: hash of what was said; received: µs UTC.
    """

    h1: U64
    h2: U64
    body: U64
    received: I64

    def __len__(self) -> int:
        return len(self.h1)

    def take(self, which: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Entries:
        return Entries(self.h1[which], self.h2[which], self.body[which], self.received[which])

    def sorted(self) -> Entries:
        return self.take(np.argsort(self.h1, kind="stable"))


def concat(parts: Sequence[Entries]) -> Entries:
    """All entries of all parts, in order."""
    return Entries(
        np.concatenate([part.h1 for part in parts]),
        np.concatenate([part.h2 for part in parts]),
        np.concatenate([part.body for part in parts]),
        np.concatenate([part.received for part in parts]),
    )


def empty() -> Entries:
    none = np.empty(0, np.uint64)
    return Entries(none, none, none, np.empty(0, np.int64))


def matches(run: Entries, h1: U64, h2: U64) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs (position in h1/h2, position in run) of equal ids. `run` is sorted by h1; `h1` had better be."""
    at = np.searchsorted(run.h1, h1)
    rows = np.flatnonzero(at < len(run))
    at = at[rows]
    found: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
    while len(rows):
        same = run.h1[at] == h1[rows]
        rows, at = rows[same], at[same]
        equal = run.h2[at] == h2[rows]
        found.append((rows[equal], at[equal]))
        inside = at + 1 < len(run)
        rows, at = rows[inside], at[inside] + 1
    if not found:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    return np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])


def newest(entries: Entries) -> int:
    """The latest received time (µs UTC) of entries that are not none."""
    return int(entries.received.max())


def write_run(path: Path, entries: Entries) -> None:
    """Write sorted entries. Not synced: a torn run is found by its checksum and built again from the lake."""
    columns = [np.ascontiguousarray(column).data for column in _columns(entries)]
    crc = 0
    for column in columns:
        crc = zlib.crc32(column, crc)
    aside = path.with_suffix(".new")
    with aside.open("wb") as file:
        file.write(_HEAD.pack(_MAGIC, len(entries), newest(entries), crc))
        for column in columns:
            file.write(column)
    os.replace(aside, path)


class Run(msgspec.Struct, frozen=True):
    """A mapped file and the latest received time in it."""

    name: str
    entries: Entries
    newest: int


def open_run(path: Path) -> Run | None:
    """Map a run; None when the file is missing, torn or damaged."""
    try:
        size = path.stat().st_size
        data = np.memmap(path, np.uint8, "r") if size >= _HEAD.size else None
    except OSError:
        return None
    if data is None:
        return None
    magic, count, latest, crc = _HEAD.unpack(data[: _HEAD.size].tobytes())
    if magic != _MAGIC or size != _HEAD.size + 32 * count or zlib.crc32(data[_HEAD.size :].data) != crc:
        return None
    return Run(path.name, _mapped(data[_HEAD.size :], count), latest)


def _mapped(data: npt.NDArray[np.uint8], count: int) -> Entries:
    h1, h2, body, received = (np.asarray(data[8 * count * n : 8 * count * (n + 1)]) for n in range(4))
    return Entries(h1.view(np.uint64), h2.view(np.uint64), body.view(np.uint64), received.view(np.int64))


def _columns(entries: Entries) -> tuple[U64, U64, U64, I64]:
    return entries.h1, entries.h2, entries.body, entries.received
