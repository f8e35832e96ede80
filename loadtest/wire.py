"""One keep-alive HTTP/1.1 connection of the load client, and the requests it carries."""

import asyncio
import gzip
from base64 import b64encode
from collections.abc import Iterable
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools
import msgspec

from loadtest.errors import ConnectionLost


class Request(msgspec.Struct, frozen=True):
    """A request and the ids of the events in it. `headers` are complete lines, each ended by CRLF."""

    path: str
    body: bytes
    ids: tuple[str, ...]
    headers: bytes = b"Content-Type: application/json\r\n"


class Answer(NamedTuple):
    status: int
    body: bytes
    retry_after_s: float | None


class Address(NamedTuple):
    host: str
    port: int


def address(url: str) -> Address:
    parts = urlsplit(url)
    return Address(parts.hostname or "127.0.0.1", parts.port or 80)


def basic(key: str) -> bytes:
    """The Authorization line by which Segment's server SDKs give their write key."""
    return b"Authorization: Basic " + b64encode(f"{key}:".encode()) + b"\r\n"


def envelope(events: Iterable[bytes], sent_at: str, key: str | None = None) -> bytes:
    """The body of a batch request; `key` stands in it only when given."""
    named = b',"writeKey":"%s"' % key.encode() if key else b""
    return b'{"batch":[%s],"sentAt":"%s"%s}' % (b",".join(events), sent_at.encode(), named)


def zipped(request: Request) -> Request:
    headers = request.headers + b"Content-Encoding: gzip\r\n"
    return Request(request.path, gzip.compress(request.body, 5), request.ids, headers)


def written(request: Request, to: Address, extra: bytes) -> bytes:
    head = b"POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %d\r\n%s%s\r\n" % (
        request.path.encode(),
        to.host.encode(),
        to.port,
        len(request.body),
        request.headers,
        extra,
    )
    return head + request.body


class Connection(asyncio.Protocol):
    """Sends one request at a time; what ends the connection ends the waiting request with ConnectionLost."""

    def __init__(self) -> None:
        self.open = False
        self._answer: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._retry_after: float | None = None

    async def post(self, data: bytes, timeout_s: float) -> Answer:
        """The answer to the complete request `data`. Raises ConnectionLost, also when it takes too long."""
        self._answer = asyncio.get_running_loop().create_future()
        self._body.clear()
        self._retry_after = None
        self._transport.write(data)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._answer
        except TimeoutError:
            raise ConnectionLost(f"no answer within {timeout_s} s; the request may be sent again") from None
        finally:
            if not self._answer.done() or self._answer.cancelled() or self._answer.exception() is not None:
                self.close()

    def close(self) -> None:
        self.open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionLost(f"the answer is not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._fail(ConnectionLost(f"the connection ended before the answer: {exc or 'closed'}"))

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after" and value.isdigit():
            self._retry_after = float(value)

    def on_body(self, part: bytes) -> None:
        self._body += part

    def on_message_complete(self) -> None:
        self.open = self.open and self._parser.should_keep_alive()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(
                Answer(self._parser.get_status_code(), bytes(self._body), self._retry_after)
            )

    def _fail(self, error: ConnectionLost) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


async def connect(to: Address) -> Connection:
    """A new connection. Raises ConnectionLost when nobody listens."""
    try:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, to.host, to.port)
    except OSError as error:
        raise ConnectionLost(f"cannot connect to {to.host}:{to.port}: {error}") from None
    return connection
