"""Servers on loopback for pages that real browsers visit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is closed hangs up in the middle."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serving(handler: Any) -> Iterator[int]:
    """A server whose requests a handler answers, each in a thread; gives its port."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def site_of(folder: Path) -> Iterator[str]:
    """The folder as a web site, another one than the collector's 127.0.0.1; gives its origin."""
    with serving(partial(_Quiet, directory=str(folder))) as port:
        yield f"http://localhost:{port}"
