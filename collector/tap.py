"""Follows the journals of all workers as they grow; what comes too fast to be shown is counted."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sdk_contract.dialects import Dialect
from sdk_contract.errors import Refused
from sdk_contract.events import text_of
from sdk_contract.verdicts import Judgement, Verdict
from warehouse.segments import Record, scan

POLL_SECONDS = 0.2
EVENTS_AT_ONCE = 2_000
LARGEST = 1 << 24
SUFFIXES = (".open", ".sealed")


class LiveEvent(msgspec.Struct, frozen=True):
    """One event as it was acknowledged; `received_at` is µs UTC, `pointer` a JSON pointer into the event.

    `sdk` is what the library that sent it calls itself, `dialect` the protocol it spoke.
    """

    received_at: int
    project: str
    key_id: str
    message_id: str
    type: str | None
    event: str | None
    user_id: str | None
    anonymous_id: str | None
    verdict: str
    reason: str | None
    pointer: str | None
    dialect: str = ""
    sdk: str | None = None


class _Seen(msgspec.Struct, rename="camel"):
    type: Any = None
    message_id: Any = None
    event: Any = None
    name: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    context: msgspec.Raw = msgspec.Raw(b"null")


class _Library(msgspec.Struct):
    name: str | None = None


class _Context(msgspec.Struct):
    library: _Library | None = None


_decode_seen = msgspec.json.Decoder(_Seen).decode
_decode_context = msgspec.json.Decoder(_Context | None).decode


class _Tail:
    """One segment file, held open so that it can be read to its end after the sink has removed it."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.at = self.ordinal = 0

    def more(self) -> Iterator[Record]:
        """The records that are complete since the last look."""
        data = os.pread(self.descriptor, LARGEST, self.at)
        start = self.at
        for found in scan(data, 0, self.ordinal):
            self.at, self.ordinal = start + found.after, found.ordinal + found.events
            if isinstance(found, Record):
                yield found

    def close(self) -> None:
        os.close(self.descriptor)


class Follower:
    """Reads what is new in `journal` at each `read`. `from_end`: what is there already is passed over."""

    def __init__(self, journal: Path, dialects: Sequence[Dialect], *, from_end: bool = True) -> None:
        self._journal = journal
        self._dialects = {dialect.name: dialect for dialect in dialects}
        self._tails: dict[str, _Tail] = {}
        if from_end:
            for _ in self._records():
                pass

    def read(self, limit: int = EVENTS_AT_ONCE) -> tuple[list[LiveEvent], int]:
        """New events, oldest first within a worker, and how many more were passed over because of `limit`."""
        events: list[LiveEvent] = []
        dropped = 0
        for record in self._records():
            if len(events) + record.events > limit and events:
                dropped += record.events
            else:
                events.extend(self._events(record))
        return events, dropped

    def _records(self) -> Iterator[Record]:
        found = self._listed()
        for name, path in found.items():
            if name not in self._tails:
                try:
                    self._tails[name] = _Tail(path)
                except FileNotFoundError:
                    continue
        for name, tail in list(self._tails.items()):
            yield from tail.more()
            if name not in found:
                tail.close()
                del self._tails[name]

    def _listed(self) -> dict[str, Path]:
        """Segments by their name without the suffix, which changes when they are sealed; oldest first."""
        paths = [path for path in self._journal.glob("*/*") if path.suffix in SUFFIXES]
        return {f"{path.parent.name}/{path.stem}": path for path in sorted(paths, key=lambda path: path.stem)}

    def _events(self, record: Record) -> Iterator[LiveEvent]:
        dialect = self._dialects.get(record.head.dialect)
        if dialect is None:
            return
        judged = {one.index: one for one in record.head.judgements}
        if record.head.sealed:
            yield _live(record, 0, b"", judged.get(0))
            return
        try:
            parsed = dialect.parse(record.head.kind, record.body)
        except Refused:
            return
        for index, raw in enumerate(parsed.events):
            yield _live(record, index, bytes(raw), judged.get(index))

    def close(self) -> None:
        for tail in self._tails.values():
            tail.close()
        self._tails.clear()


