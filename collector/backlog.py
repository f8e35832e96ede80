"""The journal that is not published yet: how much, since when, and how fast it leaves."""

import os
from collections import deque
from collections.abc import Mapping
from itertools import takewhile
from math import ceil
from pathlib import Path
from typing import NamedTuple

import msgspec

TICKS, SHORTEST, LONGEST = 5, 3.0, 120.0
SILENCE, SILENT_GAPS = 5.0, 4.0


class Backlog(msgspec.Struct, frozen=True):
    """Unpublished journal: bytes by segment and in all, and since when the oldest sealed waits (ms UTC)."""

    segments: Mapping[str, int]
    oldest: int | None = None
    size: int = 0


class BacklogReader:
    """Looks at the segments of all workers; what is sealed does not change, and is looked at once."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._sealed: dict[str, tuple[int, int]] = {}

    def read(self) -> Backlog:
        """One that disappears meanwhile is published."""
        sealed: dict[str, tuple[int, int]] = {}
        segments: dict[str, int] = {}
        for name, path in segment_files(self._journal):
            found = self._sealed.get(name) if path.endswith(".sealed") else None
            if found is None and (found := size_and_age(path)) is None:
                continue
            segments[name] = found[0]
            if path.endswith(".sealed"):
                sealed[name] = found
        self._sealed = sealed
        oldest = min((age for _, age in sealed.values()), default=None)
        return Backlog(segments, oldest, sum(segments.values()))


def segment_files(journal: Path) -> list[tuple[str, str]]:
    """(worker/segment, path) of every segment file; of one that is renamed meanwhile perhaps twice."""
    with os.scandir(journal) as entries:
        folders = [entry for entry in entries if entry.is_dir()]
    names = [(folder, name) for folder in folders for name in os.listdir(folder)]
    split = [(folder, *os.path.splitext(name)) for folder, name in names]
    return [
        (f"{folder.name}/{stem}", f"{folder.path}/{stem}{suffix}")
        for folder, stem, suffix in split
        if suffix in (".open", ".sealed")
    ]


def size_and_age(path: str) -> tuple[int, int] | None:
    """Bytes, and when it was last written (ms UTC); None where it is gone."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_size, int(status.st_mtime * 1000)


class Lump(NamedTuple):
    """Bytes that had disappeared when a look was taken, at `at` seconds."""

    at: float
    size: int


class DrainRate:
    """How fast segments disappear, over the shortest time that has enough of them to tell.

    They go in lumps: many a second when the store is well, four in half a minute when it is slow. So the time
    counts from one lump to another; a silence much longer than the gaps before says that nothing drains, and
    what comes after it is measured by itself.
    """

    def __init__(self) -> None:
        self._lumps: deque[Lump] = deque()
        self._recent: list[Lump] = []
        self._before: Mapping[str, int] = {}
        self._now = 0.0

    def look(self, segments: Mapping[str, int], now: float) -> None:
        """Takes the segments (bytes by name) that lie there at `now` seconds."""
        gone = sum(self._before[name] for name in self._before.keys() - segments.keys())
        self._before, self._now = segments, now
        if self._is_silent():
            self._lumps.clear()
        if gone:
            self._lumps.append(Lump(now, gone))
        while self._lumps and now - self._lumps[0].at > LONGEST:
            self._lumps.popleft()
        self._recent = self._latest()

    @property
    def value(self) -> float:
        """Bytes a second; 0: nothing drains, or too little to tell."""
        if len(self._recent) < 2:
            return 0.0
        return self._size * (len(self._recent) - 1) / (self._now - self._recent[0].at)

    def seconds(self, size: int) -> float | None:
        """Until `size` bytes more are gone, in lumps like those before; None: nobody can tell."""
        if len(self._recent) < 2:
            return None
        lumps = ceil(size / self._size)
        return max(lumps * self._gap - (self._now - self._recent[-1].at), (lumps - 1) * self._gap)

    def _latest(self) -> list[Lump]:
        """The newest lumps: `TICKS` of them, or as many as came in `SHORTEST` seconds."""
        newest = list(reversed(self._lumps))
        enough = takewhile(lambda lump: self._now - lump.at <= SHORTEST, newest[TICKS:])
        return [*newest[:TICKS], *enough][::-1]

    @property
    def _size(self) -> float:
        """Bytes of a lump, by those after the first: nobody knows since when that one gathered."""
        return sum(lump.size for lump in self._recent[1:]) / (len(self._recent) - 1)

    @property
    def _gap(self) -> float:
        return (self._recent[-1].at - self._recent[0].at) / (len(self._recent) - 1)

    def _is_silent(self) -> bool:
        if len(self._recent) < 2:
            return False
        return self._now - self._recent[-1].at > max(SILENCE, SILENT_GAPS * self._gap)
