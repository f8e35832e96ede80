"""The segments that lie in the journal, and wait to be published."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from heapq import merge
from pathlib import Path

from collector.writer import OPEN, SEALED

ENOUGH, LOOK_EVERY = 64, 1.0


class Waiting:
    """Each worker's segments, oldest first. Where many wait, the folders are read once a second at most."""

    def __init__(self, journal: Path, clock: Callable[[], float]) -> None:
        self._journal, self._clock = journal, clock
        self._of: dict[Path, list[Path]] = {}
        self._next_look = 0.0
        self.sealed = 0

    def look(self) -> None:
        """Reads the folders, if it is time to."""
        if self.sealed > ENOUGH and self._clock() < self._next_look:
            return
        self._of = {folder: segments_in(folder) for folder in folders_in(self._journal)}
        self.sealed = sum(path.suffix == SEALED for paths in self._of.values() for path in paths)
        self._next_look = self._clock() + LOOK_EVERY

    def by_age(self) -> Iterator[Path]:
        """What is sealed, oldest first over all workers."""
        every = merge(*self._of.values(), key=lambda path: path.name)
        return (path for path in every if path.suffix == SEALED)

    def workers(self) -> Iterator[list[Path]]:
        """All segments of each worker, also the one being written."""
        return iter(self._of.values())

    def done(self, paths: list[Path], number: int) -> None:
        """The oldest `number` of a worker's segments are published."""
        del paths[:number]
        self.sealed -= number


def folders_in(journal: Path) -> list[Path]:
    with os.scandir(journal) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir())


def segments_in(folder: Path) -> list[Path]:
    """A worker's segments, oldest first.

    The folder is read twice, since a rename can hide a file from one reading: a segment that is not seen
    would be tallied after a younger one, and so never.
    """
    first, second = names_in(folder), names_in(folder)
    return [folder / (stem + suffix) for stem, suffix in sorted({**first, **second}.items())]


def names_in(folder: Path) -> dict[str, str]:
    """Name -> `.open` or `.sealed` of every segment file that one reading shows."""
    split = (os.path.splitext(name) for name in os.listdir(folder))
    return {stem: suffix for stem, suffix in split if suffix in (OPEN, SEALED)}
