"""`bench`: what the door and the sink cost for each event, beside a bare ASGI app, in CPU seconds."""

import asyncio
import os
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import httpx
import msgspec

from loadtest.bodies import GZIPPED, SIZES, bodies, renewed, write_bodies, write_zipped
from loadtest.parquet import journal_to_parquet
from loadtest.sides import Bare, Cell, Door, check_cell
from loadtest.steady import Steady, fsyncs, quantile, steady
from loadtest.wire import address
from loadtest.wrk import CONNECTIONS
from warehouse.registry import Registry

Report = Callable[[str], None]
Key = tuple[str, int]

TWO_SIZES: Final = (1, 20)
STEADY_SIZE: Final = 20
STEADY_SHARE: Final = 0.7
# What happens to addresses, and to what else is personal.
PRIVACY: Final[Mapping[str, tuple[str, str]]] = {"off": ("keep", "none"), "strict": ("drop", "strict")}


class Latency(msgspec.Struct, frozen=True):
    """Answers at 70 % of the maximum: requests a second, ms from due to answered, the door's own syncs."""

    maximum: int
    rate: int
    p50_ms: float
    p99_ms: float
    fdatasync_p99_ms: float


class Figures(msgspec.Struct, frozen=True):
    """Per CPU second, by events a request: bare requests, door and landed events; door to bare.

    `two_workers` and `bare_two` are two processes to one, of the door and of the bare app: what two cost
    that are nothing to one another, on a machine whose cores are not quite two. `latency_apart` is that of a
    door whose worker has a core of its own, where nobody who asks runs either; null on one core.
    """

    bare: dict[str, int]
    door: dict[str, int]
    landed: dict[str, int]
    ratio: dict[str, float]
    gzipped: dict[str, int]
    off: dict[str, int]
    strict: dict[str, int]
    two_workers: dict[str, float]
    bare_two: dict[str, float]
    latency: Latency
    latency_apart: Latency | None
    parquet: int


class Run(msgspec.Struct, frozen=True):
    """One kind of cell: which side gets which bodies with which headers."""

    name: str
    side: Bare | Door
    size: int
    body: Callable[[], Path]
    headers: list[str]


