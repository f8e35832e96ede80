"""How long a connection may keep the door waiting, how much it may send meanwhile, and how it is ended."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import msgspec

LINGER_SECONDS: Final = 2.0
PIPELINED: Final = 100


class Bounds(msgspec.Struct, frozen=True):
    """Limits of one connection, seconds and bytes; `refused` counts what was refused, by reason."""

    head_bytes: int = 32 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 10.0
    idle_seconds: float = 75.0
    refused: Callable[[str], None] = lambda reason: None


class Waiting(Protocol):
    """A connection as the sweep sees it: what it waits for now, and since when that is so."""

    waiting: object
    waiting_since: float

    def waits_for(self) -> tuple[object, float]: ...
    def give_up(self) -> None: ...


def sweep(connections: Iterable[Any], now: float) -> int:
    """Gives up those that have waited for the same thing for longer than it may take; how many."""
    late = [one for one in connections if hasattr(one, "waits_for") and _is_late(one, now)]
    for one in late:
        one.give_up()
    return len(late)


def _is_late(one: Waiting, now: float) -> bool:
    thing, seconds = one.waits_for()
    if thing is not one.waiting:
        one.waiting, one.waiting_since = thing, now
    return thing is not None and now - one.waiting_since > seconds


class Lingering(asyncio.Protocol):
    """What is left of a connection after its last answer: it reads and forgets what is still sent.

    Closed at once with something unread, the kernel would send a reset that overtakes the answer.
    """

    def __init__(self, transport: asyncio.Transport, connections: set[Any], loop: asyncio.AbstractEventLoop):
        self._connections = connections
        connections.add(self)
        transport.set_protocol(self)
        if transport.can_write_eof():
            transport.write_eof()
        transport.resume_reading()
        self._timer = loop.call_later(LINGER_SECONDS, transport.close)

    def shutdown(self) -> None:
        """As the server tells every connection when it ends: this one ends by itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._connections.discard(self)
