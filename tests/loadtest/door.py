"""A small collector for tests, in this process: takes batches, and fails as it is told."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

Fault = Callable[
    [int], str
]  # number of the request -> "ok", "lost" (kept, not answered), "cut" (not kept) or a status


class Door:
    """Keeps the message ids that it acknowledged, once for each time that they were kept."""

    def __init__(self, fault: Fault = lambda _: "ok") -> None:
        self.kept: list[str] = []
        self.acked: list[str] = []
        self.requests = 0
        self.connections = 0
        self.paths: list[str] = []
        self._fault = fault

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        fault = self._fault(self.requests) if body else "ok"
        self.requests += 1
        self.paths.append(head[0].split()[1])
        if fault == "cut":
            return False
        if fault in ("ok", "lost") and body:
            ids = ids_of(gzip.decompress(body) if "content-encoding" in headers else body)
            self.kept += ids
            if fault == "lost":
                return False
            self.acked += ids
        status = "200" if fault == "ok" else fault
        writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 2\r\nRetry-After: 0\r\n\r\n{{}}".encode())
        await writer.drain()
        return True


def ids_of(body: bytes) -> list[str]:
    content = msgspec.json.decode(body)
    return [event["messageId"] for event in content.get("batch", [content])]


@asynccontextmanager
async def listening(door: Door) -> AsyncIterator[str]:
    """The door on a free port; its base URL."""
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
