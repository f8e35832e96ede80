"""A whole Sojourn under test: `sojourn up` on a data folder, its books, and its lake for reading."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

import msgspec

from loadtest.errors import BadOutput, GaveUp
from loadtest.processes import Process, Program, free_port, run, sojourn
from sdk_contract.settings import Secret
from warehouse.balance import Books
from warehouse.lake import Lake, connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

_LOOK_S: Final = 0.5


class Standstill:
    """Whether a number that should fall to 0 has not fallen for `within_s` seconds, however long it takes."""

    def __init__(self, within_s: float, clock: Callable[[], float]) -> None:
        self._within_s, self._clock = within_s, clock
        self._least, self._since = float("inf"), clock()

    def lasts(self, left: float) -> bool:
        if left < self._least:
            self._least, self._since = left, self._clock()
        return self._clock() - self._since > self._within_s


class House:
    """`sojourn up`, or another `program`, on `data`, on ports of its own; every setting is at its default but
    the number of workers and what `variables` of the environment say.
    """

    def __init__(
        self,
        data: Path,
        *,
        workers: int | None = None,
        variables: Mapping[str, str] | None = None,
        program: str = "up",
    ) -> None:
        self.data, self._command = data, program
        port, console = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.variables: Mapping[str, str] = {
            "SOJOURN_DATA": str(data),
            "SOJOURN_PORT": str(port),
            "SOJOURN_CONSOLE_PORT": str(console),
            **({"SOJOURN_WORKERS": str(workers)} if workers else {}),
            **(variables or {}),
        }
        self._program: Program | None = None
        self._mark = uuid4().hex

    def write_key(self) -> str:
        """A valid write key of the folder, made when it has none yet."""
        registry = Registry.open(self.data / "registry.sqlite", now=lambda: 0)
        every = registry.keys()
        valid = [key for key in every if key.revoked_at is None]
        secret = (valid[0] if valid else registry.create_key("loadtest")).secret
        registry.close()
        return secret

    @property
    def program(self) -> Program:
        if self._program is None:
            log = self.data.with_name(f"{self.data.name}.log")
            self._program = Program(
                sojourn(self._command), mark=self._mark, log=log, variables=self.variables
            )
        return self._program

    def start(self) -> None:
        """Start it, again where it has ended; returns at once."""
        if not self.program.running:
            self.program.start()

    def all(self) -> list[Process]:
        return self.program.all()

    def check(self) -> Books:
        """The books as the command prints them; its exit code is not believed, only its figures."""
        output = run(sojourn("check", "--json"), self.variables, codes=(0, 1))
        try:
            return msgspec.json.decode(output, type=Books)
        except msgspec.MsgspecError as error:
            raise BadOutput(f"sojourn check --json printed {output[:300]!r}: {error}") from None

    def settle(self, within_s: float) -> Books:
        """Wait until nothing is pending; the books then. Raises GaveUp where that does not get less."""
        standstill = Standstill(within_s, time.monotonic)
        while True:
            self.program.require()
            books = self.check()
            if not books.pending:
                return books
            if standstill.lasts(books.pending):
                raise GaveUp(f"waited {within_s:g} s for less to be pending; the books are {books}")
            time.sleep(_LOOK_S)

    def lake(self, threads: int = 1) -> Lake:
        """A read-only connection of this process."""
        catalog = Secret(self.variables.get("SOJOURN_CATALOG", ""))
        settings = WarehouseSettings(data=str(self.data), lake_threads=threads, catalog=catalog)
        return connect(settings, read_only=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.program.stop()


def work_folder() -> Path:
    """Where long runs keep what they may use again."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/tmp"), ".cache")
    return Path(base) / "sojourn-loadtest"