def _live(record: Record, index: int, raw: bytes, judged: Judgement | None) -> LiveEvent:
    head, seen = record.head, _seen(raw)
    message_id = _text(seen.message_id) or f"{head.batch_id}-{index}"
    verdict = judged.verdict if judged else Verdict.OK
    reason = judged.reason.value if judged and judged.reason else None
    of_type = _text(seen.type) or (head.kind if head.kind != "batch" else None)
    name = _text(seen.event) or _text(seen.name)
    return LiveEvent(
        head.received_at, head.project, head.key_id, message_id, of_type, name, _text(seen.user_id),
        _text(seen.anonymous_id), verdict.value, reason, judged.pointer if judged else None,
        head.dialect, _library(seen.context),
    )  # fmt: skip


def _seen(raw: bytes) -> _Seen:
    try:
        return _decode_seen(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Seen()


def _library(context: msgspec.Raw) -> str | None:
    """What the SDK calls itself, where it says so as one should."""
    try:
        found = _decode_context(context)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return _text(found.library.name) if found and found.library else None


def _text(value: object) -> str | None:
    """A text or an integer as a short text; anything else counts as absent."""
    return (text_of(value) or "")[:200] or None if isinstance(value, str | int) else None


class Listener:
    """What waits for one reader; when it reads too slowly, the oldest is dropped and counted."""

    def __init__(self, size: int) -> None:
        self._waiting: deque[LiveEvent] = deque(maxlen=size)
        self._dropped = 0
        self.news = asyncio.Event()

    def put(self, events: list[LiveEvent], dropped: int) -> None:
        room = (self._waiting.maxlen or 0) - len(self._waiting)
        self._dropped += dropped + max(0, len(events) - room)
        self._waiting.extend(events)
        self.news.set()

    def take(self) -> tuple[list[LiveEvent], int]:
        """Everything that waits, and how many were dropped since the last time."""
        events, dropped = list(self._waiting), self._dropped
        self._waiting.clear()
        self._dropped = 0
        self.news.clear()
        return events, dropped


class Tap:
    """One follower for all readers of a worker; it reads only while somebody listens."""

    def __init__(self, follower: Callable[[], Follower], size: int) -> None:
        self._follower, self._size = follower, size
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._attached = asyncio.Event()

    async def follow(self, idle_seconds: float) -> AsyncIterator[tuple[list[LiveEvent], int]]:
        """(events, dropped) as they come; ([], 0) first, and after `idle_seconds` without any."""
        listener = Listener(self._size)
        self._listeners.add(listener)
        self._task = self._task or asyncio.ensure_future(self._run())
        try:
            await self._attached.wait()
            yield [], 0
            while listener in self._listeners:
                try:
                    await asyncio.wait_for(listener.news.wait(), idle_seconds)
                except TimeoutError:
                    yield [], 0
                else:
                    yield listener.take()
        finally:
            self._listeners.discard(listener)

    async def _run(self) -> None:
        try:
            await self._serve()
        finally:
            # Where it fails, who listens hears the end, and comes again.
            self.close()
            self._attached.set()
            self._attached.clear()
            self._task = None

    async def _serve(self) -> None:
        follower = await asyncio.to_thread(self._follower)
        self._attached.set()
        try:
            while self._listeners:
                events, dropped = await asyncio.to_thread(follower.read)
                if events or dropped:
                    for listener in self._listeners:
                        listener.put(events, dropped)
                await asyncio.sleep(POLL_SECONDS)
        finally:
            follower.close()

    def close(self) -> None:
        """Ends every `follow`."""
        listeners, self._listeners = self._listeners, set()
        for listener in listeners:
            listener.news.set()
