"""The journal as its readers see it: segments that no landing object may hold yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from warehouse.errors import BadName
from warehouse.segments import HEAD_READ, Record, SegmentCount, opened_at, scan, split_segment_id
from warehouse.tails import whole_tally

SUFFIXES = (".open", ".sealed")


class LiveSegment(msgspec.Struct, frozen=True):
    """A segment file of the journal."""

    segment_id: str
    worker: str
    path: Path
    following: Path | None = None

    def opened_at(self) -> int | None:
        """µs UTC; None when the file was landed and removed meanwhile."""
        data = _read(self.path, HEAD_READ)
        return None if data is None else opened_at(data, self.segment_id)

    def count(self) -> SegmentCount | None:
        """What is complete in it now; None when the file was landed and removed meanwhile."""
        after = _read(self.following, HEAD_READ) if self.following else None
        data = _read(self.path, -1)
        return None if data is None else whole_tally(data, self.segment_id, after)

    def records(self) -> Iterator[Record]:
        """The requests in it that can be read."""
        data = _read(self.path, -1)
        return (found for found in scan(data or b"") if isinstance(found, Record))


def _read(path: Path, size: int) -> bytes | None:
    """The beginning of a segment, also where it was sealed meanwhile; None when it was landed and removed."""
    for name in (path, path.with_suffix(".sealed")):
        try:
            with name.open("rb") as file:
                return file.read(size)
        except FileNotFoundError:
            continue
    return None


def live_segments(journal: Path) -> Iterator[LiveSegment]:
    """Every segment file, in the order of the workers' names and then of age."""
    made = (live_segment(journal, worker, name) for worker, name in sorted(segment_files(journal)))
    found = [segment for segment in made if segment is not None]
    for number, segment in enumerate(found, 1):
        later = [other.path for other in found[number : number + 1] if other.worker == segment.worker]
        yield msgspec.structs.replace(segment, following=later[0]) if later else segment


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
