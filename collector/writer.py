"""Writes one worker's segments, commit by commit. Not thread-safe: the journal's committer owns it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from collector.errors import JournalUnavailable
from collector.files import Files
from warehouse.segments import (
    PAGE,
    RECORD,
    Footer,
    Head,
    Tally,
    encode_footer,
    encode_head,
    frame_head,
    segment_id,
)
from warehouse.tails import whole_tally

Previous = tuple[str | None, list[Tally]]

OPEN, SEALED = ".open", ".sealed"
NOTHING: Final[Previous] = (None, [])
ENDED_LIMIT = 8


class Entry(NamedTuple):
    """One record that waits to be durable: its payload in two pieces, and what its frame says."""

    prefix: bytes
    body: bytes
    crc: int
    events: int
    key_no: int
    hour: int


class Ended(NamedTuple):
    """A segment to be sealed. What counts are its first `length` bytes; `cut`: it has more."""

    path: Path
    length: int
    cut: bool


class _Segment:
    """The segment being written: `length` bytes and `ordinal` events of it are durable."""

    def __init__(self, path: Path, descriptor: int, head: Head) -> None:
        self.path, self.descriptor, self.head = path, descriptor, head
        self.length = self.ordinal = 0
        self.counts: Counter[tuple[int, int]] = Counter()

    def frames(self, entries: Sequence[Entry]) -> bytes:
        """The entries as whole pages, so that the next commit never writes a page of this one again."""
        ordinal = self.ordinal
        pieces = [] if self.length else [encode_head(self.head)]
        for prefix, body, crc, events, key_no, hour in entries:
            pieces += (
                frame_head(RECORD, len(prefix) + len(body), crc, ordinal, events, key_no, hour),
                prefix,
                body,
            )
            ordinal += events
        pieces.append(bytes(-sum(map(len, pieces)) % PAGE))
        return b"".join(pieces)

    def advance(self, length: int, entries: Sequence[Entry]) -> None:
        self.length += length
        for entry in entries:
            self.ordinal += entry.events
            self.counts[entry.key_no, entry.hour] += entry.events

    def tally(self) -> list[Tally]:
        return [Tally(key, hour, events) for (key, hour), events in sorted(self.counts.items())]


class SegmentWriter:
    """Commits records to `<folder>/<epoch>-<number>.open` and seals them by renaming.

    `previous` is the newest segment that an earlier life of the worker left, and what it holds.
    """

    def __init__(
        self,
        folder: Path,
        node: str,
        worker: str,
        epoch: int,
        now: Callable[[], int],
        files: Files,
        previous: Previous = NOTHING,
    ) -> None:
        self._folder, self._node, self._worker, self._epoch = folder, node, worker, epoch
        self._now, self._files = now, files
        self._segment: _Segment | None = None
        self._previous = previous
        self._ended: list[Ended] = []
        self.number = 0

    @property
    def length(self) -> int:
        """Bytes of the open segment; 0: there is none."""
        return self._segment.length if self._segment else 0

    def commit(self, entries: Sequence[Entry]) -> int:
        """Returns the bytes written when all entries are on disk. On `JournalUnavailable` none counts.

        After a failed write or fsync the kernel may call pages clean that never reached the disk. So the
        segment is given up: it ends where the last good commit ended, and nothing is written to it any more.
        """
        try:
            return self._commit(entries)
        except OSError as problem:
            self._give_up()
            raise JournalUnavailable(f"journal {self._folder}: {problem.strerror or problem}") from problem

    def _commit(self, entries: Sequence[Entry]) -> int:
        if self._ended and not self.settle() and len(self._ended) >= ENDED_LIMIT:
            raise OSError(
                "segments of earlier failures cannot be closed; see that the disk is well and has room"
            )
        first = self._segment is None
        segment = self._segment = self._segment or self._begin()
        data = segment.frames(entries)
        self._files.write(segment.descriptor, data)
        self._files.fdatasync(segment.descriptor)
        if first:
            self._files.fsync_folder(self._folder)
        segment.advance(len(data), entries)
        return len(data)

    def _begin(self) -> _Segment:
        self.number += 1
        head = Head(self._node, self._worker, self._epoch, self.number, self._now(), *self._previous)
        path = self._folder / f"{self._epoch:013d}-{self.number:08d}{OPEN}"
        return _Segment(path, self._files.create(path), head)

    def seal(self) -> None:
        """Ends the open segment with its footer and gives it to the sink.

        `settle` goes on with what fails.
        """
        if (segment := self._segment) is None:
            return
        try:
            footer = encode_footer(Footer(segment.tally()), segment.ordinal)
            self._files.write(segment.descriptor, footer)
            self._files.fdatasync(segment.descriptor)
        except OSError:
            self._give_up()
        else:
            self._end(segment, segment.length + len(footer), cut=False)

    def _give_up(self) -> None:
        if self._segment is not None:
            self._end(self._segment, self._segment.length, cut=True)

    def _end(self, segment: _Segment, length: int, cut: bool) -> None:
        if length:
            self._previous = (segment_id(self._worker, self._epoch, segment.head.number), segment.tally())
        self._segment = None
        self._ended.append(Ended(segment.path, length, cut))
        with suppress(OSError):  # the descriptor is gone all the same, and fdatasync has told what is on disk
            self._files.close(segment.descriptor)
        self.settle()

    def probe(self) -> None:
        """Raises `OSError` where a commit would."""
        path = self._folder / "probe"
        descriptor = self._files.create(path)
        try:
            self._files.write(descriptor, bytes(PAGE))
            self._files.fdatasync(descriptor)
        finally:
            self._files.close(descriptor)
            self._files.unlink(path)

    def settle(self) -> bool:
        """Seals what has ended, oldest first; True when nothing is left."""
        while self._ended:
            try:
                _settle(self._ended[0], self._files)
                self._files.fsync_folder(self._folder)
            except OSError:
                return False
            del self._ended[0]
        return True


def _settle(ended: Ended, files: Files) -> None:
    """A step that was done before is no error."""
    with suppress(FileNotFoundError):
        if not ended.length:
            files.unlink(ended.path)
            return
        if ended.cut:
            _sync(ended.path, files, ended.length)
        files.rename(ended.path, ended.path.with_suffix(SEALED))


def adopt(folder: Path, files: Files) -> int:
    """Seals what a dead worker left open, and says how many. The caller holds the folder's lock.

    A killed process leaves bytes that are in memory only. They become durable first: what the sink lands from
    a segment must not be more than a power cut would leave of it.
    """
    left = sorted(folder.glob(f"*{OPEN}"))
    for path in left:
        _sync(path, files)
        files.rename(path, path.with_suffix(SEALED))
    if left:
        files.fsync_folder(folder)
    return len(left)


def newest(folder: Path, worker: str) -> Previous:
    """The newest segment that still lies there, and what it holds; damage after this moment will show."""
    for path in sorted(folder.glob(f"*{SEALED}"))[-1:]:
        with suppress(FileNotFoundError):  # the sink was faster
            name = f"{worker}-{path.stem}"
            return name, whole_tally(path.read_bytes(), name).tally
    return NOTHING


def _sync(path: Path, files: Files, length: int | None = None) -> None:
    descriptor = files.reopen(path)
    try:
        if length is not None:
            files.truncate(descriptor, length)
        files.fdatasync(descriptor)
    finally:
        files.close(descriptor)
