"""The live view: follows the collector's stream for one visitor and passes it on as rows of a table.

The visitor's connection stays open whatever the collector does. It gets `state` messages (open, down,
refused) and rows, gathered for a moment so that a burst is one message. What comes too fast to be shown is
counted.
"""

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import httpx
import msgspec

ROWS = 100
_RESTS = 10
LINE_END = re.compile(r"\r\n|\r|\n")

Token = Callable[[], Awaitable[str]]
Render = Callable[[Sequence[dict[str, Any]]], str]
Wanted = Callable[[dict[str, Any]], bool]


class Pace(msgspec.Struct, frozen=True):
    """Seconds: rows gather for, a lost collector is tried again after, a quiet line is proved alive after,
    and what stands beside the rows is drawn anew after.
    """

    gather: float = 0.2
    retry: float = 1.0
    quiet: float = 10.0
    beside: float = 5.0


DEFAULT_PACE = Pace()


def frame(data: str, event: str = "") -> str:
    """One server-sent message; without a name, htmx puts its data into the page."""
    name = f"event: {event}\n" if event else ""
    return name + "".join(f"data: {line}\n" for line in LINE_END.split(data.rstrip("\n"))) + "\n"


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Lines of a stream, ended by newlines only: an event's name may hold any other separator."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode()


async def messages(stream: AsyncIterator[str]) -> AsyncIterator[tuple[str, str]]:
    """(name, data) of each message in a stream of server-sent lines."""
    name, data = "", list[str]()
    async for line in stream:
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif not line:
            if data:
                yield name, "\n".join(data)
            name, data = "", []


class Beside(msgspec.Struct, frozen=True):
    """What stands beside the rows: the name of its messages, and what gives its HTML."""

    name: str
    draw: Callable[[], Awaitable[str]]


class Feed:
    """One visitor's view of the collector's `/live`: of the events that are `wanted`, `beside` them a part of
    the page that is drawn anew every few seconds.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        token: Token,
        render: Render,
        stopping: asyncio.Event,
        pace: Pace = DEFAULT_PACE,
        *,
        wanted: Wanted = lambda event: True,
        beside: Beside | None = None,
    ) -> None:
        self._pace = pace
        self._wanted = wanted
        self._beside = beside
        self._drawn = ""
        self._client = client
        self._token = token
        self._render = render
        self._stopping = stopping
        self._changed = asyncio.Event()
        self._state = "connecting"
        self._skipped = 0
        self._events: deque[dict[str, Any]] = deque()

    async def frames(self) -> AsyncIterator[str]:
        """Messages for the visitor until he leaves or the console stops."""
        tasks = [asyncio.create_task(self._follow())]
        if self._beside is not None:
            tasks.append(asyncio.create_task(self._draw(self._beside)))
        try:
            async for text in self._shown():
                yield text
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _shown(self) -> AsyncIterator[str]:
        told = ""
        while not self._stopping.is_set():
            yield self._drain(told)
            told = self._state
            await _first(self._changed, self._stopping, self._pace.quiet)
            await _first(self._stopping, self._stopping, self._pace.gather)

    def _drain(self, told: str) -> str:
        """What gathered since the last message; a comment when nothing did, to notice a visitor who left."""
        self._changed.clear()
        parts = [frame(self._state, "state")] if self._state != told else []
        if self._skipped:
            parts.append(frame(str(self._skipped), "skipped"))
            self._skipped = 0
        if self._beside is not None and self._drawn:
            parts.append(frame(self._drawn, self._beside.name))
            self._drawn = ""
        if self._events:
            parts.append(frame(self._render(list(reversed(self._events)))))
            self._events.clear()
        return "".join(parts) or ": quiet\n\n"

    async def _draw(self, beside: Beside) -> None:
        shown, clock = "", asyncio.get_running_loop().time
        while True:
            began = clock()
            drawn = await beside.draw()
            if drawn != shown:
                shown = self._drawn = drawn
                self._changed.set()
            # What takes long is asked for less often, so that it never takes much of the machine.
            await asyncio.sleep(max(self._pace.beside, _RESTS * (clock() - began)))

    async def _follow(self) -> None:
        while True:
            try:
                self._tell(await self._listen())
            except (httpx.HTTPError, OSError):
                self._tell("down")
            await asyncio.sleep(self._pace.retry)

    async def _listen(self) -> str:
        """Takes events until the stream ends; the state that is then true."""
        headers = {"Authorization": f"Bearer {await self._token()}", "Accept": "text/event-stream"}
        async with self._client.stream("GET", "/live", headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                return "refused"
            self._tell("open")
            async for name, data in messages(lines(answer.aiter_bytes())):
                self._take(name, data)
        return "down"

    def _take(self, name: str, data: str) -> None:
        event = msgspec.json.decode(data)
        if name == "dropped":
            self._skipped += int(event["dropped"] if isinstance(event, dict) else event)
        elif self._wanted(event):
            self._events.append(event)
        else:
            return
        if len(self._events) > ROWS:
            self._events.popleft()
            self._skipped += 1
        self._changed.set()

    def _tell(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._changed.set()


async def _first(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Waits until either is set, `seconds` at most."""
    waiting = [asyncio.create_task(one.wait()), asyncio.create_task(other.wait())]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
