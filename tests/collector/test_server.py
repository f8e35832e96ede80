"""Who connects while the loop is busy is let in soon, and served like everybody."""

import socket
import ssl
import threading
import time
from pathlib import Path

import httpx

from collector.server import AT_ONCE
from tests.collector.running import Running, running
from tests.collector.test_tls import pair

PATIENCE = 20
MANY = 3 * (AT_ONCE + 1)
TURNS = 12


def crowd(door: Running, turns: list[int]) -> list[socket.socket]:
    """So many connections made while the loop stands still; `turns` gets how many it has let in after each
    turn that follows.
    """
    loop, parts = door.server.servers[0].get_loop(), httpx.URL(door.url)
    held, done = threading.Event(), threading.Event()

    def count(left: int) -> None:
        turns.append(len(door.server.server_state.connections))
        if left:
            loop.call_soon(count, left - 1)
        else:
            done.set()

    def hold() -> None:
        held.set()
        time.sleep(0.5)
        count(TURNS)

    loop.call_soon_threadsafe(hold)
    held.wait(PATIENCE)
    guests = [socket.create_connection((parts.host, parts.port or 80), PATIENCE) for _ in range(MANY)]
    done.wait(PATIENCE)
    return guests


def test_they_are_let_in_within_a_few_turns(tmp_path: Path) -> None:
    turns: list[int] = []
    with running(tmp_path) as door:
        for guest in crowd(door, turns):
            guest.close()
    assert turns[-1] >= MANY


def test_each_of_them_is_answered_over_https(tmp_path: Path) -> None:
    certificate, private = pair(tmp_path, "localhost")
    trusting = ssl.create_default_context(cafile=certificate)
    answers = []
    with running(tmp_path / "data", tls_certificate=certificate, tls_key=private) as door:
        for guest in crowd(door, []):
            with trusting.wrap_socket(guest, server_hostname="localhost") as secure:
                secure.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answers.append(secure.recv(15))
    assert answers == [b"HTTP/1.1 200 OK"] * MANY
