"""A proxy before an S3 server that can be away, slow, wrong, silent, or break off in the middle."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from random import Random
from typing import Final, NamedTuple, Self

from loadtest.wire import Address

_CHUNK: Final = 1 << 16
_LONGEST_HEAD: Final = 1 << 16
_SILENT: Final = frozenset({204, 304})


class Fault(StrEnum):
    """What a request may meet.

    `DOWN` refuses connections, `CUT_UPLOAD` ends the connection in the middle of what is sent, `CUT_ANSWER`
    lets the server do what was asked, and ends the connection in the middle of its answer, `SILENT` takes the
    request and says nothing any more.
    """

    DOWN = "down"
    SLOW = "slow"
    ERROR_500 = "500"
    ERROR_503 = "503"
    CUT_UPLOAD = "cut upload"
    CUT_ANSWER = "cut answer"
    SILENT = "silent"


class Head(NamedTuple):
    """The first line of a request or an answer and its headers, also as they were sent."""

    line: str
    headers: dict[str, str]
    sent: bytes

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    @property
    def status(self) -> int:
        return int(self.line.split()[1])


class _BrokenOffError(Exception):
    """The connection ends here, on purpose."""


class Proxy:
    """Listens on a free port of the loopback address. Use it as an async context manager.

    `met` counts the requests, or connections refused, by the fault that they met. `slow_s` is how long a slow
    answer takes; `uploads_per_s` makes the uploads of all connections one queue.
    """

    def __init__(self, to: Address, slow_s: float, dice: Random) -> None:
        self._to, self._slow_s, self._dice = to, slow_s, dice
        self._faults: Sequence[Fault] = ()
        self._share = 1.0
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._line = asyncio.Lock()
        self.uploads_per_s: float | None = None
        self.met: Counter[str] = Counter()
        self.port = 0

    async def set(self, faults: Sequence[Fault] = (), share: float = 1.0) -> None:
        """From now on this share of the requests meets one of the faults; nothing else does.

        What was being swallowed or delayed ends as it began. `DOWN` is for all, alone.
        """
        self._faults, self._share = faults, share
        if Fault.DOWN in faults:
            await self._stop_listening()
        elif self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, limit=_LONGEST_HEAD, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.met[Fault.DOWN] += len(self._serving)
        for serving in list(self._serving):
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        try:
            await self._serve(reader, writer)
        except (OSError, EOFError, asyncio.IncompleteReadError, _BrokenOffError, asyncio.CancelledError):
            pass
        finally:
            self._serving.discard(serving)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests of one connection, until one side ends it."""
        up_reader, up_writer = await asyncio.open_connection(
            self._to.host, self._to.port, limit=_LONGEST_HEAD
        )
        try:
            while True:
                head = await read_head(reader)
                fault = self._pick(head)
                if fault is not None:
                    self.met[fault] += 1
                if fault is Fault.SILENT:
                    await _swallow(reader)
                elif fault in (Fault.ERROR_500, Fault.ERROR_503):
                    await _refuse(reader, writer, head, int(fault))
                else:
                    await self._pass_on(head, fault, reader, writer, up_reader, up_writer)
        finally:
            up_writer.transport.abort()

    def _pick(self, head: Head) -> Fault | None:
        fitting = [one for one in self._faults if one is not Fault.CUT_UPLOAD or head.length]
        return self._dice.choice(fitting) if fitting and self._dice.random() < self._share else None

    async def _pass_on(
        self,
        head: Head,
        fault: Fault | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        """One request and its answer. The answer may come before the request is complete."""
        up_writer.write(head.sent)
        cut = head.length // 2 if fault is Fault.CUT_UPLOAD else None
        sending = asyncio.ensure_future(self._send_body(reader, up_writer, head.length, cut))
        answering = asyncio.ensure_future(self._answer(head, fault, up_reader, writer))
        try:
            await asyncio.wait([sending, answering], return_when=asyncio.FIRST_EXCEPTION)
            if not sending.done() or sending.exception() or answering.exception():
                raise _BrokenOffError
        finally:
            for task in (sending, answering):
                task.cancel()
            await asyncio.gather(sending, answering, return_exceptions=True)

    async def _send_body(
        self, reader: asyncio.StreamReader, up_writer: asyncio.StreamWriter, length: int, cut: int | None
    ) -> None:
        left = length if cut is None else cut
        if left:
            await self._take_turn()
        while left:
            data = await reader.read(min(left, _CHUNK))
            if not data:
                raise EOFError
            left -= len(data)
            up_writer.write(data)
            await up_writer.drain()
        if cut is not None:
            raise _BrokenOffError

    async def _take_turn(self) -> None:
        if self.uploads_per_s is not None:
            async with self._line:
                await asyncio.sleep(1 / self.uploads_per_s)

    async def _answer(
        self, asked: Head, fault: Fault | None, up_reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await read_head(up_reader)
        while head.status == 100:
            writer.write(head.sent)
            head = await read_head(up_reader)
        if fault is Fault.SLOW:
            await asyncio.sleep(self._slow_s)
        empty = asked.line.startswith("HEAD") or head.status in _SILENT
        await _copy_answer(head, empty, fault is Fault.CUT_ANSWER, up_reader, writer)

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop_listening()


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Raises IncompleteReadError where the connection ends instead."""
    sent = await reader.readuntil(b"\r\n\r\n")
    line, *lines = sent.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (one.partition(":") for one in lines)
    return Head(line, {name.strip().lower(): value.strip() for name, _, value in pairs}, sent)


async def _copy_answer(
    head: Head, empty: bool, cut: bool, up_reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """`cut`: the head and half of the body, or nothing at all where there is none."""
    if cut and (empty or not head.length):
        raise _BrokenOffError
    writer.write(head.sent)
    if not empty and head.headers.get("transfer-encoding") == "chunked":
        await _copy_chunks(up_reader, writer)
    elif not empty:
        await _copy(up_reader, writer, head.length // 2 if cut else head.length)
    await writer.drain()
    if cut or head.headers.get("connection", "").lower() == "close":
        raise _BrokenOffError


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int) -> None:
    while length:
        data = await reader.read(min(length, _CHUNK))
        if not data:
            raise EOFError
        length -= len(data)
        writer.write(data)
        await writer.drain()


async def _copy_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = 1
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        writer.write(line)
        await _copy(reader, writer, size + 2)


async def _refuse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: Head, status: int
) -> None:
    if "expect" not in head.headers:
        await _discard(reader, head.length)
    writer.write(b"HTTP/1.1 %d Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
    await writer.drain()
    with suppress(OSError):
        writer.write_eof()
    raise _BrokenOffError


async def _discard(reader: asyncio.StreamReader, length: int) -> None:
    while length and (data := await reader.read(min(length, _CHUNK))):
        length -= len(data)


async def _swallow(reader: asyncio.StreamReader) -> None:
    """Until the other side has enough."""
    while await reader.read(_CHUNK):
        pass
    raise _BrokenOffError
