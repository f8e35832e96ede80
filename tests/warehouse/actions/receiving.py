"""A receiver of webhooks, robots' messages and REST calls that answers as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

Answer = tuple[int, dict[str, str], bytes]
Answers = Callable[["Received"], Answer]


class Received(msgspec.Struct, frozen=True):
    """One request, header names in small letters."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return msgspec.json.decode(self.body)


class Receiver:
    """Listens on loopback until `close`; `answers` says what each request is answered."""

    def __init__(self, answers: Answers = lambda _: (200, {}, b"{}")) -> None:
        self.got: list[Received] = []
        self.answers = answers
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                size = int(self.headers.get("content-length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(size)
                if len(body) < size:  # its sender was killed meanwhile
                    self.close_connection = True
                    return
                one = Received(self.command, self.path, headers, body)
                receiver.got.append(one)
                status, more, answer = receiver.answers(one)
                self.send_response(status)
                for name, value in {**more, "content-length": str(len(answer))}.items():
                    self.send_header(name, value)
                with suppress(OSError):  # the sender may have been killed
                    self.end_headers()
                    self.wfile.write(answer)

            do_POST = do_PUT = do_PATCH = do_GET = _take  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
