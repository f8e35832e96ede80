"""`bench`: what the door and the sink cost for each event, beside a bare ASGI app, in CPU seconds."""

import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final
from uuid import uuid4

import msgspec
import pyarrow.parquet as pq

from loadtest.errors import ProgramFailed
from loadtest.processes import Program, cpu_of, free_port, role, sojourn, wait_until
from loadtest.traffic import Shop
from loadtest.wrk import Counted, body_of, wrk
from warehouse.registry import Registry
from warehouse.segments import tally

SIZES: Final = (1, 20, 50)
_DRAIN_S: Final = 120.0
_SINK: Final = frozenset({"sink"})
Report = Callable[[str], None]


class Cell(msgspec.Struct, frozen=True):
    """One run of one side at one size. `landed_s` is the CPU of door and sink until all of it was Parquet."""

    counted: Counted
    cpu_s: float
    landed: int = 0
    landed_s: float = 1.0


class Figures(msgspec.Struct, frozen=True):
    """Per CPU second, by events a request: bare requests, door and landed events; door to bare."""

    bare: dict[str, int]
    door: dict[str, int]
    landed: dict[str, int]
    ratio: dict[str, float]


class Bare:
    """The bare app as a side of the comparison."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [*sojourn()[:2], "loadtest.bare", str(port)]
        self.program = Program(command, mark=uuid4().hex, log=folder / "bare.log", variables={})

    def cell(self, body: Path, headers: list[str], seconds: float) -> Cell:
        before = self.program.cpu()
        counts = wrk(f"{self.url}/v1/batch", body, headers, seconds)
        return Cell(counts, self.program.cpu().since(before))


class Door:
    """`sojourn collect` with one worker as a side of the comparison."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url, self.data = f"http://127.0.0.1:{port}", folder / "data"
        variables = {"SOJOURN_DATA": str(self.data), "SOJOURN_PORT": str(port), "SOJOURN_WORKERS": "1"}
        log = folder / "collect.log"
        self.program = Program(sojourn("collect"), mark=uuid4().hex, log=log, variables=variables)
        self._rows: dict[Path, int] = {}

    def cell(self, body: Path, headers: list[str], seconds: float) -> Cell:
        self.drain()
        rows, found = self.landed(), self.program.all()
        all_before = cpu_of(found)
        door_before = cpu_of(process for process in found if role(process) not in _SINK)
        counts = wrk(f"{self.url}/v1/batch", body, headers, seconds)
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


@contextmanager
def sides(folder: Path, answers: Callable[[str], None]) -> Iterator[tuple[Bare, Door]]:
    """Both servers, up and answering."""
    with ExitStack() as stack:
        bare, door = Bare(folder), Door(folder)
        stack.enter_context(bare.program)
        stack.enter_context(door.program)
        for side in (bare, door):
            answers(side.url)
            side.program.require()
        yield bare, door


def write_bodies(folder: Path, now: int) -> dict[int, Path]:
    """One file for each size; the events are taken from the middle of the seeded history."""
    messages = list(islice(Shop().history(now), 5_000, 5_000 + sum(SIZES)))
    paths = {}
    for size in SIZES:
        taken, messages = messages[:size], messages[size:]
        paths[size] = folder / f"body-{size}.json"
        paths[size].write_bytes(body_of(taken, now))
    return paths


def bench(
    seconds: float,
    rounds: int,
    ip_policy: str,
    clock: Callable[[], int],
    answers: Callable[[str], None],
    report: Report,
) -> Figures:
    """Interleaved rounds of every cell; each figure is the median of the rounds."""
    with tempfile.TemporaryDirectory(prefix="loadtest-bench-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        registry = Registry.open(folder / "data" / "registry.sqlite", now=clock)
        secret = registry.create_key("bench", ip_policy=ip_policy).secret
        registry.close()
        basic = b64encode(f"{secret}:".encode()).decode()
        headers = [f"Authorization: Basic {basic}", "Content-Type: application/json"]
        bodies = write_bodies(folder, clock())
        with sides(folder, answers) as (bare, door):
            return figures(_cells(bare, door, bodies, headers, seconds, rounds, report))


def _cells(
    bare: Bare,
    door: Door,
    bodies: dict[int, Path],
    headers: list[str],
    seconds: float,
    rounds: int,
    report: Report,
) -> dict[tuple[str, int], list[Cell]]:
    cells: dict[tuple[str, int], list[Cell]] = {
        (side, size): [] for side in ("bare", "door") for size in SIZES
    }
    for side in (bare, door):
        side.cell(bodies[1], headers, 1)
    for number in range(rounds):
        for size in SIZES:
            for name, side in (("bare", bare), ("door", door)):
                cell = side.cell(bodies[size], headers, seconds)
                check_cell(cell, f"{name} at {size} a request", side.program)
                cells[name, size].append(cell)
                report(f"round {number + 1}/{rounds}, {size} a request: {name} {_line(cell, size)}")
    return cells


def check_cell(cell: Cell, what: str, program: Program) -> None:
    counts = cell.counted
    if counts.answered <= 0 or counts.not_2xx + counts.socket > counts.requests / 100:
        raise ProgramFailed(
            f"{what}: of {counts.requests} requests {counts.not_2xx} were not answered 200, "
            f"{counts.socket} connections failed; the program's last line: {program.tail(1)[:1000]}"
        )


def _line(cell: Cell, size: int) -> str:
    counts = cell.counted
    rate = counts.answered * size / (counts.duration_us / 1e6)
    per_cpu = counts.answered * size / cell.cpu_s
    return f"{rate:,.0f} events/s, {per_cpu:,.0f} a CPU s, p99 {counts.p99_us / 1000:.1f} ms"


def figures(cells: dict[tuple[str, int], list[Cell]]) -> Figures:
    def per_cpu(side: str, size: int) -> float:
        return median(cell.counted.answered / cell.cpu_s for cell in cells[side, size])

    landed = {
        str(size): round(median(cell.landed / cell.landed_s for cell in cells["door", size]))
        for size in SIZES
    }
    return Figures(
        {str(size): round(per_cpu("bare", size)) for size in SIZES},
        {str(size): round(per_cpu("door", size) * size) for size in SIZES},
        landed,
        {str(size): round(per_cpu("door", size) / per_cpu("bare", size), 3) for size in SIZES},
    )
