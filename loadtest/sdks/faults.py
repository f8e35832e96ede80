"""A server in front of a collector that fails first, in one way, and is well from then on."""

import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

TIMES: Final = 2
SILENT_S: Final = 17.0
FAULTS: Final = ("200", "400", "401", "408", "413", "429", "500", "503", "timeout", "reset")
_HOP: Final = frozenset(("connection", "transfer-encoding", "keep-alive", "date", "server"))
_BODY: Final = b'{"code":%d,"error":"a fault","status":0}'
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class Front(ThreadingHTTPServer):
    """Answers the first `TIMES` requests with events as `fault` says, and passes all else on.

    A status is answered instead of the collector; "timeout" and "reset" lose the answer of a request that the
    collector has taken. `met` counts requests with events.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fault: str, collector: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault, self.collector, self.met = fault, urlsplit(collector).netloc, 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fault_of_next(self) -> str:
        """What the next request with events meets; "200" for nothing."""
        with self._lock:
            self.met += 1
            return self.fault if self.met <= TIMES else "200"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may leave whenever it likes."""


@contextmanager
def fronts(faults: Sequence[str], collector: str) -> Iterator[list[Front]]:
    """One server for each fault."""
    with ExitStack() as stack:
        found = [stack.enter_context(Front(fault, collector)) for fault in faults]
        threads = [threading.Thread(target=one.serve_forever, args=(0.1,)) for one in found]
        for thread in threads:
            thread.start()
        try:
            yield found
        finally:
            for one in found:
                one.shutdown()
            for thread in threads:
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Front
    method: str = ""
    protocol_version = "HTTP/1.1"

    def parse_request(self) -> bool:
        """Every method is treated alike."""
        whole = super().parse_request()
        self.method, self.command = self.command, "POST"
        return whole

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        fault = "200" if self._is_question() else self.server.fault_of_next()
        if fault.isdigit() and fault != "200":
            self._refuse(int(fault))
        elif fault == "200":
            self._answer(*self._passed_on(body))
        else:
            self._passed_on(body)
            self._lose(fault)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def _is_question(self) -> bool:
        """What an SDK asks before it sends; a GET with `data` has events."""
        path = urlsplit(self.path).path
        return (
            self.method == "OPTIONS"
            or (self.method == "GET" and "data=" not in self.path)
            or (path.startswith(("/flags", "/decide", "/array")))
        )

    def _passed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(self.server.collector, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        try:
            connection.request(self.method, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _refuse(self, status: int) -> None:
        headers = [("content-type", "application/json")]
        if status in (429, 503):
            headers.append(("retry-after", "1"))
        if origin := self.headers.get("origin"):
            headers += [("access-control-allow-origin", origin), ("access-control-allow-credentials", "true")]
        self._answer(status, headers, _BODY % status)

    def _answer(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP and name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _lose(self, fault: str) -> None:
        if fault == "timeout":
            time.sleep(SILENT_S)
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.close_connection = True
        self.connection.close()
