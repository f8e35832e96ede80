"""From the journal to landing, each segment exactly once, whatever dies on the way.

A segment is landed (create-only, always under the same name), then tallied (once, by its name), then removed.
Every step can be done again with the same result, so after a crash the sink begins with what lies there.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from hashlib import sha256
from itertools import islice, takewhile
from pathlib import Path
from typing import Protocol

import msgspec

from collector.errors import LandingDiffers
from collector.files import Files, damaged_folder, make_folder, try_lock
from collector.rests import MOST_UPLOADS, UPLOADS, Backoff, Report, StoreRest
from collector.waiting import Waiting, folders_in, names_in, segments_in
from collector.writer import OPEN, SEALED, adopt
from sdk_contract.errors import SojournError
from warehouse.errors import ObjectDamaged, StoreRefused, StoreUnavailable
from warehouse.landing import Store
from warehouse.rows import Landing, convert, count_of, source_of
from warehouse.segments import HEAD_READ, SegmentCount, Tally, read_footer


class ToRows(Protocol):
    """Makes a segment's landing object; `after` are the first bytes of the worker's next segment."""

    def __call__(self, data: bytes, segment_id: str, *, after: bytes | None) -> Landing: ...


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
    landing = _made(path, to_rows)
    count = landing.count
    if not store.put_new(landing.key, landing.parquet):
        count = _count_there(store, landing, path)
    return Landed(count, landing.unprocessed, landing.trouble)


def _made(path: Path, to_rows: ToRows) -> Landing:
    """The segment's object. The segment's own bytes are given up, however long the store then takes."""
    data = path.read_bytes()
    after = _next_head(path) if read_footer(data) is None else None
    return to_rows(data, id_of(path), after=after)


def _next_head(path: Path) -> bytes | None:
    """The beginning of the worker's segment after this one; None where there is none."""
    later = [other for other in segments_in(path.parent) if other.stem > path.stem][:1]
    for name in (name for other in later for name in (other, other.with_suffix(SEALED))):
        with suppress(FileNotFoundError), name.open("rb") as file:
            return file.read(HEAD_READ)
    return None


def one_at_a_time(to_rows: ToRows) -> ToRows:
    """The same, on a thread of its own, for threads that share it.

    Making rows together they would cost each other a third more; and what a thread has used, malloc keeps for
    that thread alone, so that each of them would come to hold what a segment takes.
    """
    maker = ThreadPoolExecutor(1, thread_name_prefix="rows")

    def alone(data: bytes, segment_id: str, *, after: bytes | None) -> Landing:
        return maker.submit(to_rows, data, segment_id, after=after).result()

    return alone


def _count_there(store: Store, landing: Landing, path: Path) -> SegmentCount:
    """What the object that is there holds.

    Bytes may differ after an upgrade, or because the next segment has told since what was lost of this one;
    the segment that they were made from may not. What cannot be read is an upload that broke off, on a store
    that keeps such: it is put there again.
    """
    try:
        there = store.get(landing.key)
    except ObjectDamaged:
        there = b""
    if there == landing.parquet:
        return landing.count
    source = source_of(there)
    if source is None:
        store.replace(landing.key, landing.parquet)
        return landing.count
    if source not in (landing.source, _hash_of(path)):
        raise LandingDiffers(
            f"landing object {landing.key} was not made from segment {landing.segment_id}, which stays in "
            "the journal; see whether two data folders share node name and landing"
        )
    return count_of(there)


