"""Uvicorn's HTTP protocol with a short way for events: what is posted to a hot path becomes an `Exchange`.

All else goes the way of ASGI. Connections, timeouts, pipelining and the end of the server stay uvicorn's.
"""

import asyncio
from collections.abc import Callable
from sys import maxsize
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import httptools

from collector.connection import Connection
from collector.excess import Excess
from collector.exchange import Exchange, Work
from collector.heads import Head, Remembered, remember
from collector.patience import Bounds
from collector.wire import Lines

TRIES: Final = 16
Paths = dict[bytes, Work]


class DoorProtocol(Connection):
    """Takes requests for the application's `hot` paths itself; one idle timer a connection, not a request.

    The timer is not reset: when it rings, it waits for the rest of the time that the connection may be idle.
    """

    app: Any
    cycle: Any
    pipeline: Any
    scope: Any
    idle_since: float | None = None
    fresh: Exchange | None = None
    fed: Exchange | None = None
    remembered: Remembered | None = None
    unlike: int = 0

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
            super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn wants a Transport, which it is
        else:
            transport.set_protocol(Excess(transport, self.loop, self.turned_away))

    @property
    def lines(self) -> Lines:
        """The headers that every answer gets."""
        return self.server_state.default_headers

    def data_received(self, data: bytes) -> None:
        cycle: Any = self.cycle
        # The parser waits for a request to begin, and the one before is answered.
        between = (
            cycle is not None
            and cycle.response_complete
            and not cycle.more_body
            and cycle.scope is self.scope
        )
        if between and self.remembered is not None and self._take_known(self.remembered, data):
            return
        super().data_received(data)
        fresh, self.fresh = self.fresh, None
        if fresh is not None:
            if between and self.unlike < TRIES and fresh.keep_alive:
                self._remember(data, fresh)
            fresh.begin()

    def _take_known(self, known: Remembered, data: bytes) -> bool:
        """Takes `data` without the parser, which is between requests and stays there, if that does."""
        body = known.body_of(data)
        if body is None or self.app.leaving:
            return False
        self.unlike, self.idle_since = 0, None
        exchange = Exchange(self, known.work, known.head, self._peer(), self.scope, body=body)
        self.cycle = exchange
        exchange.begin()
        return True

    def _remember(self, data: bytes, exchange: Exchange) -> None:
        """A connection whose heads are never the same, as of some proxies, is given up after a few."""
        self.unlike += 1
        found = remember(data, exchange.head, exchange.work, self.bounds.head_bytes)
        self.remembered = found or self.remembered

    def _peer(self) -> str | None:
        return self.client[0] if self.client else None

    def on_message_begin(self) -> None:
        self.url, self.headers, self.scope = b"", [], {}
        self.expect_100_continue, self.fed = False, None

    def begin_request(self) -> None:
        work, query = self._hot()
        if work is None:
            self._begin_plainly()
            return
        parser = self.parser
        keep = parser.should_keep_alive() and parser.get_http_version() != "1.0" and not self.app.leaving
        exchange = Exchange(
            self, work, Head(self.headers, query), self._peer(), self.scope,
            keep_alive=keep, expects=self.expect_100_continue,
        )  # fmt: skip
        before, self.cycle, self.fed = self.cycle, exchange, exchange
        if before is None or before.response_complete:
            self.fresh = exchange
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))

    def _hot(self) -> tuple[Work | None, bytes]:
        paths: Paths | None = self.app.hot.get(self.parser.get_method())
        if not paths:
            return None, b""
        url = httptools.parse_url(self.url)
        path = unquote_to_bytes(url.path) if b"%" in url.path else url.path
        return paths.get(path), url.query or b""

    def _begin_plainly(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().begin_request()
        if self.app.leaving:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if isinstance(cycle, Exchange):
            self.loop.call_soon(cycle.begin)  # not at once: each would begin the next, as deep as there are
        else:
            super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        if self.fed is None:
            super().on_body(body)
        else:
            self.fed.feed(body)

    def on_message_complete(self) -> None:
        if self.fed is None:
            super().on_message_complete()
        else:
            self.fed.end()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.flow.resume_reading()

    def _unset_keepalive_if_required(self) -> None:
        self.idle_since = None

    def on_response_complete(self) -> None:
        if self.transport.is_closing():
            self.server_state.total_requests += 1
            return
        if self.pipeline or self.timeout_keep_alive_task is None:
            super().on_response_complete()
        else:
            self.server_state.total_requests += 1
            self.flow.resume_reading()
        if self.flow.write_paused:  # who does not read the answers is not read from either
            self.flow.pause_reading()
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
        for exchange in (self.cycle, *(waiting for waiting, _ in self.pipeline)):
            if isinstance(exchange, Exchange):
                exchange.leave()
        if isinstance(self.cycle, Exchange):
            self.cycle = None
        self.pipeline.clear()
        self.fresh = None
        super().connection_lost(exc)
