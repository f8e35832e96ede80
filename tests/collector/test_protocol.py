"""How long an idle connection stays open, on a clock and a connection of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from collector.protocol import DoorProtocol

IDLE = 75
REQUEST = b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"


class Timer:
    def __init__(self, at: float, ring: Callable[[], None]) -> None:
        self.at, self.ring, self.cancelled = at, ring, False

    def cancel(self) -> None:
        self.cancelled = True


class Working:
    """The task of a request that is never done."""

    def add_done_callback(self, _: Callable[[object], None]) -> None:
        pass


class Clock:
    """The part of an event loop that a protocol uses; time passes when told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, ring: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now + seconds, ring))
        return self.timers[-1]

    def create_task(self, work: Coroutine[Any, Any, None], **_: object) -> "Working":
        work.close()
        return Working()

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while due := [one for one in self.timers if one.at <= until and not one.cancelled]:
            self.timers.remove(due[0])
            self.now = max(self.now, due[0].at)
            due[0].ring()
        self.now = until


class Connection(asyncio.Transport):
    closed = False

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Nothing:
    """An application without hot paths whose requests are never done."""

    hot: Mapping[bytes, Any] = {}
    leaving = False

    def __call__(self, scope: object, receive: object, send: object) -> None:
        pass


class Client:
    def __init__(self, clock: Clock) -> None:
        self.clock, self.connection = clock, Connection()
        config = uvicorn.Config(
            Nothing(),
            http=DoorProtocol,
            interface="asgi3",
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=IDLE,
        )
        config.load()
        self.protocol = DoorProtocol(config, ServerState(), {}, _loop=clock)
        self.protocol.connection_made(self.connection)

    def ask(self) -> None:
        self.protocol.data_received(REQUEST)

    def answer(self) -> None:
        self.protocol.cycle.response_complete = True
        self.protocol.on_response_complete()


@pytest.fixture
def client() -> Client:
    return Client(Clock())


def test_a_connection_is_closed_when_it_was_idle_for_long(client: Client) -> None:
    for _ in range(3):
        client.ask()
        client.answer()
        client.clock.sleep(IDLE - 1)
        assert not client.connection.closed
    client.clock.sleep(1)
    assert client.connection.closed
    assert client.protocol.server_state.total_requests == 3


def test_many_requests_share_one_timer(client: Client) -> None:
    for _ in range(5):
        client.ask()
        client.answer()
    assert len(client.clock.timers) == 1


def test_a_slow_answer_is_no_idleness(client: Client) -> None:
    client.ask()
    client.answer()
    client.ask()
    client.clock.sleep(5 * IDLE)
    assert not client.connection.closed
    client.answer()
    client.clock.sleep(IDLE - 1)
    assert not client.connection.closed
    client.clock.sleep(1)
    assert client.connection.closed


def test_a_connection_that_is_lost_leaves_no_timer(client: Client) -> None:
    client.ask()
    client.answer()
    client.protocol.connection_lost(ConnectionResetError())
    assert client.clock.timers[0].cancelled