def bench(
    seconds: float,
    rounds: int,
    ip_policy: str,
    clock: Callable[[], int],
    answers: Callable[[str], None],
    report: Report,
    segments: int = 24,
) -> Figures:
    """Interleaved rounds of every cell; each figure is the median of the rounds."""
    with tempfile.TemporaryDirectory(prefix="loadtest-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        policies = {"plain": (ip_policy, "none"), **PRIVACY}
        headers = make_keys(folder / "one" / "data", policies, clock)
        two_headers = make_keys(folder / "two" / "data", policies, clock)
        bare, bare_two, one, two = stack.enter_context(sides(folder, answers))
        # Written anew for each cell: what was sent long ago seems to come from clocks that are behind.
        texts = {size: lambda size=size: write_bodies(folder, size, clock()) for size in SIZES}
        zipped = write_zipped(folder, clock())
        runs = [Run("bare", bare, size, texts[size], headers["plain"]) for size in SIZES]
        runs += [Run("door", one, size, texts[size], headers["plain"]) for size in SIZES]
        runs += [Run("two", two, size, texts[size], two_headers["plain"]) for size in TWO_SIZES]
        runs += [Run("bare_two", bare_two, size, texts[size], headers["plain"]) for size in TWO_SIZES]
        runs += [Run(name, one, size, texts[size], headers[name]) for size in SIZES for name in PRIVACY]
        runs.append(
            Run("gzipped", one, GZIPPED, lambda: zipped, [*headers["plain"], "Content-Encoding: gzip"])
        )
        cells = _cells(sorted(runs, key=lambda run: run.size), seconds, rounds, report)
        latency = _latency(one, headers["plain"], seconds, folder, clock)
        report(f"at {latency.rate} requests/s: {latency}")
        stack.pop_all().close()
        apart = _latency_apart(folder, (ip_policy, "none"), seconds, clock, answers)
        report(f"with a core of its own: {apart}")
        return figures(cells, latency, apart, journal_to_parquet(folder, segments, rounds, clock()))


def make_keys(
    data: Path, policies: Mapping[str, tuple[str, str]], clock: Callable[[], int]
) -> dict[str, list[str]]:
    """A write key for each policy in a new data folder; the headers of its requests."""
    data.mkdir(parents=True)
    registry = Registry.open(data / "registry.sqlite", now=clock)
    secrets = {
        name: registry.create_key("bench", ip_policy=of_addresses, privacy=privacy).secret
        for name, (of_addresses, privacy) in policies.items()
    }
    registry.close()
    basic = {name: b64encode(f"{secret}:".encode()).decode() for name, secret in secrets.items()}
    return {
        name: [f"Authorization: Basic {text}", "Content-Type: application/json"]
        for name, text in basic.items()
    }


@contextmanager
def sides(folder: Path, answers: Callable[[str], None]) -> Iterator[tuple[Bare, Bare, Door, Door]]:
    """The bare app in one process and in two, a door of one worker and a door of two, up and answering."""
    with ExitStack() as stack:
        found = Bare(folder), Bare(folder, workers=2), Door(folder / "one"), Door(folder / "two", workers=2)
        for side in found:
            stack.enter_context(side.program)
        for side in found:
            answers(side.url)
            side.program.require()
        yield found


def _cells(runs: list[Run], seconds: float, rounds: int, report: Report) -> dict[Key, list[Cell]]:
    cells: dict[Key, list[Cell]] = {(run.name, run.size): [] for run in runs}
    for side, run in {run.side: run for run in runs}.items():
        side.cell(run.body(), run.headers, 1)
    for number in range(rounds):
        for run in runs:
            cell = run.side.cell(run.body(), run.headers, seconds)
            check_cell(cell, f"{run.name} at {run.size} a request", run.side.program)
            cells[run.name, run.size].append(cell)
            report(f"round {number + 1}/{rounds}, {run.size} a request: {run.name} {_line(cell, run.size)}")
    return cells


def _line(cell: Cell, size: int) -> str:
    counts = cell.counted
    rate = counts.answered * size / (counts.duration_us / 1e6)
    per_cpu = counts.answered * size / cell.cpu_s
    return f"{rate:,.0f} events/s, {per_cpu:,.0f} a CPU s, p99 {counts.p99_us / 1000:.1f} ms"


def _latency(
    door: Door, headers: list[str], seconds: float, folder: Path, clock: Callable[[], int]
) -> Latency:
    counted = door.cell(write_bodies(folder, STEADY_SIZE, clock()), headers, seconds).counted
    maximum = counted.answered / (counted.duration_us / 1e6)
    door.drain()
    before = _fsyncs(door)
    texts = bodies(STEADY_SIZE, clock())
    took = asyncio.run(_steadily(door, texts, headers, maximum * STEADY_SHARE, 2 * seconds))
    after = _fsyncs(door)
    return Latency(
        round(maximum), took.rate, took.p50_ms, took.p99_ms, round(quantile(before, after, 0.99) * 1e3, 1)
    )


def _latency_apart(
    folder: Path,
    policy: tuple[str, str],
    seconds: float,
    clock: Callable[[], int],
    answers: Callable[[str], None],
) -> Latency | None:
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        return None
    headers = make_keys(folder / "apart" / "data", {"apart": policy}, clock)["apart"]
    door = Door(folder / "apart", variables={"SOJOURN_CPU_AFFINITY": "true"})
    with door.program:
        answers(door.url)
        door.program.require()
        with _running_on(cores - {min(cores)}):  # where its sink is, too
            door.cell(write_bodies(folder, STEADY_SIZE, clock()), headers, 1)
            return _latency(door, headers, seconds, folder, clock)


@contextmanager
def _running_on(cores: set[int]) -> Iterator[None]:
    """Inside, this program and those that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def _steadily(
    door: Door, texts: list[bytes], headers: list[str], rate: float, seconds: float
) -> Steady:
    lines = "".join(f"{line}\r\n" for line in headers).encode()
    head = b"POST /v1/batch HTTP/1.1\r\nHost: bench\r\n" + lines + b"Content-Length: %d\r\n\r\n%b"
    requests = (head % (len(body), body) for body in renewed(texts))
    return await steady(address(door.url), requests, rate, seconds, CONNECTIONS)


def _fsyncs(door: Door) -> dict[float, float]:
    return fsyncs(httpx.get(f"{door.url}/metrics", trust_env=False).text)


def figures(
    cells: Mapping[Key, list[Cell]], latency: Latency, apart: Latency | None, parquet: int
) -> Figures:
    """Medians of the rounds."""

    def per_cpu(name: str, size: int) -> float:
        return median(cell.counted.answered / cell.cpu_s for cell in cells[name, size])

    def events(name: str) -> dict[str, int]:
        return {str(size): round(per_cpu(name, size) * size) for of, size in cells if of == name}

    landed = {
        str(size): round(median(cell.landed / cell.landed_s for cell in cells["door", size]))
        for size in SIZES
    }
    return Figures(
        {str(size): round(per_cpu("bare", size)) for size in SIZES},
        events("door"),
        landed,
        {str(size): round(per_cpu("door", size) / per_cpu("bare", size), 3) for size in SIZES},
        events("gzipped"),
        events("off"),
        events("strict"),
        _kept(per_cpu, "two", "door"),
        _kept(per_cpu, "bare_two", "bare"),
        latency,
        apart,
        parquet,
    )


def _kept(per_cpu: Callable[[str, int], float], two: str, one: str) -> dict[str, float]:
    """What a CPU second of two processes does, to what one of one does."""
    return {str(size): round(per_cpu(two, size) / per_cpu(one, size), 3) for size in TWO_SIZES}
