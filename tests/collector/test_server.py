"""Who connects while the loop is busy is let in soon, and served like everybody."""

import asyncio
import os
import socket
import ssl
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from collector.server import AT_ONCE, DoorServer
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
    held, come, done = threading.Event(), threading.Event(), threading.Event()

    def count(left: int) -> None:
        turns.append(len(door.server.server_state.connections))
        if left:
            loop.call_soon(count, left - 1)
        else:
            done.set()

    def hold() -> None:
        held.set()
        come.wait(PATIENCE)
        count(TURNS)

    loop.call_soon_threadsafe(hold)
    held.wait(PATIENCE)
    guests = [socket.create_connection((parts.host, parts.port or 80), PATIENCE) for _ in range(MANY)]
    come.set()
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


def test_a_fault_of_ours_is_told_and_a_guest_who_left_is_not(tmp_path: Path) -> None:
    told: list[Any] = []

    async def raises(problem: Exception) -> None:
        raise problem

    async def main(server: DoorServer) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, found: told.append(found["exception"]))
        for problem in (ConnectionResetError(), ssl.SSLError(), ZeroDivisionError()):
            entering = asyncio.ensure_future(raises(problem))
            entering.add_done_callback(server._entered)
            await asyncio.wait([entering])
        await asyncio.sleep(0)

    with running(tmp_path) as door:
        nobody: Any = SimpleNamespace()
        asyncio.run(main(DoorServer(door.server.config, nobody)))
    assert [type(problem) for problem in told] == [ZeroDivisionError]


def test_a_worker_that_does_not_start_lets_no_other_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All share whether to wait for connections with the socket: one that waits stops its whole loop."""

    async def fails(*_: object) -> None:
        raise SystemExit(3)

    with running(tmp_path) as door:
        monkeypatch.setattr("uvicorn.Server.startup", fails)
        nobody: Any = SimpleNamespace()
        failing = DoorServer(door.server.config, nobody)
        with socket.socket(fileno=os.dup(door.server.queues[0].fileno())) as inherited:
            with pytest.raises(SystemExit):
                asyncio.run(failing.startup([inherited]))
            assert not os.get_blocking(inherited.fileno())
        failing.queues[0].close()
        for _ in range(3):
            assert httpx.get(f"{door.url}/health", timeout=PATIENCE).status_code == 200
