"""The load client: keeps a schedule, sends again as an SDK does, remembers what was acknowledged and when."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple, Self

from loadtest.errors import ConnectionLost, GaveUp
from loadtest.wire import Address, Answer, Connection, Request, address, connect, written

RESENT: Final = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_PAUSE_S: Final = 2.0


class Ack(NamedTuple):
    """A request that was answered 200. `answered_at`: µs UTC when the answer was complete."""

    request: Request
    answered_at: int
    body: bytes
    tries: int


class Refused(NamedTuple):
    """A request that was answered in a way that an SDK takes as final."""

    request: Request
    status: int
    body: bytes
    tries: int = 1


class Client:
    """Sends requests over at most `connections` connections.

    `headers` go with every request. One request is tried for `patience_s` seconds; its bytes, and so its
    message ids, never change between the tries; the pauses between them begin at `first_pause_s` and double.
    `remember` gets each acknowledgement; by default `acked` keeps them, which grows with the run.
    Use it as an async context manager.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], int],
        connections: int = 8,
        headers: bytes = b"",
        patience_s: float = 60.0,
        answer_s: float = 30.0,
        first_pause_s: float = 0.05,
        remember: Callable[[Ack], None] | None = None,
    ) -> None:
        self.to: Address = address(url)
        self.acked: list[Ack] = []
        self.refused: list[Refused] = []
        self.tries = 0
        self._remember = remember or self.acked.append
        self.keep_acks = True
        self._clock, self._headers = clock, headers
        self._patience_s, self._answer_s, self._first_pause_s = patience_s, answer_s, first_pause_s
        self._room = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._idle:
            connection.close()

    async def send(self, request: Request) -> Ack | Refused:
        """Raises GaveUp when `patience_s` is over and the request is neither acknowledged nor refused."""
        async with self._room:
            answer, tries = await self._persist(written(request, self.to, self._headers))
        if answer.status == 200:
            ack = Ack(request, self._clock(), answer.body, tries)
            if self.keep_acks:
                self._remember(ack)
            return ack
        refused = Refused(request, answer.status, answer.body, tries)
        self.refused.append(refused)
        return refused

    async def pace(self, due: Iterable[tuple[int, Request]], *, until: int, backlog: int = 20_000) -> None:
        """Send each request before `until` at its time (µs UTC); late ones at once, so that the rate holds.

        Returns when all are answered. At most `backlog` requests wait at a time: then the schedule waits too.
        """
        waiting = asyncio.Semaphore(backlog)
        async with asyncio.TaskGroup() as group:
            for at, request in due:
                if at >= until:
                    break
                if (early := at - self._clock()) > 0:
                    await asyncio.sleep(early / 1e6)
                await waiting.acquire()
                group.create_task(self.send(request)).add_done_callback(lambda _: waiting.release())

    async def _persist(self, data: bytes) -> tuple[Answer, int]:
        pause, tries = self._first_pause_s, 0
        give_up_at = self._clock() + int(self._patience_s * 1e6)
        why = ""
        while tries == 0 or self._clock() < give_up_at:
            tries += 1
            try:
                answer = await self._once(data)
                if answer.status not in RESENT:
                    return answer, tries
                why = f"answered {answer.status}"
                await asyncio.sleep(max(pause, min(answer.retry_after_s or 0.0, _LONGEST_PAUSE_S)))
            except ConnectionLost as lost:
                why = str(lost)
                await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        raise GaveUp(
            f"{tries} tries in {self._patience_s:g} s at {self.to.host}:{self.to.port}, the last: {why}"
        )

    async def _once(self, data: bytes) -> Answer:
        self.tries += 1
        connection = await self._connection()
        answer = await connection.post(data, self._answer_s)
        if connection.open:
            self._idle.append(connection)
        return answer

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        return await connect(self.to)


async def answers(url: str, path: str, within_s: float, clock: Callable[[], int]) -> None:
    """Return when GET `path` is answered 200. Raises GaveUp after `within_s` seconds."""
    to = address(url)
    asked = b"GET %s HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (path.encode(), to.host.encode(), to.port)
    give_up_at = clock() + int(within_s * 1e6)
    while clock() < give_up_at:
        with suppress(ConnectionLost):
            connection = await connect(to)
            status = (await connection.post(asked, 5.0)).status
            connection.close()
            if status == 200:
                return
        await asyncio.sleep(0.05)
    raise GaveUp(f"{url}{path} did not answer 200 within {within_s:g} s")
