"""Who connects while the loop is busy is let in soon."""

import socket
import threading
import time
from pathlib import Path

import httpx

from collector.server import AT_ONCE
from tests.collector.running import running

MANY = 3 * (AT_ONCE + 1)


def test_who_came_while_the_loop_was_busy_is_let_in_within_a_few_turns(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        loop = door.server.servers[0].get_loop()
        parts = httpx.URL(door.url)
        address = (parts.host, parts.port or 80)
        turns: list[int] = []
        done = threading.Event()
        busy = threading.Event()

        def count(left: int) -> None:
            turns.append(len(door.server.server_state.connections))
            if left:
                loop.call_soon(count, left - 1)
            else:
                done.set()

        def hold() -> None:
            busy.set()
            time.sleep(0.5)
            count(12)

        loop.call_soon_threadsafe(hold)
        busy.wait(20)
        guests = [socket.create_connection(address, 20) for _ in range(MANY)]
        done.wait(20)
        for guest in guests:
            guest.close()

    assert turns[-1] >= MANY
