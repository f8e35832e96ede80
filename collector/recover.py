"""`sojourn recover DIR`: publishes the journal that a dead machine left, from wherever its disk is now."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from collector.errors import CannotStart, NotRecovered
from collector.files import take_lock
from collector.rests import Report
from collector.settings import CollectorSettings
from collector.sink import Loop, publisher_of
from collector.waiting import segments_in
from collector.writer import OPEN
from warehouse.landing import open_store
from warehouse.registry import Registry

PATIENCE: Final = 60.0
Progress = Callable[[int, int], None]


class Recovered(msgspec.Struct, frozen=True):
    """What was published: segments, and where they were."""

    journal: str
    segments: int


def journal_in(folder: Path) -> Path:
    """The journal of a data folder, or the folder itself where it is one. CannotStart where it is neither."""
    for journal in (folder / "journal", folder):
        if journal.is_dir() and _segments(journal):
            return journal
    if (folder / "journal").is_dir():
        return folder / "journal"
    raise CannotStart(f"{folder} holds no journal; give a data folder, or the folder journal/ of one")


def recover(
    folder: Path,
    settings: CollectorSettings,
    report: Report,
    now: Callable[[], int],
    loop: Loop,
    progress: Progress,
    patience: float = PATIENCE,
) -> Recovered:
    """Land, count and remove every segment of a journal whose programs are dead.

    Landing, registry and plans are those of `settings`; `now` gives µs UTC, `progress` is told the segments
    done and all of them. Doing it again after a break is safe. CannotStart while a sink works there,
    NotRecovered when nothing gets on for `patience` seconds.
    """
    journal = journal_in(folder)
    lock = take_lock(journal / "sink.lock", "sink", 0.0)
    registry = Registry.open(settings.registry, now=now)
    publisher = publisher_of(journal, open_store(settings.landing_url), registry, report, loop)
    try:
        publisher.adopt_orphans()
        all_of_them = left = len(_segments(journal))
        moved = loop.clock()
        while left:
            publisher.step()
            loop.rest()
            before, left = left, len(_segments(journal))
            moved = loop.clock() if left < before else moved
            progress(all_of_them - left, all_of_them)
            if loop.clock() - moved > patience:
                raise NotRecovered(_stuck(journal, left))
        return Recovered(str(journal), all_of_them)
    finally:
        publisher.close()
        registry.close()
        os.close(lock)


def _segments(journal: Path) -> list[Path]:
    return [path for folder in sorted(journal.iterdir()) if folder.is_dir() for path in segments_in(folder)]


def _stuck(journal: Path, left: int) -> str:
    held = sum(path.suffix == OPEN for path in _segments(journal))
    if held:
        return f"{held} segments in {journal} are being written by a worker that lives; stop it first"
    return f"{left} segments in {journal} could not be published; see the log, mend it, and do this again"
