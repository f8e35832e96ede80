"""One question's turn with a connection: it ends when it takes too long, or when nobody waits any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import duckdb

from warehouse.console.errors import NobodyWaits, TakesTooLong
from warehouse.lake import Lake

T = TypeVar("T")
LOOK_EVERY_S: Final = 0.25
Gone = Callable[[], Awaitable[bool]]


class Turn:
    """`seconds`: how long it may take once it has begun; waiting for a thread does not count."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._lake: Lake | None = None
        self._began: float | None = None
        self._end: Exception | None = None

    async def take(self, threads: ThreadPoolExecutor, work: Callable[[], T], gone: Gone | None) -> T:
        """What `work` gives, in one of the threads; it calls `use` with its connection.

        TakesTooLong, and NobodyWaits where `gone` says so, once the connection is free again.
        """
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(threads, self._run, work, loop.time)
        try:
            while not (await asyncio.wait({running}, timeout=LOOK_EVERY_S))[0]:
                await self._look(loop.time(), gone)
        except asyncio.CancelledError:
            self._insist(loop, running)
            raise
        return running.result()

    def use(self, lake: Lake) -> None:
        """The connection that is interrupted from now on; raises why it ends where that was told already."""
        with self._lock:
            self._lake = lake
            if self._end is not None:
                raise self._end

    def _run(self, work: Callable[[], T], clock: Callable[[], float]) -> T:
        self._began = clock()
        if self._end is not None:
            raise self._end
        try:
            return work()
        except duckdb.InterruptException as error:
            if self._end is None:
                raise
            raise self._end from error
        finally:
            with self._lock:  # the next one's questions are not interrupted
                self._lake = None

    async def _look(self, now: float, gone: Gone | None) -> None:
        if self._began is not None and now - self._began > self._seconds:
            self._stop(TakesTooLong(self._seconds))
        elif self._end is not None or (gone is not None and await gone()):
            self._stop(NobodyWaits())

    def _insist(self, loop: asyncio.AbstractEventLoop, running: asyncio.Future[T]) -> None:
        """Stops it for nobody, until it has ended."""
        if not running.done():
            self._stop(NobodyWaits())
            loop.call_later(LOOK_EVERY_S, self._insist, loop, running)

    def _stop(self, why: Exception) -> None:
        """Again at each look: an interrupt that comes between two statements ends neither."""
        with self._lock:
            self._end = self._end or why
            if self._lake is not None:
                self._lake.con.interrupt()
