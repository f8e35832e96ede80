"""`console`: how long each page of the console takes over a large past, and what a first visit weighs."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import uuid4

import httpx
import msgspec

from loadtest.cockpit import filled, milliseconds
from loadtest.errors import ProgramFailed
from loadtest.house import work_folder
from loadtest.links import Links, links, name_of
from loadtest.processes import Program, free_port, sojourn, wait_until
from loadtest.stitching.month import prepared
from loadtest.timelines import stitched
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

Clock = Callable[[], int]
Report = Callable[[str], None]
# The part of the cockpit that holds its numbers; other parts are questions that may take longer.
NUMBERS: Final = "/overview/numbers"
_RANGES: Final = ("1d", "2d", "3d", "7d", "14d", "28d", "90d")
_FILTERS: Final = ("", 'country = "CN"', 'device_type = "mobile"', "channel != direct")
_CUSTOMERS: Final = """
    SELECT customer_id FROM customers WHERE events > 0 ORDER BY hash(customer_id) LIMIT 20"""
_STARTS_S: Final = 30.0


class Console(msgspec.Struct, frozen=True):
    """What the command prints: events in the lake, milliseconds by page at p95: of all asks and of the first
    of each address (`cold_ms`); of questions that load after their page (`longer_ms`, the slowest);
    kilobytes (1,000) of the heaviest first visit, as they come over the wire.

    `addresses`: how many of each page were asked.
    """

    events: int
    p95_ms: dict[str, float]
    cold_ms: dict[str, float]
    longer_ms: dict[str, float]
    first_visit_kb: float
    heaviest: str
    addresses: dict[str, int]


class Visit:
    """One browser that asks one address after the other; keeps seconds by page and what pages lead to."""

    def __init__(self, client: httpx.Client, each: int) -> None:
        self._client = client
        self._each = each
        self.cold: dict[str, dict[str, float]] = {}
        self.warm: dict[str, list[float]] = {}
        self.parts: dict[str, dict[str, float]] = {}
        self.led: dict[str, Links] = {}

    def walk(self, seeds: list[str]) -> None:
        """Every page that can be reached, of each `each` addresses at most, and the cockpit's numbers."""
        waiting, known = [*seeds], set(seeds)
        while waiting:
            address = waiting.pop(0)
            if not self._room(self.cold, name_of(address), address):
                continue
            found = self._first(address)
            for one in found.pages:
                if one not in known:
                    known.add(one)
                    waiting.append(one)

    def again(self) -> None:
        """Every address once more."""
        for name, addresses in self.cold.items():
            for address in addresses:
                self.warm.setdefault(name, []).append(self._asked(address)[0])

    def longer(self) -> None:
        """Questions that load after their page, each once."""
        for found in list(self.led.values()):
            for address in found.parts:
                name = name_of(address)
                if name != NUMBERS and self._room(self.parts, name, address):
                    self.parts[name][address] = self._asked(address, may_fail=True)[0]

    def _first(self, address: str) -> Links:
        seconds, text = self._asked(address)
        self.cold.setdefault(name_of(address), {})[address] = seconds
        found = self.led[address] = links(text, address)
        pages = list(found.pages)
        for part in found.parts:
            if part.partition("?")[0] == NUMBERS and self._room(self.cold, NUMBERS, part):
                seconds, text = self._asked(part)
                self.cold[NUMBERS][part] = seconds
                pages += links(text, part).pages
        return Links(tuple(pages), found.parts, found.files)

    def _room(self, kept: dict[str, dict[str, float]], name: str, address: str) -> bool:
        there = kept.setdefault(name, {})
        return address not in there and len(there) < self._each

    def _asked(self, address: str, *, may_fail: bool = False) -> tuple[float, str]:
        """Seconds until the whole answer is there, and its text. ProgramFailed where it is no page."""
        began = time.perf_counter()
        answer = self._client.get(address)
        seconds = time.perf_counter() - began
        if answer.status_code >= 500 or (answer.status_code != 200 and not may_fail):
            raise ProgramFailed(f"GET {address} answered {answer.status_code}")
        return seconds, answer.text


