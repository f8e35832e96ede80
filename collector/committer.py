"""The thread on which a journal is written, job by job, and how the event loop hears of an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from time import perf_counter
from typing import Final

Job = Callable[[], object]

QUICK_SECONDS: Final = 0.005


class Committer:
    """Jobs that the event loop gives away; made and used on that loop.

    While the disk is quick, the loop stands still in `run` until the job is done, `quick` seconds at most:
    two threads that work in turns only take the interpreter's lock from one another, and what arrives in the
    meantime is taken together afterwards. After a job that took longer, the loop goes on until one is quick.
    """

    def __init__(self, quick: float = QUICK_SECONDS) -> None:
        self._quick = quick
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()
        self._took = 0.0

    def run(self, job: Job, then: Job) -> None:
        """Has `job` done, which must not raise, and calls `then` on the loop: at once if that was quick."""
        ended = threading.Lock()
        ended.acquire()
        waits = self._took < self._quick
        self._jobs.put(partial(self._timed, job, ended))
        if waits and ended.acquire(timeout=self._quick):
            then()
        else:
            self._jobs.put(partial(self._loop.call_soon_threadsafe, then))

    def _timed(self, job: Job, ended: threading.Lock) -> None:
        began = perf_counter()
        job()
        self._took = perf_counter() - began
        ended.release()

    def put(self, job: Job) -> None:
        """Has it done; nobody hears of it."""
        self._jobs.put(job)

    async def result(self, job: Job) -> None:
        """Returns when it is done; raises what it raised."""
        done: Future[None] = Future()
        self._jobs.put(partial(_run, job, done))
        await asyncio.wrap_future(done)

    def close(self) -> None:
        """Returns when all is done that was given before."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _run(job: Job, done: Future[None]) -> None:
    try:
        job()
        done.set_result(None)
    except Exception as problem:  # it belongs to whoever waits
        done.set_exception(problem)
