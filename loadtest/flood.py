"""Many events cheaply: bodies made beforehand, whose ids are a function of a counter.

Batch `n` holds `EVENTS` events with the message ids `f-n-0` … So what is missing or doubled is counted in
arrays of bytes, not in sets of texts.
"""

import asyncio
from collections.abc import Callable, Iterator
from random import Random
from typing import Final, NamedTuple

from loadtest.errors import BadOutput, ConnectionLost
from loadtest.wire import Answer, Connection, Request, address, basic, connect, written

EVENTS: Final = 200
_DEVICES: Final = 4
_BATCHES_OF_DEVICE: Final = 5
_NUMBER, _OWNER = b"@@@@@@@@", b"########"
_PAGES: Final = ("home", "search", "cart", "course", "help")
_ANSWER_S: Final = 30.0


class Refusal(NamedTuple):
    """A 503: when (seconds of the run), and the seconds that its Retry-After names."""

    at: float
    retry_after: float


def template(dice: Random) -> bytes:
    """The body of a batch, about 420 bytes an event, with marks where its numbers go."""
    events = ",".join(_event(index, dice) for index in range(EVENTS))
    return f'{{"batch":[{events}]}}'.encode()


def _event(index: int, dice: Random) -> str:
    page, device = dice.choice(_PAGES), index % _DEVICES
    return (
        f'{{"type":"track","event":"{page} viewed","messageId":"f-{_NUMBER.decode()}-{index:03d}",'
        f'"anonymousId":"d-{_OWNER.decode()}-{device}","properties":{{"price":{dice.randrange(9999) / 100},'
        f'"position":{dice.randrange(50)},"list":"{dice.randbytes(12).hex()}"}},"context":{{'
        f'"page":{{"url":"https://shop.example/{page}/{dice.randrange(9999)}","path":"/{page}",'
        f'"title":"The {page} of the shop","referrer":"https://www.example.org/from/{dice.randrange(999)}"}},'
        '"locale":"de-CH","library":{"name":"loadtest","version":"1"},'
        f'"screen":{{"width":1920,"height":1080}}}}}}'
    )


def batch(body: bytes, number: int) -> bytes:
    """The body of one batch."""
    return body.replace(_NUMBER, b"%08d" % number).replace(_OWNER, b"%08d" % (number // _BATCHES_OF_DEVICE))


class Flood:
    """Sends `events` events at `rate` a second at most; a batch is sent until it is acknowledged.

    `clock` gives seconds of the run. `acked` has a 1 for each batch that was answered 200; `refusals` are the
    503s, after which it waits as it was told, but no longer than `longest_pause_s`.
    """

    def __init__(
        self, url: str, key: str, events: int, rate: float, clock: Callable[[], float], dice: Random
    ) -> None:
        self._to, self._headers = address(url), b"Content-Type: application/json\r\n" + basic(key)
        self._body, self._clock = template(dice), clock
        self.batches = -(-events // EVENTS)
        self.acked = bytearray(self.batches)
        self.rate, self.longest_pause_s = rate, 10.0
        self.done = 0
        self.refusals: list[Refusal] = []
        self._numbers: Iterator[int] = iter(range(self.batches))
        self._next_at = 0.0

    @property
    def events(self) -> int:
        """How many were acknowledged."""
        return self.done * EVENTS

    @property
    def bytes_an_event(self) -> float:
        return len(self._body) / EVENTS

    async def run(self, connections: int = 8) -> None:
        """Until every batch is acknowledged."""
        self._next_at = self._clock()
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(self._send_all())

    async def _send_all(self) -> None:
        connection: Connection | None = None
        for number in self._numbers:
            await self._turn()
            request = Request("/v1/batch", batch(self._body, number), (), self._headers)
            data = written(request, self._to, b"")
            while not self.acked[number]:
                try:
                    connection = connection if connection and connection.open else await connect(self._to)
                    await self._look(number, await connection.post(data, _ANSWER_S))
                except ConnectionLost:
                    await asyncio.sleep(0.2)

    async def _look(self, number: int, answer: Answer) -> None:
        if answer.status == 200:
            self.acked[number] = 1
            self.done += 1
            return
        if answer.status not in (429, 503):
            raise BadOutput(f"the collector answered {answer.status}: {answer.body[:300]!r}")
        wait = answer.retry_after_s or 0.5
        if answer.status == 503:
            self.refusals.append(Refusal(self._clock(), wait))
        await asyncio.sleep(min(wait, self.longest_pause_s))

    async def _turn(self) -> None:
        """Keeps the rate; what was not sent in its time is not made up for."""
        now = self._clock()
        self._next_at = max(self._next_at, now - 0.5) + EVENTS / self.rate
        if self._next_at > now:
            await asyncio.sleep(self._next_at - now)
