"""From the journal to landing, each segment exactly once, whatever dies on the way.

A segment is landed (create-only, always under the same name), then tallied (once, by its name), then removed.
Every step can be done again with the same result, so after a crash the sink begins with what lies there.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice, takewhile
from pathlib import Path
from typing import Protocol

import msgspec

from collector.errors import LandingDiffers
from collector.files import Files, try_lock
from collector.writer import OPEN, SEALED, adopt
from sdk_contract.errors import SojournError
from warehouse.errors import StoreRefused, StoreUnavailable
from warehouse.landing import Store
from warehouse.rows import Landing, convert, source_of
from warehouse.segments import SegmentCount, Tally

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0

Report = Callable[[str, Mapping[str, object]], None]
ToRows = Callable[[bytes, str], Landing]


class Books(Protocol):
    """Where landed segments are counted: the registry."""

    def tally_segment(self, worker: str, segment_id: str, tally: Sequence[Tally]) -> bool: ...


class Landed(msgspec.Struct, frozen=True):
    """What a landing leaves to be done: a count to be tallied, and perhaps a fault of ours to be told."""

    count: SegmentCount
    unprocessed: int = 0
    trouble: str | None = None


def land(path: Path, store: Store, to_rows: ToRows = convert) -> Landed:
    """Puts one sealed segment into landing, or finds that it is there.

    Raises what the store and `to_rows` raise, `LandingDiffers`.
    """
    landing = to_rows(path.read_bytes(), id_of(path))
    if not store.put_new(landing.key, landing.parquet):
        _check_same(store.get(landing.key), landing)
    return Landed(landing.count, landing.unprocessed, landing.trouble)


def one_at_a_time(to_rows: ToRows) -> ToRows:
    """The same, for threads that share it: making rows together, they would cost each other a third more."""
    lock = threading.Lock()

    def alone(data: bytes, segment_id: str) -> Landing:
        with lock:
            return to_rows(data, segment_id)

    return alone


def _check_same(there: bytes, landing: Landing) -> None:
    """Bytes may differ after an upgrade; the segment that they were made from may not."""
    if there != landing.parquet and source_of(there) != landing.source:
        raise LandingDiffers(
            f"landing object {landing.key} was not made from segment {landing.segment_id}, which stays in "
            "the journal; see whether the object is hurt, or two data folders share node name and landing"
        )


class Backoff:
    """When to try again: at once, then after pauses that double. `clock` gives seconds of any origin."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pause = self._until = 0.0

    @property
    def over(self) -> bool:
        """Whether it is time to try."""
        return self._clock() >= self._until

    @property
    def failing(self) -> bool:
        return self._pause > 0

    def failed(self) -> float:
        """Returns the seconds until the next try."""
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self._until = self._clock() + self._pause
        return self._pause

    def worked(self) -> None:
        self._pause = self._until = 0.0


