"""One request of a hot path and its answer, taken from the connection and given to it without ASGI between.

Its work is done in the callback that brought the request. Where it has to wait it is a coroutine that waits
for nothing but futures, and goes on in the callback that ends its waiting (`run`). A task for each request
costs more than most requests do.
"""

from asyncio import AbstractEventLoop, Future, Transport
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, Protocol

from collector.heads import Head
from collector.limits import SlowBodies
from collector.wire import Gone, Lines, Starts
from sdk_contract.dialects import Answer
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason

Waiting = Coroutine[Future[Any], None, None]
Work = Callable[["Exchange"], Waiting | None]
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STARTS: Final = Starts()


class Connection(Protocol):
    """What an exchange needs of the protocol that reads it."""

    transport: Transport
    loop: AbstractEventLoop

    @property
    def lines(self) -> Lines: ...
    def on_response_complete(self) -> None: ...
    def end(self) -> None: ...


class Exchange:
    """Stands where uvicorn has its cycle. `client` is the peer's address; `body` where all of it is here."""

    response_complete = _left = False
    _arrival: Future[None] | None = None
    _limit: int | None = None

    def __init__(
        self,
        connection: Connection,
        work: Work,
        head: Head,
        client: str | None,
        scope: object,
        *,
        keep_alive: bool = True,
        expects: bool = False,
        body: bytes | None = None,
    ) -> None:
        self.connection, self.work, self.head = connection, work, head
        self.client, self.scope = client, scope
        self.keep_alive, self._expects = keep_alive, expects
        self.more_body = body is None
        self._pieces = [] if body is None else [body]
        self._size = 0 if body is None else len(body)

    def begin(self) -> None:
        waiting = self.work(self)
        if waiting is not None:
            run(waiting)

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
        return self.whole(limit)

    def whole(self, limit: int) -> bytes:
        """The body that is here. Refused where it is too large."""
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
        connection.transport.write(self._text(answer, extra))
        if self.keep_alive:
            connection.on_response_complete()
        else:
            connection.end()

    def _text(self, answer: Answer, extra: Lines) -> bytes:
        start, size = _STARTS.of(answer.status, answer.content_type, self.connection.lines), len(answer.body)
        if self.keep_alive and not extra and not answer.headers:
            return b"%b%d\r\n\r\n%b" % (start, size, answer.body)
        pieces = [start, b"%d\r\n" % size]
        for name, value in (*answer.headers, *extra):
            if name != b"connection":
                pieces += (name, b": ", value, b"\r\n")
        if not self.keep_alive:
            pieces.append(b"connection: close\r\n")
        pieces += (b"\r\n", answer.body)
        return b"".join(pieces)


def run(waiting: Waiting, _: object = None) -> None:
    """Runs it until it waits for a future, and on when that is done."""
    try:
        future: Any = waiting.send(None)
    except StopIteration:
        return
    future._asyncio_future_blocking = False  # as a task says that it has seen the future
    future.add_done_callback(partial(run, waiting))


def _too_large(limit: int) -> Refused:
    return Refused(Reason.BODY_TOO_LARGE, f"more than {limit} bytes")
