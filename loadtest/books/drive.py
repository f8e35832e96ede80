"""Sends the script at a steady rate while things are killed, and writes the ledger."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import msgspec

from loadtest.books.ledger import Answered, Ledger
from loadtest.books.script import Asked, Script
from loadtest.drive import Ack, Client, answers

CONNECTIONS = 24
PATIENCE_S = 120.0
ANSWER_S = 5.0
TOLD_EVERY_US = 15_000_000
Clock = Callable[[], int]
Report = Callable[[str], None]
Sending = tuple[int, Asked]


class Sent(msgspec.Struct, frozen=True):
    """How the sending went: seconds, and the part of one core that the client itself took."""

    seconds: float
    client_cores: float
    progress: list[tuple[float, float]]


def sendings(script: Script, events: int) -> Iterator[Sending]:
    """Round after round until so many events are sent."""
    sent = number = 0
    while True:
        for asked in script.requests:
            if sent >= events:
                return
            yield number, asked
            sent += asked.events
        number += 1


def rounds(script: Script, events: int) -> int:
    """How many rounds `sendings` begins."""
    return -(-events // script.events)


class Load:
    """`events` events at `rate` a second; `strikes` says at which of them, in order, `strike` is awaited."""

    def __init__(
        self, url: str, script: Script, events: int, rate: float, clock: Clock, report: Report
    ) -> None:
        self.url, self.script, self.events, self.rate = url, script, events, rate
        self.clock, self.report = clock, report
        self.ledger = Ledger(script, rounds(script, events))
        self.progress: list[tuple[float, float]] = []
        self._due = self._begin = self._mark = 0.0
        self._reached = asyncio.Event()

    async def run(self, strikes: int, strike: Callable[[int], Awaitable[None]]) -> Sent:
        """Until everything is answered; strikes that have not come by then are called off."""
        began, cpu = self.clock(), time.process_time()
        self._begin = began
        stream = sendings(self.script, self.events)
        async with Client(
            self.url, clock=self.clock, connections=CONNECTIONS, patience_s=PATIENCE_S, answer_s=ANSWER_S
        ) as client:
            client.keep_acks = False
            async with asyncio.TaskGroup() as group:
                striking = group.create_task(self._strike(strikes, strike))
                telling = group.create_task(self._tell())
                senders = [group.create_task(self._send(client, stream)) for _ in range(CONNECTIONS)]
                await asyncio.gather(*senders)
                for task in (striking, telling):
                    task.cancel()
        await answers(self.url, "/health", PATIENCE_S, self.clock)
        wall = (self.clock() - began) / 1e6
        return Sent(wall, (time.process_time() - cpu) / wall, self.progress)

    async def _send(self, client: Client, stream: Iterator[Sending]) -> None:
        """One connection's share: the next request at its time."""
        for number, asked in stream:
            due = self._begin + self._due / self.rate * 1e6
            self._due += asked.events or 1
            if (early := due - self.clock()) > 0:
                await asyncio.sleep(early / 1e6)
            request = self.script.request(number, asked)
            first_at = self.clock()
            answer = await client.send(request)
            client.refused.clear()
            status, body = (200, answer.body) if isinstance(answer, Ack) else (answer.status, answer.body)
            at = self.clock()
            self.ledger.answered(Answered(number, asked, first_at, at, answer.tries, status, body))
            if self.ledger.events >= self._mark:
                self._reached.set()

    async def _strike(self, strikes: int, strike: Callable[[int], Awaitable[None]]) -> None:
        for number in range(strikes):
            self._mark = self.events * (number + 0.5) / strikes
            self._reached.clear()
            if self.ledger.events < self._mark:
                await self._reached.wait()
            await strike(number)

    async def _tell(self) -> None:
        """Progress now and then, with the rate so far and the time left."""
        told = 0.0
        while True:
            await asyncio.sleep(1.0)
            seconds, done = (self.clock() - self._begin) / 1e6, self.ledger.events
            self.progress.append((seconds, float(done)))
            if done and (seconds - told) * 1e6 >= TOLD_EVERY_US:
                told, rate = seconds, done / seconds
                left = (self.events - done) / rate
                self.report(f"{done:,} of {self.events:,} events, {rate:,.0f} a second, {left:,.0f} s left")
