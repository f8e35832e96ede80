"""Stands between a program and PostgreSQL, and cuts the line at a COMMIT, before or after it is done."""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import threading
from multiprocessing.sharedctypes import Synchronized
from typing import Self


class Cutter:
    """A process of its own: DuckDB speaks to its server while it holds Python's lock.

    `before`, `amid` and `after` count the COMMITs of a new snapshot still to be cut: the server never gets
    it, gets it while the line is gone already, or has done it and its answer is lost.
    """

    def __init__(self, to: int) -> None:
        apart = multiprocessing.get_context("spawn")
        self.before: Synchronized[int] = apart.Value("i", 0)
        self.amid: Synchronized[int] = apart.Value("i", 0)
        self.after: Synchronized[int] = apart.Value("i", 0)
        door = socket.create_server(("127.0.0.1", 0))
        self.port: int = door.getsockname()[1]
        line = Line(to, self.before, self.amid, self.after)
        self._process = apart.Process(target=line.serve, args=(door,), daemon=True)
        self._process.start()
        door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()


class Line:
    """Passes bytes on, in the cutter's process."""

    def __init__(
        self, to: int, before: Synchronized[int], amid: Synchronized[int], after: Synchronized[int]
    ) -> None:
        self.to, self.before, self.amid, self.after = to, before, amid, after

    def serve(self, door: socket.socket) -> None:
        while True:
            client = door.accept()[0]
            server = socket.create_connection(("127.0.0.1", self.to))
            last = threading.Event()
            for run in (self._ask, self._answer):
                threading.Thread(target=run, args=(client, server, last), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, last: threading.Event) -> None:
        writing = False
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                writing |= b"ducklake_snapshot VALUES" in data
                ends = data.endswith(b"COMMIT\0")
                commit, writing = writing and ends, writing and not ends
                if commit and _counted_down(self.before):
                    break
                if commit and _counted_down(self.amid):
                    _close(client)
                if commit and _counted_down(self.after):
                    last.set()
                server.sendall(data)
        _close(client)
        # What was sent is still answered to nobody: the server did what it was asked.
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _answer(self, client: socket.socket, server: socket.socket, last: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if last.is_set():
                    break
                with contextlib.suppress(OSError):
                    client.sendall(data)
        _close(client)
        _close(server)


def _counted_down(left: Synchronized[int]) -> bool:
    with left.get_lock():
        due = left.value > 0
        left.value -= due
        return due


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
