"""Segments that lie in the journal, by the keys that their objects will have in landing."""

from __future__ import annotations

from pathlib import Path

from warehouse.landing import object_key
from warehouse.live import live_segment, segment_files


class Unlanded:
    """Remembers what it has read of segments that are sealed: there may be thousands when a store is away."""

    def __init__(self) -> None:
        self._sealed: dict[tuple[str, str], tuple[str, int]] = {}

    def look(self, journal: Path) -> dict[str, int]:
        """Key in landing -> opened at (µs UTC) of every segment that lies there now."""
        files = segment_files(journal)
        found = {file: self._sealed.get(file) or _read(journal, *file) for file in files}
        known = {file: one for file, one in found.items() if one is not None}
        self._sealed = {file: one for file, one in known.items() if file[1].endswith(".sealed")}
        return dict(known.values())


def _read(journal: Path, worker: str, name: str) -> tuple[str, int] | None:
    segment = live_segment(journal, worker, name)
    opened = None if segment is None else segment.opened_at()
    return None if segment is None or opened is None else (object_key(segment.segment_id, opened), opened)
