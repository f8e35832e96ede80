"""The server of a worker: uvicorn, which ends connections that wait too long, and leaves in good order."""

import asyncio
import socket
from contextlib import suppress
from math import ceil
from types import FrameType

import uvicorn

from collector.door import Door
from collector.patience import sweep

TICK = 0.1
ACCEPT_SECONDS, LAST_SECONDS, FAREWELL_SECONDS = 0.3, 0.4, 1.3
AT_ONCE = 8


def graceful_seconds(drain_seconds: float) -> int:
    """How long uvicorn waits for what is in flight: a little longer than slow bodies are waited for."""
    return ceil(drain_seconds) + 1


class DoorServer(uvicorn.Server):
    """Told to end, it is unready at once, and each answer is the last of its connection.

    After `ACCEPT_SECONDS` it listens no more, at `LAST_SECONDS` it lets in whom the kernel has connected and
    would reset; after `FAREWELL_SECONDS` at most it takes no new request: by then clients that are at work
    have gone elsewhere. What is in flight is answered.
    """

    def __init__(self, config: uvicorn.Config, door: Door) -> None:
        super().__init__(config)
        self.door = door
        self.told = False
        self.ticks = 0
        self.queues: list[socket.socket] = []
        self.entering: set[asyncio.Task[object]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.door.connections = self.server_state.connections
        for sock in sockets or ():
            # Before `dup`, which else has all workers wait in `accept`: they share the flag with the socket.
            sock.setblocking(False)
            self.queues.append(sock.dup())
        await super().startup(sockets)
        for queue in self.queues:
            asyncio.get_running_loop().add_reader(queue, self._let_in_some, queue)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.told = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if counter % 10 == 0:
            sweep(list(self.server_state.connections), asyncio.get_running_loop().time())
        if self.told:
            self._leave(self.ticks * TICK)
            self.ticks += 1
        return await super().on_tick(counter)

    def _leave(self, seconds: float) -> None:
        """What is to be done so many seconds after it was told."""
        if seconds == 0:
            self._say_farewell()
        if seconds >= ACCEPT_SECONDS:
            for server in self.servers:
                server.close()
            for queue in self.queues:
                asyncio.get_running_loop().remove_reader(queue)
        if seconds >= LAST_SECONDS:
            self._let_in_the_last()
        done = seconds > LAST_SECONDS and not (self.server_state.connections or self.entering)
        if done or seconds >= FAREWELL_SECONDS:
            self.door.drain()
            self.should_exit = True

    def _let_in_some(self, queue: socket.socket) -> None:
        """A few besides the one that libuv takes in each turn of the loop, which under load lasts as long as
        a commit: browsers, a connection each, would wait in the queue for seconds. No more than a few, so
        that other workers get theirs.
        """
        with suppress(OSError):
            for _ in range(AT_ONCE):
                self._let_in(queue.accept()[0])

    def _let_in_the_last(self) -> None:
        """Between the last of these and the end of the queue lies nothing that waits."""
        while self.queues:
            queue = self.queues.pop()
            with suppress(OSError):
                while True:
                    self._let_in(queue.accept()[0])
            queue.close()

    def _let_in(self, connected: socket.socket) -> None:
        loop, config = asyncio.get_running_loop(), self.config

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = config.http_protocol_class(
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )  # type: ignore[call-arg]  # for uvicorn it is any Protocol
            return made

        entering = loop.create_task(loop.connect_accepted_socket(protocol, connected, ssl=config.ssl))
        self.entering.add(entering)
        entering.add_done_callback(self._entered)

    def _entered(self, entering: asyncio.Task[object]) -> None:
        """Who left meanwhile, or does not speak TLS, is no error; all else is one of ours."""
        self.entering.discard(entering)
        problem = None if entering.cancelled() else entering.exception()
        if problem is not None and not isinstance(problem, OSError):
            entering.get_loop().call_exception_handler({"message": "letting in", "exception": problem})

    def _say_farewell(self) -> None:
        self.door.leave()
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is not None:
                cycle.keep_alive = False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop, seconds = asyncio.get_running_loop(), self.door.settings.drain_seconds
        timer = loop.call_later(seconds, self.door.slow.cut)
        await super().shutdown(sockets)
        timer.cancel()
