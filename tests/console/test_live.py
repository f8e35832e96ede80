"""The live feed against a real HTTP server that stands in for the collector."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from warehouse.console.live import ROWS, Feed, Pace, frame, lines, messages

PACE = Pace(gather=0.02, retry=0.02, quiet=0.2)


class Collector:
    """A server of `/live`; `say` sends text to everyone who listens."""

    def __init__(self, token: str = "t0") -> None:
        self.token = token
        self.listeners: list[asyncio.Queue[str | None]] = []
        self.left = asyncio.Event()
        self.came = asyncio.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    async def live(self, request: Request) -> Response:
        if request.headers["authorization"] != f"Bearer {self.token}":
            return Response(status_code=401)
        return StreamingResponse(self.stream(), media_type="text/event-stream")

    async def stream(self) -> AsyncIterator[str]:
        said: asyncio.Queue[str | None] = asyncio.Queue()
        self.listeners.append(said)
        self.came.set()
        try:
            yield ": follows\n\n"
            while (text := await said.get()) is not None:
                yield text
        finally:
            self.left.set()

    def say(self, text: str | None) -> None:
        for listener in self.listeners:
            listener.put_nowait(text)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        app = Starlette(routes=[Route("/live", self.live)])
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        )
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        serving = asyncio.create_task(server.serve(sockets=[self.socket]))
        try:
            yield
        finally:
            self.say(None)
            server.should_exit = True
            await serving


class Looking:
    """A visitor's messages, read one at a time; quiet ones are passed over."""

    def __init__(self, frames: AsyncIterator[str]) -> None:
        self.frames = frames
        self.waiting: list[tuple[str, str]] = []

    async def next(self) -> tuple[str, str]:
        while not self.waiting:
            text = await asyncio.wait_for(anext(self.frames), 10)
            self.waiting = [one async for one in messages(lines(once(text.encode())))]
        return self.waiting.pop(0)

    async def until(self, wanted: tuple[str, str]) -> None:
        while await self.next() != wanted:
            pass


async def once(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk


def names(events: Sequence[dict[str, Any]]) -> str:
    return "\n".join(event["event"] for event in events)


def event(name: str) -> str:
    return f"data: {json.dumps({'event': name}, ensure_ascii=False)}\n\n"


def look(
    test: Callable[[Collector, Looking, asyncio.Event], Awaitable[None]],
    *,
    open_now: bool = True,
    token: str = "t0",
) -> None:
    """Runs `test` with a collector, a visitor, and the console's stopping event."""

    async def run() -> None:
        collector, stopping = Collector(), asyncio.Event()

        async def known() -> str:
            return token

        async with httpx.AsyncClient(base_url=collector.url, trust_env=False, timeout=60) as client:
            frames = Feed(client, known, names, stopping, PACE).frames()
            async with collector.running() if open_now else contextlib.nullcontext():
                await test(collector, Looking(frames), stopping)
                await frames.aclose()  # type: ignore[attr-defined]
        collector.socket.close()

    asyncio.run(run())


def test_events_come_as_rows_the_newest_first() -> None:
    async def test(collector: Collector, visitor: Looking, stopping: asyncio.Event) -> None:
        await visitor.until(("state", "open"))
        collector.say(event("first") + event("second\u2028line 2\x85"))
        assert await visitor.next() == ("", "second\u2028line 2\x85\nfirst")
        collector.say(event("third"))
        assert await visitor.next() == ("", "third")

    look(test)


def test_a_burst_keeps_the_newest_and_counts_the_rest() -> None:
    async def test(collector: Collector, visitor: Looking, stopping: asyncio.Event) -> None:
        await visitor.until(("state", "open"))
        collector.say("event: dropped\ndata: 7\n\n" + "".join(event(str(n)) for n in range(ROWS + 5)))
        assert await visitor.next() == ("skipped", "12")
        _, rows = await visitor.next()
        assert rows.split("\n") == [str(n) for n in reversed(range(5, ROWS + 5))]

    look(test)


def test_a_collector_that_ends_is_told_and_found_again() -> None:
    async def test(collector: Collector, visitor: Looking, stopping: asyncio.Event) -> None:
        await visitor.until(("state", "open"))
        collector.say(None)
        await visitor.until(("state", "down"))
        await visitor.until(("state", "open"))
        assert len(collector.listeners) == 2

    look(test)


def test_a_collector_that_is_not_there_is_told() -> None:
    async def test(collector: Collector, visitor: Looking, stopping: asyncio.Event) -> None:
        collector.socket.close()
        await visitor.until(("state", "down"))

    look(test, open_now=False)


def test_a_collector_of_another_folder_is_told() -> None:
    async def test(collector: Collector, visitor: Looking, stopping: asyncio.Event) -> None:
        await visitor.until(("state", "refused"))

    look(test, token="another")


def test_the_feed_ends_when_the_console_stops() -> None:
    async def test(collector: Collector, visitor: Looking, stopping: asyncio.Event) -> None:
        await visitor.until(("state", "open"))
        stopping.set()
        with pytest.raises(StopAsyncIteration):
            await visitor.next()

    look(test)


def test_who_leaves_frees_the_collector() -> None:
    async def test(collector: Collector, visitor: Looking, stopping: asyncio.Event) -> None:
        await visitor.until(("state", "open"))
        await asyncio.wait_for(collector.came.wait(), 10)
        await visitor.frames.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(collector.left.wait(), 10)

    look(test)


def test_a_quiet_line_is_proved_alive() -> None:
    async def test(collector: Collector, visitor: Looking, stopping: asyncio.Event) -> None:
        while await asyncio.wait_for(anext(visitor.frames), 10) != ": quiet\n\n":
            pass

    look(test)


def test_a_frame_keeps_what_its_lines_hold() -> None:
    assert frame("<tr>\n</tr>\n") == "data: <tr>\ndata: </tr>\n\n"
    assert frame("open", "state") == "event: state\ndata: open\n\n"
    assert frame("a\rdata: b") == "data: a\ndata: data: b\n\n"
