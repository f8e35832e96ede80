"""Latencies count from the moment at which a request was due, whatever the server makes of it."""

import asyncio
from itertools import repeat

from loadtest.steady import Steady, steady
from loadtest.wire import address

REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def measure(stall_s: float, rate: float, seconds: float) -> Steady:
    """One connection to a server that answers at once, but for a single stall after its tenth answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        while True:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                writer.close()
                return
            number += 1
            await asyncio.sleep(stall_s if number == 10 else 0)
            writer.write(ANSWER)

    async def run() -> Steady:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            found = await steady(address(f"http://{host}:{port}"), repeat(REQUEST), rate, seconds, 1)
            await asyncio.sleep(0.05)  # for the server to see that the client left
            return found

    return asyncio.run(run())


def test_who_waits_for_a_stalled_server_counts_too() -> None:
    found = measure(stall_s=0.5, rate=100, seconds=0.7)
    assert (found.answered, found.refused, found.rate) == (70, 0, 100)
    assert found.p99_ms > 400
    assert found.p50_ms > 50  # only one was stalled, but most were due while it was
