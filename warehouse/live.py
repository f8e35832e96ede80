"""The journal as its readers see it: segments that no landing object may hold yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from warehouse.errors import BadName
from warehouse.segments import Record, SegmentCount, opened_at, scan, split_segment_id, tally

HEAD_READ = 1 << 16
SUFFIXES = (".open", ".sealed")


class LiveSegment(msgspec.Struct, frozen=True):
    """A segment file of the journal."""

    segment_id: str
    worker: str
    path: Path

    def opened_at(self) -> int | None:
        """µs UTC; None when the file was landed and removed meanwhile."""
        data = self._read(HEAD_READ)
        return None if data is None else opened_at(data, self.segment_id)

    def count(self) -> SegmentCount | None:
        """What is complete in it now; None when the file was landed and removed meanwhile."""
        data = self._read(-1)
        return None if data is None else tally(data, self.segment_id)

    def records(self) -> Iterator[Record]:
        """The requests in it that can be read."""
        data = self._read(-1)
        return (found for found in scan(data or b"") if isinstance(found, Record))

    def _read(self, size: int) -> bytes | None:
        for path in (self.path, self.path.with_suffix(".sealed")):
            try:
                with path.open("rb") as file:
                    return file.read(size)
            except FileNotFoundError:
                continue
        return None


def live_segments(journal: Path) -> Iterator[LiveSegment]:
    """Every segment file, in the order of the workers' names and then of age."""
    for worker, name in sorted(segment_files(journal)):
        if (segment := live_segment(journal, worker, name)) is not None:
            yield segment


def live_segment(journal: Path, worker: str, name: str) -> LiveSegment | None:
    """The segment of a worker's file; None for a file that is none."""
    segment_id = f"{worker}-{name.partition('.')[0]}"
    return LiveSegment(segment_id, worker, journal / worker / name) if _is_segment(segment_id) else None


def segment_files(journal: Path) -> list[tuple[str, str]]:
    """(worker, file name) of everything that has the name of a segment file."""
    if not journal.is_dir():
        return []
    with os.scandir(journal) as entries:
        workers = [entry.name for entry in entries if entry.is_dir()]
    names = ((worker, name) for worker in workers for name in os.listdir(journal / worker))
    return [(worker, name) for worker, name in names if name.endswith(SUFFIXES)]


def _is_segment(text: str) -> bool:
    try:
        return bool(split_segment_id(text))
    except BadName:
        return False
