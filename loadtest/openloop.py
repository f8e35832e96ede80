"""Requests at a constant rate whatever becomes of them, each timed from the moment at which it was due.

A client that waits for answers before it asks again asks less of a server that is slow, and does not see it.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from loadtest.errors import ConnectionLost
from loadtest.wire import Address, Connection, Request, connect, written

LOST: Final = 0
ANSWER_S: Final = 20.0


class Sample(NamedTuple):
    """One request: when it was due, how long after that it was answered (s), and how (0: it was cut off)."""

    due: float
    took: float
    status: int
    ids: tuple[str, ...]
    retry_after: float | None

    @property
    def done(self) -> float:
        return self.due + self.took


class Pool:
    """Connections to a server, one for each request that is not answered yet; `most` of them.

    All are used in turn: the one that answered last would draw ever more to the worker that turns most away.
    """

    def __init__(self, to: Address, clock: Callable[[], float], most: int = 1000) -> None:
        self.to, self.clock = to, clock
        self._idle: deque[Connection] = deque()
        self._room = asyncio.Semaphore(most)

    async def sample(self, request: Request, due: float) -> Sample:
        async with self._room:
            try:
                connection = await self._connection()
                answer = await connection.post(written(request, self.to, b""), ANSWER_S)
            except ConnectionLost:
                return Sample(due, self.clock() - due, LOST, request.ids, None)
            if connection.open:
                self._idle.append(connection)
        return Sample(due, self.clock() - due, answer.status, request.ids, answer.retry_after_s)

    async def _connection(self) -> Connection:
        while self._idle:
            if (connection := self._idle.popleft()).open:
                return connection
        return await connect(self.to)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


async def open_loop(pool: Pool, requests: Iterable[Request], rate: float, seconds: float) -> list[Sample]:
    """`rate` requests a second for so long; returns when all are answered."""
    start, tasks = pool.clock(), list[asyncio.Task[Sample]]()
    for number, request in enumerate(islice(requests, round(rate * seconds))):
        due = start + number / rate
        if (early := due - pool.clock()) > 0:
            await asyncio.sleep(early)
        tasks.append(asyncio.ensure_future(pool.sample(request, due)))
    return list(await asyncio.gather(*tasks))


async def closed_loop(
    pool: Pool, requests: Iterable[Request], connections: int, seconds: float
) -> list[Sample]:
    """As much as so many connections bring when each asks again once it is answered."""
    until, samples, source = pool.clock() + seconds, list[Sample](), iter(requests)

    async def one() -> None:
        while (now := pool.clock()) < until and (request := next(source, None)) is not None:
            samples.append(await pool.sample(request, now))

    await asyncio.gather(*(one() for _ in range(connections)))
    return samples


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of them lie; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def accepted(samples: Iterable[Sample], begin: float, end: float) -> float:
    """Events acknowledged a second, by when the answer came."""
    events = sum(len(one.ids) for one in samples if one.status == 200 and begin <= one.done < end)
    return events / (end - begin)


def statuses(samples: Iterable[Sample]) -> dict[str, int]:
    return dict(sorted(Counter(str(one.status) for one in samples).items()))


def over_time(
    samples: Iterable[Sample], start: float, step: float, figure: Callable[[list[Sample]], float]
) -> list[tuple[float, float]]:
    """`figure` of the requests due in each stretch of `step` seconds."""
    stretches: dict[int, list[Sample]] = {}
    for one in samples:
        stretches.setdefault(int((one.due - start) / step), []).append(one)
    return [(number * step, figure(found)) for number, found in sorted(stretches.items())]
