"""One request of a hot path and its answer, taken from the connection and given to it without ASGI between.

Its work is a coroutine that waits for nothing but futures: it runs in the callback that brought the request,
and goes on in the one that ends its waiting. A task for each request costs more than most requests do.
"""

from asyncio import AbstractEventLoop, Future, Transport
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from collector.limits import SlowBodies
from collector.wire import Gone, Lines
from sdk_contract.dialects import Answer
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason

Work = Callable[["Exchange"], Coroutine[Future[Any], None, None]]
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(Protocol):
    """What an exchange needs of the protocol that reads it."""

    transport: Transport
    loop: AbstractEventLoop

    @property
    def lines(self) -> Lines: ...
    def on_response_complete(self) -> None: ...
    def end(self) -> None: ...


class Exchange:
    """Stands where uvicorn has its cycle. `headers` by lower-case name; `client` is the peer's address."""

    def __init__(
        self,
        connection: Connection,
        work: Work,
        headers: Lines,
        query: bytes,
        client: str | None,
        scope: object,
        *,
        keep_alive: bool,
        expects: bool,
    ) -> None:
        self.connection, self._do = connection, work
        self.headers, self.query, self.client, self.scope = headers, query, client, scope
        self.keep_alive, self._expects = keep_alive, expects
        self.response_complete = self._left = False
        self.more_body = True
        self._pieces: list[bytes] = []
        self._size = 0
        self._limit: int | None = None
        self._arrival: Future[None] | None = None

    def begin(self) -> None:
        self._work = self._do(self)
        self._go_on()

    def _go_on(self, _: object = None) -> None:
        try:
            waits: Any = self._work.send(None)
        except StopIteration:
            return
        waits._asyncio_future_blocking = False  # as a task says that it has seen the future
        waits.add_done_callback(self._go_on)

    def feed(self, piece: bytes) -> None:
        """Takes the next part of the body; what comes after the answer is not kept."""
        if self.response_complete:
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._limit is not None and self._size > self._limit:
            self._wake(_too_large(self._limit))

    def end(self) -> None:
        """The body is here."""
        self.more_body = False
        self._wake(None)

    def leave(self) -> None:
        """The client hung up."""
        self._left = True
        self._wake(Gone())

    def _wake(self, problem: Exception | None) -> None:
        if self._arrival is None or self._arrival.done():
            return
        if problem is None:
            self._arrival.set_result(None)
        else:
            self._arrival.set_exception(problem)

    async def body(self, limit: int, declared: bytes, slow: SlowBodies) -> bytes:
        """The whole body as sent. Refused where it is too large or too slow, Gone where the client left."""
        if self.more_body:
            if declared.isdigit() and int(declared) > limit:
                raise Refused(Reason.BODY_TOO_LARGE, f"{int(declared)} bytes, the limit is {limit}")
            await self._rest(limit, slow)
        if self._size > limit:
            raise _too_large(limit)
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    async def _rest(self, limit: int, slow: SlowBodies) -> None:
        if self._left:
            raise Gone
        loop = self.connection.loop
        self._limit, self._arrival = limit, loop.create_future()
        if self._expects:
            self.connection.transport.write(_CONTINUE)
        slow.begin(self._arrival, loop.time())
        try:
            await self._arrival
        finally:
            slow.end(self._arrival)

    def answer(self, answer: Answer, extra: Lines) -> None:
        """Sends the whole answer in one write; `extra` may say that the connection closes then."""
        self._pieces.clear()
        self.response_complete = True
        if self._left:
            return
        if (b"connection", b"close") in extra:
            self.keep_alive = False
        connection = self.connection
        connection.transport.write(b"".join(self._answer(answer, extra)))
        if self.keep_alive:
            connection.on_response_complete()
        else:
            connection.end()

    def _answer(self, answer: Answer, extra: Lines) -> list[bytes]:
        pieces = [STATUS_LINE[answer.status]]
        for name, value in self.connection.lines:
            pieces += (name, b": ", value, b"\r\n")
        pieces += (b"content-type: ", answer.content_type, b"\r\ncontent-length: %d\r\n" % len(answer.body))
        for name, value in (*answer.headers, *extra) if answer.headers else extra:
            if name != b"connection":
                pieces += (name, b": ", value, b"\r\n")
        if not self.keep_alive:
            pieces.append(b"connection: close\r\n")
        pieces += (b"\r\n", answer.body)
        return pieces


def _too_large(limit: int) -> Refused:
    return Refused(Reason.BODY_TOO_LARGE, f"more than {limit} bytes")