class Publisher:
    """Lands what is sealed under `journal`, several at a time, and tallies it in each worker's order of age.

    `clock` gives seconds of any origin, `report` logs, `woken` is called from a thread when a landing has
    ended. `to_rows` makes a segment's landing object; it is called from several threads, one at a time.
    """

    def __init__(
        self,
        journal: Path,
        store: Store,
        books: Books,
        files: Files,
        report: Report,
        clock: Callable[[], float],
        woken: Callable[[], None] = lambda: None,
        uploads: int = 4,
        to_rows: ToRows = convert,
    ) -> None:
        self._journal, self._store, self._books, self._files = journal, store, books, files
        self._report, self._clock, self._woken, self._uploads = report, clock, woken, uploads
        self._to_rows = one_at_a_time(to_rows)
        self._pool = ThreadPoolExecutor(uploads, thread_name_prefix="landing")
        self._begun: dict[Path, Future[Landed]] = {}
        self._landed: dict[Path, SegmentCount] = {}
        self._rests: dict[Path, Backoff] = {}
        self._store_rest, self._books_rest = Backoff(clock), Backoff(clock)

    def step(self) -> int:
        """Begins, ends and tallies what can be now. Returns how many sealed segments still lie there."""
        found = {folder: segments_in(folder) for folder in self._folders()}
        sealed = [path for paths in found.values() for path in paths if path.suffix == SEALED]
        self._collect()
        self._begin(sorted(sealed, key=lambda path: path.name))
        return len(sealed) - sum(self._tally_in_order(paths) for paths in found.values())

    def adopt_orphans(self) -> None:
        """Seals what workers left open that live no more: nobody holds the lock of their folder."""
        for folder in self._folders():
            if any(path.suffix == OPEN for path in segments_in(folder)):
                self._adopt(folder)

    def wait(self) -> bool:
        """Returns when a landing under way has ended; False: there is none."""
        wait(self._begun.values(), return_when=FIRST_COMPLETED)
        return bool(self._begun)

    def close(self) -> None:
        """Begins no other landing, and waits for none: what is under way is found there at the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _folders(self) -> list[Path]:
        with os.scandir(self._journal) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())

    def _begin(self, sealed: list[Path]) -> None:
        """Oldest first; one alone while the store is failing."""
        if not self._store_rest.over:
            return
        room = 1 if self._store_rest.failing else self._uploads
        ready = (path for path in sealed if self._is_ready(path))
        for path in islice(ready, max(room - len(self._begun), 0)):
            begun = self._begun[path] = self._pool.submit(land, path, self._store, self._to_rows)
            begun.add_done_callback(lambda _: self._woken())

    def _is_ready(self, path: Path) -> bool:
        known = path in self._begun or path in self._landed
        return not known and (path not in self._rests or self._rests[path].over)

    def _collect(self) -> None:
        """Looks at landings that have ended; one that failed begins again after a rest."""
        for path in [path for path, begun in self._begun.items() if begun.done()]:
            begun = self._begun.pop(path)
            problem = begun.exception()
            if problem is None:
                self._landed[path] = self._told(path, begun.result())
                self._rests.pop(path, None)
                self._store_rest.worked()
                continue
            is_store = isinstance(problem, StoreUnavailable | StoreRefused)
            rest = self._store_rest if is_store else self._rests.setdefault(path, Backoff(self._clock))
            self._complain("landing failed", path, problem, rest)

    def _told(self, path: Path, landed: Landed) -> SegmentCount:
        if landed.trouble is not None:
            facts = {"segment": id_of(path), "events": landed.unprocessed, "error": landed.trouble}
            self._report("events unprocessed", facts)
        return landed.count

    def _complain(self, what: str, path: Path, problem: BaseException, rest: Backoff) -> None:
        text = str(problem) if isinstance(problem, SojournError | OSError) else repr(problem)
        self._report(what, {"segment": id_of(path), "error": text, "again_in": rest.failed()})

    def _tally_in_order(self, paths: list[Path]) -> int:
        """How many of one worker's segments are done with: the oldest, up to the first that is not landed."""
        done = takewhile(
            lambda path: path in self._landed and self._books_rest.over and self._tally(path), paths
        )
        return sum(1 for _ in done)

    def _tally(self, path: Path) -> bool:
        count = self._landed[path]
        try:
            self._books.tally_segment(path.parent.name, id_of(path), count.tally)
            self._files.unlink(path)
        except (SojournError, sqlite3.Error, OSError) as problem:
            self._complain("tally failed", path, problem, self._books_rest)
            return False
        self._books_rest.worked()
        del self._landed[path]
        if count.damaged:
            self._report("segment damaged", {"segment": id_of(path), "events": count.damaged})
        return True

    def _adopt(self, folder: Path) -> None:
        lock = try_lock(folder / "lock")
        if lock is None:
            return
        try:
            adopted = adopt(folder, self._files)
            self._report("adopted", {"worker": folder.name, "segments": adopted})
        except OSError as problem:
            self._report("adoption failed", {"worker": folder.name, "error": str(problem)})
        finally:
            os.close(lock)


def segments_in(folder: Path) -> list[Path]:
    """A worker's segments, oldest first.

    The folder is read twice, since a rename can hide a file from one reading: a segment that is not seen
    would be tallied after a younger one, and so never.
    """
    first, second = _names(folder), _names(folder)
    return [folder / (stem + suffix) for stem, suffix in sorted({**first, **second}.items())]


def _names(folder: Path) -> dict[str, str]:
    split = (os.path.splitext(name) for name in os.listdir(folder))
    return {stem: suffix for stem, suffix in split if suffix in (OPEN, SEALED)}


def id_of(path: Path) -> str:
    """The segment id of a file in the journal."""
    return f"{path.parent.name}-{path.stem}"
