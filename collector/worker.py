"""One door worker: `python -m collector.worker --fd N --name NODE-wK`, started by the supervisor."""

import argparse
import asyncio
import gc
import os
import resource
import socket
import time
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from prometheus_client import REGISTRY

from collector.app import App
from collector.door import Door
from collector.metrics import Metrics, drop_dead
from collector.patience import Bounds, sweep
from collector.protocol import DoorProtocol
from collector.settings import CollectorSettings, load
from warehouse import logs

GRACE_TICKS = 2
SPARE_FILES, ENOUGH_FILES = 100, 1 << 20


def now() -> int:
    """Microseconds UTC: the one place of this process where the clock is read."""
    return time.time_ns() // 1000


class DoorServer(uvicorn.Server):
    """Uvicorn that first tells the world that it drains, and only then closes connections."""

    def __init__(self, config: uvicorn.Config, door: Door) -> None:
        super().__init__(config)
        self.door = door
        self.told = False
        self.grace = GRACE_TICKS

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.door.connections = self.server_state.connections
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.told = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: drains when told, and leaves some ticks later, when `/ready` has failed."""
        if counter % 10 == 0:
            sweep(list(self.server_state.connections), asyncio.get_running_loop().time())
        if self.told:
            self.door.drain()
            self.grace -= 1
            self.should_exit = self.grace < 0
        return await super().on_tick(counter)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def server_config(app: App, settings: CollectorSettings) -> uvicorn.Config:
    """How uvicorn runs the door: nothing in the way of the hot path."""
    bounds = Bounds(
        settings.head_limit, settings.head_seconds, settings.body_seconds, settings.idle_seconds,
        app.door.count_refused,
    )  # fmt: skip
    protocol: Any = partial(
        DoorProtocol,
        limit=min(settings.connections, most_files() - SPARE_FILES),
        turned_away=app.door.turned_away,
        bounds=bounds,
    )
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=protocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.idle_seconds,  # type: ignore[arg-type]  # seconds need not be whole
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )


def most_files() -> int:
    """How many files this process may have open, made as many as the system lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return ENOUGH_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def quiet_collector() -> None:
    """Requests make hardly any cycles: look for them rarely, and never in what the imports made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="collector.worker")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--name", required=True)
    options = parser.parse_args(argv)
    settings = load(os.environ, known=os.environ)
    log = logs.configure(options.name)
    drop_dead(settings.metrics, is_alive)
    door = Door(settings, options.name, now=now, random=os.urandom, log=log, metrics=Metrics(REGISTRY))
    server = DoorServer(server_config(App(door, REGISTRY, settings.metrics), settings), door)
    quiet_collector()
    server.run(sockets=[socket.socket(fileno=options.fd)])


if __name__ == "__main__":
    main()
