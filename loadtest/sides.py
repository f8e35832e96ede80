"""The servers that `bench` and `rules` compare, and one run of wrk against one of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
import pyarrow.parquet as pq

from loadtest.errors import ProgramFailed
from loadtest.processes import Program, cpu_of, free_port, role, sojourn, wait_until
from loadtest.wrk import CONNECTIONS, Counted, wrk
from warehouse.segments import tally

_DRAIN_S: Final = 120.0
_SINK: Final = frozenset({"sink"})


class Cell(msgspec.Struct, frozen=True):
    """One run of one side at one size. `landed_s` is the CPU of door and sink until all of it was Parquet."""

    counted: Counted
    cpu_s: float
    landed: int = 0
    landed_s: float = 1.0


class Bare:
    """The bare app as a side of the comparison."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [*sojourn()[:2], "loadtest.bare", str(port), str(workers)]
        log = folder / f"bare-{workers}.log"
        self.program = Program(command, mark=uuid4().hex, log=log, variables={})

    def cell(self, body: Path, headers: Sequence[str], seconds: float) -> Cell:
        before = self.program.cpu()
        counts = wrk(f"{self.url}/v1/batch", body, headers, seconds)
        return Cell(counts, self.program.cpu().since(before))


class Door:
    """`sojourn collect` as a side of the comparison; its data is in `folder`/data."""

    def __init__(self, folder: Path, workers: int = 1, variables: Mapping[str, str] = {}) -> None:
        port = free_port()
        self.url, self.data = f"http://127.0.0.1:{port}", folder / "data"
        given = {
            "SOJOURN_DATA": str(self.data),
            "SOJOURN_PORT": str(port),
            "SOJOURN_WORKERS": str(workers),
            **variables,
        }
        log = folder / "collect.log"
        self.program = Program(sojourn("collect"), mark=uuid4().hex, log=log, variables=given)
        self._rows: dict[Path, int] = {}

    def cell(
        self,
        body: Path,
        headers: Sequence[str],
        seconds: float,
        path: str = "/v1/batch",
        connections: int = CONNECTIONS,
    ) -> Cell:
        self.drain()
        rows, found = self.landed(), self.program.all()
        all_before = cpu_of(found)
        door_before = cpu_of(process for process in found if role(process) not in _SINK)
        counts = wrk(f"{self.url}{path}", body, headers, seconds, connections)
        door = cpu_of(process for process in self.program.all() if role(process) not in _SINK).since(
            door_before
        )
        self.drain()
        return Cell(counts, door, self.landed() - rows, self.program.cpu().since(all_before))

    def landed(self) -> int:
        """Rows of all objects that are in landing."""
        for path in (self.data / "landing").glob("date=*/hour=*/*.parquet"):
            if path not in self._rows:
                self._rows[path] = pq.read_metadata(path).num_rows
        return sum(self._rows.values())

    def drain(self) -> None:
        wait_until("the journal to be empty", self._drained, _DRAIN_S)

    def _drained(self) -> bool:
        self.program.require()
        journal = self.data / "journal"
        if any(journal.glob("*/*.sealed")):
            return False
        return all(
            tally(path.read_bytes(), path.stem).events == 0
            for path in journal.glob("*/*.open")
            if path.exists()
        )


def check_cell(cell: Cell, what: str, program: Program) -> None:
    counts = cell.counted
    if counts.answered <= 0 or counts.not_2xx + counts.socket > counts.requests / 100:
        raise ProgramFailed(
            f"{what}: of {counts.requests} requests {counts.not_2xx} were not answered 200, "
            f"{counts.socket} connections failed; the program's last line: {program.tail(1)[:1000]}"
        )
