"""A receiver of webhooks on loopback: what came under which key and when; some of it is sent back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

import msgspec

_BUSY = 0.05  # of the requests are answered 503, after they were read


class Arrival(msgspec.Struct, frozen=True):
    """A webhook that was answered 200: its key, its customer's user id, and when it came (µs UTC)."""

    key: str
    user: str
    at: int


class Answering:
    """Listens until `close`. `back` is told the user and the key of each that is to be sent back."""

    def __init__(self, clock: Callable[[], int], seed: int, back: Callable[[str, str], None]) -> None:
        self.arrivals: list[Arrival] = []
        self.refused = 0
        self._clock, self._rng, self._back = clock, Random(seed), back
        self._lock = threading.Lock()
        answering = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = answering.take(self.headers["idempotency-key"], body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def take(self, key: str, body: bytes) -> int:
        """The status that a webhook is answered."""
        with self._lock:
            if self._rng.random() < _BUSY:
                self.refused += 1
                return 503
            user = str(msgspec.json.decode(body)["data"]["customer"]["user_id"])
            self.arrivals.append(Arrival(key, user, self._clock()))
        self._back(user, key)
        return 200

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