def console(events: int, rounds: int, each: int, data: Path | None, clock: Clock, report: Report) -> Console:
    """Ask every page `rounds` times, of each `each` addresses at most, over `data` or a made-up month."""
    folder = data or _made(events, clock, report)
    with connect(WarehouseSettings(data=str(folder)), read_only=True) as lake:
        ((stored,),) = lake.query("SELECT count(*) FROM events")
        customers = [id for (id,) in lake.query(_CUSTOMERS)]
    with _running(folder) as client:
        visit = Visit(client, each)
        visit.walk(_seeds(customers))
        report(f"console: {sum(map(len, visit.cold.values()))} addresses of {len(visit.cold)} pages asked")
        for number in range(rounds - 1):
            visit.again()
            report(f"console: round {number + 2} of {rounds}")
        visit.longer()
        weights = {name: _weight(client, next(iter(many)), visit.led) for name, many in visit.cold.items()}
    heaviest = max(weights, key=lambda name: weights[name])
    every = {name: [*many.values(), *visit.warm.get(name, ())] for name, many in visit.cold.items()}
    return Console(
        events=stored,
        p95_ms={name: milliseconds(many, 0.95) for name, many in sorted(every.items())},
        cold_ms={name: milliseconds(list(many.values()), 0.95) for name, many in sorted(visit.cold.items())},
        longer_ms={name: milliseconds(list(many.values()), 1) for name, many in sorted(visit.parts.items())},
        first_visit_kb=round(weights[heaviest] / 1e3, 1),
        heaviest=heaviest,
        addresses={name: len(many) for name, many in sorted(visit.cold.items())},
    )


def _made(events: int, clock: Clock, report: Report) -> Path:
    folder = stitched(prepared(events, work_folder(), clock, report).whole, report)
    filled(folder, clock(), report)
    return folder


def _seeds(customers: list[str]) -> list[str]:
    """Where the walk begins: the first page, the cockpit by range and filter, some customers."""
    chosen = [f"/overview?since={since}" + (f"&where={quote(one)}" if one else "")
              for one in _FILTERS for since in _RANGES]  # fmt: skip
    return ["/", "/overview", *chosen, *(f"/customers/{quote(id)}" for id in customers)]


@contextmanager
def _running(folder: Path) -> Iterator[httpx.Client]:
    """A browser before the console of this lake, with a registry of its own, so that none is written to."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="console-") as made:
        data = Path(made) / "data"
        data.mkdir()
        (data / "lake").symlink_to((folder / "lake").resolve(), target_is_directory=True)
        if (folder / "registry.sqlite").exists():
            shutil.copy2(folder / "registry.sqlite", data)
        variables = {"SOJOURN_CONSOLE_OPEN": "true", "SOJOURN_DATA": str(data)}
        command = sojourn("console", "--port", str(port))
        origin, packed = f"http://127.0.0.1:{port}", {"Accept-Encoding": "gzip"}
        with (
            Program(command, mark=uuid4().hex, log=Path(made) / "log", variables=variables) as program,
            httpx.Client(base_url=origin, timeout=120.0, trust_env=False, headers=packed) as client,
        ):
            wait_until("the console", lambda: _answers(program, client), _STARTS_S)
            yield client


def _answers(program: Program, client: httpx.Client) -> bool:
    program.require()
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def _weight(client: httpx.Client, address: str, led: dict[str, Links]) -> int:
    """Bytes over the wire, heads too, of a page and of what a browser that knows nothing fetches for it."""
    wanted = led.get(address)
    if wanted is None:
        return 0
    return sum(_bytes(client.get(one)) for one in (address, *wanted.files))


def _bytes(answer: httpx.Response) -> int:
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
    return answer.num_bytes_downloaded + head
