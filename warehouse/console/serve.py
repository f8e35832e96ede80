"""Runs the console: opens what it reads, listens, ends within seconds however many look at live events."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import uvicorn

from warehouse.access.passwords import Passwords
from warehouse.catalogs import catalog_of
from warehouse.console.app import create_app
from warehouse.console.errors import PortTaken
from warehouse.console.first import first_user
from warehouse.console.queries import Queries
from warehouse.console.reader import Reader
from warehouse.console.settings import ConsoleSettings
from warehouse.lake import connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings
from warehouse.tls import serving, trusting

GRACE_S = 3
LIVE_TIMEOUTS = httpx.Timeout(5.0, read=60.0)


class Server(uvicorn.Server):
    """A uvicorn server that tells the live streams to end before it waits for them."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends in order on SIGINT and SIGTERM, with exit code 0."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)


async def serve(
    settings: ConsoleSettings,
    lake: WarehouseSettings,
    now: Callable[[], int],
    listening: Callable[[str], None],
    made: Callable[[str, str], None],
) -> None:
    """Serves until SIGINT or SIGTERM; `listening` is told the address once it is open, `made` the name and
    password of the first user where there was none.

    Raises OpenToStrangers, and PortTaken where the address cannot be had.
    """
    passwords = Passwords()
    if not settings.console_open and not settings.sso_only:
        with contextlib.closing(open_registry(settings, now)) as registry:
            first_user(registry, passwords, settings.console_password, made)
    reader = Reader(
        catalog_of(lake),
        open_lake=lambda: connect(lake, read_only=True),
        open_registry=lambda: sealed(open_registry(settings, now)),
        seconds=settings.console_seconds,
    )
    tls = serving(settings.tls_certificate, settings.tls_key, now)
    client = httpx.AsyncClient(
        base_url=settings.collector_url,
        timeout=LIVE_TIMEOUTS,
        trust_env=False,
        verify=trusting(settings.tls_certificate) if tls else True,
    )
    app = create_app(settings, reader, client, now, passwords, Queries(lake, settings.sql_seconds))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        # What a proxy says is read by `peers`, and only of those that are trusted.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    config.load()
    config.ssl = tls
    with listen(settings.console_host, settings.console_port) as sock:
        listening(address(sock, tls is not None))
        await Server(config, app.state.stopping).serve(sockets=[sock])


def open_registry(settings: ConsoleSettings, now: Callable[[], int]) -> Registry:
    return Registry.open(Path(settings.data) / "registry.sqlite", now=now)


def sealed(registry: Registry) -> Registry:
    """For pages, which can add lines to the audit log and change none."""
    registry.seal_audit()
    return registry


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on `host` and `port`."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise PortTaken(host, port, reason_of(error)) from error


def reason_of(error: OSError) -> str:
    return "another program uses it" if error.errno == errno.EADDRINUSE else (error.strerror or str(error))


def address(sock: socket.socket, secure: bool = False) -> str:
    """The URL a browser opens."""
    host, port = sock.getsockname()[:2]
    scheme = "https" if secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