def _hash_of(path: Path) -> str:
    """What objects of earlier releases call the segment that they were made from."""
    return sha256(path.read_bytes()).hexdigest()


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
        uploads: int = UPLOADS,
        to_rows: ToRows = convert,
    ) -> None:
        self._journal, self._store, self._books, self._files = journal, store, books, files
        self._report, self._clock, self._woken, self._uploads = report, clock, woken, uploads
        self._waiting, self._store_rest = Waiting(journal, clock), StoreRest(clock, report, uploads)
        self._to_rows = one_at_a_time(to_rows)
        self._pool = ThreadPoolExecutor(max(uploads, MOST_UPLOADS), thread_name_prefix="landing")
        self._begun: dict[Path, tuple[Future[Landed], float]] = {}
        self._landed: dict[Path, SegmentCount] = {}
        self._rests: dict[Path, Backoff] = {}
        self._books_rest = Backoff(clock)

    def step(self) -> int:
        """Begins, ends and tallies what can be now. Returns how many sealed segments still lie there."""
        self._waiting.look()
        self._collect()
        self._begin()
        for paths in self._waiting.workers():
            self._waiting.done(paths, self._tally_in_order(paths))
        self._store_rest.tell(self._waiting.sealed)
        return self._waiting.sealed

    def adopt_orphans(self) -> None:
        """Seals what workers left open that live no more: nobody holds the lock of their folder."""
        for folder in folders_in(self._journal):
            if OPEN in names_in(folder).values():
                self._adopt(folder)

    def wait(self) -> bool:
        """Returns when a landing under way has ended; False: there is none."""
        wait([begun for begun, _ in self._begun.values()], return_when=FIRST_COMPLETED)
        return bool(self._begun)

    def close(self) -> None:
        """Begins no other landing, and waits for none: what is under way is found there at the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        """Oldest first; while the store is failing the oldest take turns to ask it."""
        room = self._store_rest.room(len(self._begun))
        if not room:
            return
        ready = list(islice(filter(self._is_ready, self._waiting.by_age()), room + self._store_rest.turn))
        for path in ready[-room:]:
            begun = self._pool.submit(land, path, self._store, self._to_rows)
            self._begun[path] = begun, self._store_rest.began()
            begun.add_done_callback(lambda _: self._woken())

    def _is_ready(self, path: Path) -> bool:
        known = path in self._begun or path in self._landed
        return not known and (path not in self._rests or self._rests[path].over)

    def _collect(self) -> None:
        """Looks at landings that have ended; one that failed begins again after a rest."""
        for path in [path for path, (begun, _) in self._begun.items() if begun.done()]:
            begun, since = self._begun.pop(path)
            problem = begun.exception()
            if problem is None:
                self._landed[path] = self._told(path, begun.result())
                self._rests.pop(path, None)
                self._store_rest.worked()
            elif not (_is_of_store(problem) and self._store_rest.failed(since, _facts(path, problem))):
                rest = self._rests.setdefault(path, Backoff(self._clock))
                self._complain("landing failed", path, problem, rest)

    def _told(self, path: Path, landed: Landed) -> SegmentCount:
        if landed.trouble is not None:
            facts = {"segment": id_of(path), "events": landed.unprocessed, "error": landed.trouble}
            self._report("events unprocessed", facts)
        return landed.count

    def _complain(self, what: str, path: Path, problem: BaseException, rest: Backoff) -> None:
        """Ever more rarely, for as long as it goes on: at the first, second, fourth, eighth failure."""
        pause = rest.failed()
        if rest.failures & (rest.failures - 1) == 0:
            self._report(what, {**_facts(path, problem), "again_in": pause, "failures": rest.failures})

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
            self._remove(path, count)
        except (SojournError, sqlite3.Error, OSError) as problem:
            self._complain("tally failed", path, problem, self._books_rest)
            return False
        self._books_rest.worked()
        del self._landed[path]
        return True

    def _remove(self, path: Path, count: SegmentCount) -> None:
        """A damaged segment is kept beside the journal, for whoever wants to find out what happened to it."""
        if not count.damaged:
            self._files.unlink(path)
            return
        kept = damaged_folder(self._journal) / f"{id_of(path)}.segment"
        make_folder(kept.parent, self._files)
        self._files.rename(path, kept)
        facts = {"segment": id_of(path), "events": count.damaged, "kept": str(kept)}
        self._report("segment damaged", facts)

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


def _is_of_store(problem: BaseException) -> bool:
    return isinstance(problem, StoreUnavailable | StoreRefused)


def _facts(path: Path, problem: BaseException) -> dict[str, object]:
    text = str(problem) if isinstance(problem, SojournError | OSError) else repr(problem)
    return {"segment": id_of(path), "error": text}


def id_of(path: Path) -> str:
    """The segment id of a file in the journal."""
    return f"{path.parent.name}-{path.stem}"
