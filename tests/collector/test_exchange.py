"""Requests of hot paths on the wire of a real connection, with work that only looks at them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
import uvloop
from uvicorn.server import ServerState

from collector.exchange import Exchange
from collector.limits import SlowBodies
from collector.patience import PIPELINED
from collector.protocol import DoorProtocol
from collector.wire import Gone
from sdk_contract.dialects import Answer
from sdk_contract.errors import Refused

HEAD = b"POST /hot?a=b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Site:
    """An application with one hot path that tells what it was asked; everything else is plain ASGI."""

    def __init__(self, limit: int = 10, padding: int = 0) -> None:
        self.limit, self.padding, self.slow = limit, b" " * padding, SlowBodies(10)
        self.hot = {b"POST": {b"/hot": self.work}}
        self.leaving = False
        self.wait: asyncio.Future[None] | None = None
        self.seen: list[str] = []
        self.left = asyncio.Event()

    async def work(self, exchange: Exchange) -> None:
        declared = exchange.head.named.get(b"content-length", b"")
        try:
            told = (await exchange.body(self.limit, declared, self.slow)).decode()
        except Refused as refused:
            told = f"{refused.reason.value}: {refused.detail}"
        except Gone:
            told = "gone"
            self.left.set()
        self.seen.append(told)
        if self.wait is not None:
            await self.wait
        exchange.answer(Answer(200, f"{told}?{exchange.head.query.decode()}".encode() + self.padding), [])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"cold"})


def visit(site: Site, work: Callable[[Callable[[], Awaitable[Client]]], Awaitable[None]]) -> None:
    trouble: list[object] = []

    async def run() -> None:
        config = uvicorn.Config(site, http=DoorProtocol, log_config=None, proxy_headers=False)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: trouble.append(context))
        server = await loop.create_server(lambda: DoorProtocol(config, state, {}), "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        async with server, asyncio.timeout(20):
            await work(lambda: asyncio.open_connection(host, port))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
    assert not trouble


async def answers(reader: asyncio.StreamReader, number: int) -> list[str]:
    found = []
    for _ in range(number):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.findall(rb"content-length: (\d+)", head)[0])
        found.append((await reader.readexactly(length)).decode())
    return found


def told(site: Site, *parts: bytes) -> str:
    """The answer to a request that arrives in these parts."""
    found: list[str] = []

    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        reader, writer = await connect()
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        found.extend(await answers(reader, 1))
        writer.close()

    visit(site, work)
    return found[0]


@pytest.mark.parametrize(
    "parts", [(HEAD % 6 + b"abcdef",), (HEAD % 6, b"abc", b"def"), (HEAD % 6 + b"abc", b"def")]
)
def test_a_body_comes_in_one_or_more_parts(parts: tuple[bytes, ...]) -> None:
    assert told(Site(), *parts) == "abcdef?a=b"


@pytest.mark.parametrize("url", [b"/%68ot?a=b", b"http://x/hot?a=b"])
def test_a_hot_path_is_known_however_it_is_written(url: bytes) -> None:
    assert told(Site(), (HEAD % 2).replace(b"/hot?a=b", url) + b"ab") == "ab?a=b"


@pytest.mark.parametrize("parts", [(HEAD % 11,), (HEAD % 11 + b"x" * 11,)], ids=["declared", "sent"])
def test_a_body_that_is_too_large_is_refused(parts: tuple[bytes, ...]) -> None:
    assert told(Site(), *parts).startswith("body_too_large: ")


def test_a_body_that_says_no_length_is_cut_where_it_grows_too_large() -> None:
    head = b"POST /hot HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    assert told(Site(), head, b"6\r\nabcdef\r\n", b"6\r\nabcdef\r\n") == "body_too_large: more than 10 bytes?"


def test_a_slow_body_is_refused_by_the_sweep() -> None:
    site = Site()

    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        reader, writer = await connect()
        writer.write(HEAD % 6 + b"abc")
        await asyncio.sleep(0.05)
        now = asyncio.get_running_loop().time()
        assert site.slow.sweep(now + 9) == 0
        assert site.slow.sweep(now + 11) == 1
        assert await answers(reader, 1) == ["slow_body: not complete after 10 s?a=b"]
        writer.close()

    visit(site, work)


def test_a_client_that_leaves_ends_the_waiting_for_its_body() -> None:
    site = Site()

    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        _, writer = await connect()
        writer.write(HEAD % 6 + b"abc")
        await asyncio.sleep(0.05)
        writer.close()
        await site.left.wait()

    visit(site, work)
    assert site.seen == ["gone"]


def test_an_answer_to_a_client_that_left_goes_nowhere() -> None:
    site = Site()

    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        site.wait = asyncio.get_running_loop().create_future()
        _, writer = await connect()
        writer.write(HEAD % 2 + b"ab")
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.05)
        site.wait.set_result(None)
        reader, writer = await connect()
        writer.write(HEAD % 2 + b"ef")
        assert await answers(reader, 1) == ["ef?a=b"]
        writer.close()

    visit(site, work)
    assert site.seen == ["ab", "ef"]


def test_requests_on_one_connection_are_answered_in_order() -> None:
    site = Site()
    cold = b"GET /cold HTTP/1.1\r\nhost: x\r\n\r\n"

    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        site.wait = asyncio.get_running_loop().create_future()
        reader, writer = await connect()
        writer.write(HEAD % 1 + b"1" + cold + HEAD % 1 + b"2" + HEAD % 1 + b"3" + cold)
        await asyncio.sleep(0.05)
        assert site.seen == ["1"]
        site.wait.set_result(None)
        assert await answers(reader, 5) == ["1?a=b", "cold", "2?a=b", "3?a=b", "cold"]
        writer.close()

    visit(site, work)


def test_many_requests_may_come_at_once() -> None:
    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        reader, writer = await connect()
        writer.write((HEAD % 1 + b"1") * PIPELINED)
        assert set(await answers(reader, PIPELINED)) == {"1?a=b"}
        writer.close()

    visit(Site(), work)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /hot HTTP/1.0\r\ncontent-length: 2\r\n\r\nab",
        b"POST /hot HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nab",
        b"POST /hot HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nab",
    ],
)
def test_a_connection_that_is_not_kept_is_closed_after_the_answer(head: bytes) -> None:
    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        reader, writer = await connect()
        writer.write(head)
        said = await reader.read()
        assert b"connection: close" in said
        assert said.endswith(b"ab?")
        writer.close()

    visit(Site(), work)


def test_a_client_that_asks_is_told_to_go_on() -> None:
    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        reader, writer = await connect()
        writer.write((HEAD % 2).replace(b"host", b"expect: 100-continue\r\nhost"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b"ab")
        assert await answers(reader, 1) == ["ab?a=b"]
        writer.close()

    visit(Site(), work)


def test_a_client_is_read_from_as_it_reads_its_answers() -> None:
    site, before = Site(padding=300_000), list[int]()

    async def work(connect: Callable[[], Awaitable[Client]]) -> None:
        reader, writer = await connect()
        for _ in range(60):
            writer.write(HEAD % 1 + b"1")
            await asyncio.sleep(0.001)
        before.append(len(site.seen))
        assert len(await answers(reader, 60)) == 60
        writer.close()

    visit(site, work)
    assert 0 < before[0] < 50
