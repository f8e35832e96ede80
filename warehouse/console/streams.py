"""Parts of a page that the server sends anew when they change, until they are finished."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from starlette.responses import StreamingResponse

from warehouse.console.live import frame

DONE = "done"
# A page that is left open asks again after so long, as somebody who may still see it.
LONGEST_S = 3_600.0


class Part(msgspec.Struct, frozen=True):
    """HTML of a part of a page, empty where there is nothing to send; `done`: it changes no more."""

    html: str
    done: bool = False


Look = Callable[[], Awaitable[Part]]


async def watched(look: Look, stopping: asyncio.Event, every: float) -> AsyncIterator[str]:
    """The part at first and whenever it is another one; it is looked at every so many seconds."""
    shown, loop = "", asyncio.get_running_loop()
    until = loop.time() + LONGEST_S
    while not stopping.is_set() and loop.time() < until:
        part = await look()
        yield frame(part.html) if part.html not in ("", shown) else ": quiet\n\n"
        shown = part.html
        if part.done:
            yield frame("1", DONE)
            return
        try:
            await asyncio.wait_for(stopping.wait(), every)
        except TimeoutError:
            continue


def stream(frames: AsyncIterator[str]) -> StreamingResponse:
    """Messages as a response that no proxy holds back."""
    return StreamingResponse(frames, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
