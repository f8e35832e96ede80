"""What stands before the collector in the tests of the web SDK: it hears all, and fails when told."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
from msgspec import Struct

from loadtest.site import serving

PASSED = ("content-type", "cache-control", "etag", "content-encoding", "access-control-allow-origin", "vary")


class Fault(Struct, frozen=True):
    """One bad answer: a status and its Retry-After; status 0 closes the connection without one."""

    status: int
    retry_after: str | None = None


class Heard(Struct, frozen=True):
    """One request with events: when it came (seconds), what it said, what was answered."""

    at: float
    headers: dict[str, str]
    body: str
    status: int

    @property
    def events(self) -> list[dict[str, Any]]:
        return list(json.loads(self.body)["batch"])


class Front:
    """`faults` are answered one after the other, before anything is passed on; `heard` is what came.

    While `let` is cleared, events are passed on and their answers are held back.
    """

    def __init__(self, collector: str) -> None:
        self.client = httpx.Client(base_url=collector, trust_env=False, timeout=20)
        self.faults: list[Fault] = []
        self.heard: list[Heard] = []
        self.let = threading.Event()
        self.let.set()
        self.url = ""

    def events(self, *statuses: int) -> list[dict[str, Any]]:
        """The events of the requests that were answered with one of these (200)."""
        return [
            event for one in list(self.heard) if one.status in (statuses or (200,)) for event in one.events
        ]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events() if event.get("event", event["type"]) == name]

    def wait(self, name: str, number: int = 1, seconds: float = 15) -> list[dict[str, Any]]:
        """The events called so, or of this type, once there are so many of them."""
        until = time.monotonic() + seconds
        while len(found := self.named(name)) < number:
            assert time.monotonic() < until, (name, self.heard)
            time.sleep(0.02)
        return found

    def requests(self, number: int, seconds: float = 15) -> list[Heard]:
        """All requests with events, once there are so many."""
        until = time.monotonic() + seconds
        while len(self.heard) < number:
            assert time.monotonic() < until, self.heard
            time.sleep(0.02)
        return list(self.heard)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, front: Front, *given: Any) -> None:
        self.front = front
        super().__init__(*given)

    def do_GET(self) -> None:
        self._pass("GET", b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        front = self.front
        if front.faults:
            fault = front.faults.pop(0)
            self._hear(body, fault.status)
            self._fail(fault)
        else:
            self._pass("POST", body)

    def _hear(self, body: bytes, status: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.front.heard.append(Heard(time.monotonic(), headers, body.decode(), status))

    def _fail(self, fault: Fault) -> None:
        if not fault.status:
            self.close_connection = True
            self.connection.close()
            return
        headers = {
            "access-control-allow-origin": self.headers["origin"],
            "access-control-allow-credentials": "true",
            "access-control-expose-headers": "Retry-After",
        }
        if fault.retry_after is not None:
            headers["retry-after"] = fault.retry_after
        self._answer(fault.status, headers, b"no")

    def _pass(self, method: str, body: bytes) -> None:
        given = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        with self.front.client.stream(method, self.path, headers=given, content=body) as answer:
            content = b"".join(answer.iter_raw())
        if method == "POST":
            self._hear(body, answer.status_code)
            self.front.let.wait(20)
        passed = PASSED if "origin" not in self.headers else (*PASSED, "access-control-allow-credentials")
        self._answer(
            answer.status_code,
            {name: answer.headers[name] for name in passed if name in answer.headers},
            content,
        )

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def fronting(collector: str) -> Iterator[Front]:
    """A front before the collector, on another site than `localhost`."""
    front = Front(collector)
    with serving(partial(Handler, front)) as port, front.client:
        front.url = f"http://127.0.0.1:{port}"
        yield front
