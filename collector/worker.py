"""One door worker: `python -m collector.worker --fd N --name NODE-wK`, started by the supervisor."""

import argparse
import gc
import os
import resource
import socket
import time
from functools import partial
from typing import Any

import uvicorn
from prometheus_client import REGISTRY

from collector.app import App
from collector.door import Door
from collector.metrics import Metrics, drop_dead
from collector.patience import Bounds
from collector.programs import is_alive
from collector.protocol import DoorProtocol
from collector.server import DoorServer, graceful_seconds
from collector.settings import CollectorSettings, load, pid_file
from warehouse import logs
from warehouse.tls import serving

SPARE_FILES, ENOUGH_FILES = 100, 1 << 20


def now() -> int:
    """Microseconds UTC: the one place of this process where the clock is read."""
    return time.time_ns() // 1000


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
    config = uvicorn.Config(
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
        timeout_graceful_shutdown=graceful_seconds(settings.drain_seconds),
    )
    config.load()
    config.ssl = serving(settings.tls_certificate, settings.tls_key, now)
    return config


def most_files() -> int:
    """How many files this process may have open, made as many as the system lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return ENOUGH_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class WorkerServer(DoorServer):
    """Leaves its pid in the run folder once it serves: the supervisor waits for that."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        pid_file(self.door.settings.run, self.door.name).write_text(str(os.getpid()))


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
    server = WorkerServer(server_config(App(door, REGISTRY, settings.metrics), settings), door)
    quiet_collector()
    server.run(sockets=[socket.socket(fileno=options.fd)])


if __name__ == "__main__":
    main()
