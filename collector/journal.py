"""The journal of one worker: `append` returns when the record is on disk. One commit serves all who wait."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic

from collector.committer import Committer
from collector.errors import JournalUnavailable
from collector.files import Files, make_folder, take_lock
from collector.shedding import Queue
from collector.writer import OPEN, SEALED, Entry, SegmentWriter, adopt, newest
from warehouse.segments import HOUR_US, RecordHead, payload_crc, record_prefix, split_segment_id

# A commit costs the same however little it takes, and gives way to other programs twice: with a rest between
# two of them each takes more, for a tenth less CPU where requests are small and workers are several.
REST_SECONDS = 0.001
GATHER_SECONDS = 0.002
Then = Callable[[Exception | None], None]
Waiting = tuple[Entry, Then]


class _Commit:
    """Who waits for it, and what came of it."""

    def __init__(self, batch: list[Waiting]) -> None:
        self.batch = batch
        self.written = 0
        self.problem: Exception | None = None


class Journal:
    """Opened, used and closed on one event loop; a thread of its own writes.

    Whoever calls while a commit is on its way waits for the next one, which takes all that wait.
    """

    def __init__(
        self, writer: SegmentWriter, lock: int, segment_bytes: int, segment_age: float, queue: Queue
    ) -> None:
        self._writer, self._lock, self.queue = writer, lock, queue
        self._segment_bytes, self._segment_age = segment_bytes, segment_age
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Waiting] = []
        self._committing = self._closed = False
        self._ended = float("-inf")
        self._drained: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._aging = 0
        self._committer = Committer()
        self.commits = self.events = self.bytes = 0
        self.failure: str | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        node: str,
        worker: str,
        now: Callable[[], int],
        files: Files,
        *,
        trimmed: str | None = None,
        segment_bytes: int = 8 * 1024 * 1024,
        segment_age: float = 2.0,
        patience: float = 5.0,
        queue: Queue | None = None,
    ) -> Journal:
        """Takes the worker's folder, seals what a predecessor left, and is ready to append.

        `now` gives µs UTC. `trimmed` is the worker's newest segment in the registry: new names are greater.
        Ages are seconds. Raises `JournalBusy` where another process holds the folder for longer than
        `patience` seconds, and `JournalUnavailable` where it cannot be written.
        """
        try:
            make_folder(folder, files)
            lock = take_lock(folder / "lock", f"collector worker {worker}", patience)
            adopt(folder, files)
            epoch = next_epoch(folder, now(), trimmed)
            previous = newest(folder, worker)
        except OSError as problem:
            raise JournalUnavailable(f"journal {folder}: {problem.strerror or problem}") from problem
        writer = SegmentWriter(folder, node, worker, epoch, now, files, previous)
        return cls(writer, lock, segment_bytes, segment_age, queue or Queue(1.0, 1 << 30, monotonic))

    async def append(self, head: RecordHead, body: bytes, events: int) -> None:
        """Returns when the record is on disk; raises `JournalUnavailable` when it will not be."""
        done = self._loop.create_future()
        self.put(head, body, events, partial(_settle, done))
        await done

    def put(self, head: RecordHead, body: bytes, events: int, then: Then) -> None:
        """Calls `then` when the record is on disk, or with why it will not be; raises `JournalUnavailable`.

        A future for each record costs more than what it is for.
        """
        if self._closed:
            raise JournalUnavailable("the journal is closing; try again")
        prefix, hour = record_prefix(head), head.received_at // HOUR_US
        entry = Entry(prefix, body, payload_crc(prefix, body), events, head.key_no, hour)
        self._waiting.append((entry, then))
        self.queue.add(head.key_no, len(prefix) + len(body))
        if not self._committing:
            self._committing = True
            self._begin()

    def _begin(self) -> None:
        """Commits what waits, after a rest where the commit before has just ended."""
        now = self.queue.clock()
        if (rest := self._ended + REST_SECONDS - now) > 0:
            self._loop.call_later(rest, self._commit)
        else:
            self._loop.call_soon(self._gather, 1, now + GATHER_SECONDS)

    def _gather(self, seen: int, until: float) -> None:
        """Lets the loop turn as long as each turn brings more; a turn that brings nothing costs little."""
        if len(self._waiting) > seen and self.queue.clock() < until:
            self._loop.call_soon(self._gather, len(self._waiting), until)
        else:
            self._commit()

    def _commit(self) -> None:
        """Gives those that wait to the committer; what arrives in the meantime goes with the next commit."""
        batch, self._waiting = self._waiting, []
        if self.queue.size > self.queue.commit_limit:
            batch, self._waiting = _split(batch, self.queue.commit_limit)
        commit = _Commit(batch)
        self._committer.run(partial(self._write, commit), partial(self._release, commit))

    def _write(self, commit: _Commit) -> None:
        """On the committer's thread."""
        self.queue.begin()
        try:
            commit.written = self._writer.commit([entry for entry, _ in commit.batch])
        except Exception as failed:  # whatever it is, those who wait must hear of it
            commit.problem = failed
        self.queue.end(commit.written)

    def _release(self, commit: _Commit) -> None:
        problem = None if commit.problem is None else _unavailable(commit.problem)
        self.failure = None if problem is None else str(commit.problem)
        for entry, _ in commit.batch:
            self.queue.remove(entry.key_no, len(entry.prefix) + len(entry.body))
        if problem is None:
            self.commits += 1
            self.bytes += commit.written
            self.events += sum(entry.events for entry, _ in commit.batch)
        if self._writer.length >= self._segment_bytes:
            self._committer.put(self._writer.seal)
        self._go_on()
        for _, then in commit.batch:
            self._tell(then, problem)

    def _tell(self, then: Then, problem: Exception | None) -> None:
        """The failure of one who waits must not keep it from the others."""
        try:
            then(problem)
        except Exception as error:  # of one request, logged by the loop; the others go on
            self._loop.call_exception_handler({"message": "after a commit", "exception": error})

    def _go_on(self) -> None:
        self._committing, self._ended = bool(self._waiting), self.queue.clock()
        if self._committing:
            self._begin()
        elif self._drained is not None:
            self._drained.set_result(None)
        if self._aging != self._writer.number:
            self._watch_age(self._writer.number)

    def _watch_age(self, number: int) -> None:
        """Seals segment `number` when its time has come, however idle the journal is then."""
        if self._timer is not None:
            self._timer.cancel()
        self._aging = number
        seal = partial(self._seal_aged, number)
        self._timer = self._loop.call_later(self._segment_age, self._committer.put, seal)

    def _seal_aged(self, number: int) -> None:
        """On the committer's thread."""
        if self._writer.number == number:
            self._writer.seal()
        if not self._writer.settle():
            self._loop.call_soon_threadsafe(self._watch_age, number)

    async def probe(self) -> None:
        """Writes and removes a small file as a commit would; raises `JournalUnavailable` where that fails."""
        try:
            await self._committer.result(self._writer.probe)
        except OSError as problem:
            raise _unavailable(problem) from problem

    async def close(self) -> None:
        """Commits what waits, seals, and gives the folder back. Later appends are refused."""
        if self._closed:
            return
        self._closed = True
        if self._committing:
            self._drained = self._loop.create_future()
            await self._drained
        if self._timer is not None:
            self._timer.cancel()
        await self._committer.result(self._writer.seal)
        self._committer.close()
        os.close(self._lock)


def _split(waiting: list[Waiting], limit: int) -> tuple[list[Waiting], list[Waiting]]:
    """What one commit takes, the first of it however large it is, and what has to wait longer."""
    size = 0
    for at, (entry, _) in enumerate(waiting):
        size += len(entry.prefix) + len(entry.body)
        if size > limit:
            return waiting[: max(at, 1)], waiting[max(at, 1) :]
    return waiting, []


def _settle(done: asyncio.Future[None], problem: Exception | None) -> None:
    """Does nothing where the request was cancelled; the record stands all the same."""
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem)


def _unavailable(problem: Exception) -> JournalUnavailable:
    return problem if isinstance(problem, JournalUnavailable) else JournalUnavailable(f"journal: {problem}")


def next_epoch(folder: Path, now: int, trimmed: str | None) -> int:
    """This start's epoch: ms UTC, but greater than any that was used here before, whatever the clock says."""
    names = [path.name[:13] for path in folder.iterdir() if path.suffix in (OPEN, SEALED)]
    known = [int(name) for name in names if name.isdecimal()]
    known += [split_segment_id(trimmed)[1]] if trimmed else []
    return max([now // 1000, *(epoch + 1 for epoch in known)])
