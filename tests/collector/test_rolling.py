"""Leaving and replacing, on real programs and sockets: no connection is refused or reset, nothing is lost."""

import os
import signal
import socket
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from collector import server
from tests.collector.programs_run import kept, line_with, listening, pid_of, started
from tests.collector.running import running
from tests.collector.test_sink import until
from tests.collector.test_supervisor import key_of

EVENT = b'{"event":"Paid","userId":"u","messageId":"%b"}'


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=20)


def request(key: str, name: str) -> bytes:
    body = EVENT % name.encode()
    return b"POST /v1/track?writeKey=%b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (
        key.encode(),
        len(body),
        body,
    )


def answered(sock: socket.socket) -> tuple[int, bool]:
    """Status of the next answer, and whether it is the last one of its connection."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = sock.recv(65536)
        assert piece, "closed before the answer"
        text += piece
    return int(text[9:12]), b"connection: close" in text


class Sender(threading.Thread):
    """Sends over a connection that it keeps as long as it may; a reset or refusal is a problem."""

    def __init__(self, url: str, key: str, number: int) -> None:
        super().__init__()
        self.url, self.key, self.number = url, key, number
        self.acked: list[str] = []
        self.ends = 0
        self.problem: Exception | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            while not self.done.is_set():
                with closing(connected(self.url)) as sock:
                    self._use(sock)
        except (OSError, AssertionError) as problem:
            self.problem = problem

    def _use(self, sock: socket.socket) -> None:
        while not self.done.is_set():
            name = f"m-{self.number}-{len(self.acked)}"
            sock.sendall(request(self.key, name))
            status, last = answered(sock)
            assert status == 200
            self.acked.append(name)
            if last:
                self.ends += 1
                return


def test_workers_are_replaced_under_load_without_a_reset(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    with started(
        "collect", "--data", str(tmp_path), "--port", "0", "--workers", "2", SOJOURN_NODE="test"
    ) as collect:
        url = listening(collect)
        senders = [Sender(url, key, number) for number in range(4)]
        for one in senders:
            one.start()
        for _ in range(2):
            collect.send_signal(signal.SIGHUP)
            for _ in range(2):
                assert "worker replaced" in line_with(collect, "worker ")
        for one in senders:
            one.done.set()
        for one in senders:
            one.join()
    assert [one.problem for one in senders] == [None] * 4
    assert sum(one.ends for one in senders) >= 4
    assert sorted(kept(tmp_path)) == sorted(name for one in senders for name in one.acked)
    assert {path.name for path in (tmp_path / "journal").iterdir() if path.is_dir()} >= {
        "test-w0",
        "test-w1",
        "test-w2",
        "test-w3",
    }


def test_a_worker_that_cannot_serve_replaces_nobody(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    with started("collect", "--data", str(tmp_path), "--port", "0", SOJOURN_NODE="test") as collect:
        url = listening(collect)
        old = pid_of(collect, "test-w0")
        (tmp_path / "journal").mkdir(exist_ok=True)
        (tmp_path / "journal" / "test-w1").write_text("in the way")
        collect.send_signal(signal.SIGHUP)
        assert "test-w1" in line_with(collect, "worker not replaced")
        os.kill(old, 0)
        with closing(connected(url)) as sock:
            sock.sendall(request(key, "m-1"))
            assert answered(sock) == (200, False)
    assert kept(tmp_path) == ["m-1"]


def test_whom_the_kernel_connected_before_the_end_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("ACCEPT", 0.0), ("LAST", 1.0), ("FAREWELL", 20.0)):
        monkeypatch.setattr(server, f"{name}_SECONDS", seconds)
    with running(tmp_path) as door:
        door.server.told = True
        until(lambda: door.server.ticks > 0)
        with closing(connected(door.url)) as late:
            late.sendall(request(door.key.secret, "m-late"))
            assert answered(late) == (200, True)


def test_stopping_answers_what_is_in_flight_and_is_out_in_time(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    with started("collect", "--data", str(tmp_path), "--port", "0") as collect:
        url = listening(collect)
        with (
            closing(connected(url)) as busy,
            closing(connected(url)) as half,
            closing(connected(url)) as slow,
        ):
            busy.sendall(request(key, "m-busy"))
            assert answered(busy) == (200, False)
            half.sendall(request(key, "m-half")[:-5])
            slow.sendall(request(key, "m-slow")[:-5])
            collect.send_signal(signal.SIGTERM)
            began = time.monotonic()
            unready = httpx.get(f"{url}/ready", trust_env=False)
            while unready.status_code == 200:  # the signal is on its way
                unready = httpx.get(f"{url}/ready", trust_env=False)
            busy.sendall(request(key, "m-again"))
            assert answered(busy) == (200, True)
            time.sleep(0.2)
            half.sendall(request(key, "m-half")[-5:])
            assert answered(half) == (200, True)
            assert answered(slow) == (503, True)
            assert slow.recv(10) == b""
        assert collect.wait(20) == 0
        assert time.monotonic() - began < 10
    assert (unready.status_code, unready.json()["reasons"]) == (503, ["the collector is stopping"])
    assert sorted(kept(tmp_path)) == ["m-again", "m-busy", "m-half"]
    assert not list((tmp_path / "journal").glob("*/*.open"))
