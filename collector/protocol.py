"""Uvicorn's HTTP protocol with a short cut: a body that is here is taken at once, an answer is one write.

Plain ASGI costs four more coroutine steps and a second system call for each request. The short cut is the
server's own request cycle, put into the scope; where that is missing (another server), plain ASGI is used.
"""

import asyncio
from collections.abc import Callable
from sys import maxsize
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from collector.connection import Connection
from collector.excess import Excess
from collector.patience import Bounds
from collector.wire import Lines, Scope, Send, respond
from sdk_contract.dialects import Answer

CYCLE = "sojourn.cycle"


class DoorProtocol(Connection):
    """Puts the request's cycle into its scope; one timer a connection, where each request would set its own.

    The timer is not reset: when it rings, it waits for the rest of the time that the connection may be idle.
    """

    idle_since: float | None = None

    def __init__(
        self,
        *given: Any,
        limit: int = maxsize,
        turned_away: Callable[[], int] = lambda: 1,
        bounds: Bounds = Connection.bounds,
        **named: Any,
    ) -> None:
        super().__init__(*given, **named)
        self.limit, self.turned_away, self.bounds = limit, turned_away, bounds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self.connections) < self.limit:
            super().connection_made(transport)  # type: ignore[arg-type]
        else:
            transport.set_protocol(Excess(transport, self.loop, self.turned_away))

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        scope: Any = self.cycle.scope
        if scope is not None:
            scope[CYCLE] = self.cycle

    def _unset_keepalive_if_required(self) -> None:
        self.idle_since = None

    def on_response_complete(self) -> None:
        if self.pipeline or self.timeout_keep_alive_task is None:
            super().on_response_complete()
        else:
            self.server_state.total_requests += 1
            if not self.transport.is_closing():
                self.flow.resume_reading()
        if self.cycle.response_complete:
            self.idle_since = self.loop.time()

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self.idle_since is None or self.transport.is_closing():
            return
        rest = self.idle_since + self.timeout_keep_alive - self.loop.time()
        if rest <= 0:
            super().timeout_keep_alive_handler()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(rest, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)


def whole_body(scope: Scope, limit: int) -> bytes | None:
    """The body where all of it has arrived and it is within the limit; None: read it in the plain way."""
    cycle: RequestResponseCycle | None = scope.get(CYCLE)
    if cycle is None or cycle.more_body or cycle.disconnected or len(cycle.body) > limit:
        return None
    return bytes(cycle.body)


async def answer_at_once(scope: Scope, send: Send, answer: Answer, extra: Lines) -> None:
    """Sends a whole answer, in one write where that can be done."""
    cycle: RequestResponseCycle | None = scope.pop(CYCLE, None)  # else the two would hold each other
    if cycle is None or cycle.flow.write_paused or cycle.disconnected:
        await respond(send, answer, extra)
        return
    for name, value in extra:
        if name == b"connection" and value == b"close":
            cycle.keep_alive = False
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(b"".join(_pieces(cycle, answer, extra)))
    cycle.message_event.set()
    if cycle.keep_alive:
        cycle.on_response()
    else:
        cast(Connection, cycle.transport.get_protocol()).end()


def _pieces(cycle: RequestResponseCycle, answer: Answer, extra: Lines) -> list[bytes]:
    pieces = [STATUS_LINE[answer.status]]
    for name, value in cycle.default_headers:
        pieces += (name, b": ", value, b"\r\n")
    pieces += (b"content-type: ", answer.content_type, b"\r\ncontent-length: %d\r\n" % len(answer.body))
    for name, value in extra:
        if name != b"connection":
            pieces += (name, b": ", value, b"\r\n")
    if not cycle.keep_alive:
        pieces.append(b"connection: close\r\n")
    pieces += (b"\r\n", answer.body)
    return pieces
