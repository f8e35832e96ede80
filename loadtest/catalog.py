"""`catalog`: the lake's catalog is locked or its server restarted under load; each acknowledged event must be
stored once, and a second writer is refused.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

import msgspec

from loadtest.acknowledged import Acknowledged
from loadtest.charts import Chart
from loadtest.commits import Commit, commits
from loadtest.crash import EAGER, load
from loadtest.drive import Ack, Client, answers
from loadtest.errors import BadOutput, ProgramFailed
from loadtest.house import House
from loadtest.postgres import ENDINGS, PostgresServer
from loadtest.processes import run, sojourn, wait_until
from loadtest.traffic import Shop

PATIENCE_S: Final = 90.0
SETTLE_S: Final = 300.0
LONGEST_DOWN_S: Final = 3.0
CUT: Final = "cut"
COMMITS: Final = 40
_REFUSED: Final = "another program writes"
Clock = Callable[[], int]
Report = Callable[[str], None]


class Trial(msgspec.Struct, frozen=True):
    """One catalog: faults by name, ids acknowledged, of these not stored, ids stored twice, the books.

    `second_refused`: another writer was. `writer_starts`: how often the writer's program was started.
    """

    faults: dict[str, int]
    acked: int
    missing: int
    doubled: int
    difference: int
    second_refused: bool
    writer_starts: int

    @property
    def held(self) -> bool:
        whole = self.missing == self.doubled == self.difference == 0
        return whole and self.acked > 0 and self.second_refused and self.writer_starts == 1


class Catalogs(msgspec.Struct, frozen=True):
    """What the command prints; `commit` is what one transaction of 5,000 events costs."""

    commit: dict[str, Commit]
    sqlite: Trial
    postgres: Trial

    @property
    def held(self) -> bool:
        return self.sqlite.held and self.postgres.held


class Place(Protocol):
    """A catalog that things are done to."""

    variables: Mapping[str, str]

    def harm(self, data: Path, rng: Random) -> str:
        """Do one thing to it and undo it again; returns its name."""

    def second(self, data: Path) -> Mapping[str, str]:
        """The variables of a second writer, once the first one writes."""


class Sqlite:
    """Another program locks the file, for up to `hold_s` seconds."""

    variables: Mapping[str, str] = {}

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s

    def harm(self, data: Path, rng: Random) -> str:
        file = data / "lake" / "catalog.sqlite"
        with closing(sqlite3.connect(file, timeout=PATIENCE_S, isolation_level=None)) as con:
            con.execute("BEGIN EXCLUSIVE")
            time.sleep(self._hold_s * rng.uniform(0.3, 1.0))
            con.execute("ROLLBACK")
        return "locked"

    def second(self, data: Path) -> Mapping[str, str]:
        return {"SOJOURN_DATA": str(data)}


class Postgres:
    """The server is ended in every way and started again, or all its sessions are cut."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.variables: Mapping[str, str] = {"SOJOURN_CATALOG": server.create_database("lake")}

    def harm(self, data: Path, rng: Random) -> str:
        name = rng.choice([*ENDINGS, CUT])
        if name == CUT:
            self._server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lake'")
            return name
        self._server.stop(name)
        time.sleep(rng.uniform(0.0, LONGEST_DOWN_S))
        self._server.start()
        return name

    def second(self, data: Path) -> Mapping[str, str]:
        """It runs as on another machine: on a data folder of its own."""
        wait_until("the writer to hold its lock", self._locked, PATIENCE_S)
        return {**self.variables, "SOJOURN_DATA": str(data.with_name("elsewhere"))}

    def _locked(self) -> bool:
        return (
            self._server.psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") == "1"
        )


def catalogs(
    faults: int, between_s: float, hold_s: float, rate: float, seed: int, clock: Clock, report: Report
) -> tuple[Catalogs, tuple[Chart, ...]]:
    """Both catalogs, one after the other, each under load with `faults` faults."""
    rng = Random(seed)
    common = (faults, between_s, rate, rng, clock, report)
    with PostgresServer() as server:
        with tempfile.TemporaryDirectory(prefix="loadtest-commits-") as folder:
            cost = commits(COMMITS, Path(folder), server)
        report(f"a commit: {cost}")
        sqlite, first = trial("sqlite", Sqlite(hold_s), *common)
        postgres, second = trial("postgres", Postgres(server), *common)
    return Catalogs(cost, sqlite, postgres), (first, second)


def trial(
    name: str,
    place: Place,
    faults: int,
    between_s: float,
    rate: float,
    rng: Random,
    clock: Clock,
    report: Report,
) -> tuple[Trial, Chart]:
    """One catalog under load, then everything settled and compared."""
    with tempfile.TemporaryDirectory(prefix="loadtest-catalog-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        with (
            House(data, variables={**EAGER, **place.variables}) as house,
            Acknowledged(Path(folder) / "acknowledged") as acked,
        ):
            strikes = Strikes(name, place, faults, between_s, rng, report)
            asyncio.run(under_load(house, strikes, acked, rate, rng, clock))
            difference = settled(house)
            with house.lake() as lake:
                missing, doubled = acked.compared(lake)
            starts = len(told(house, event="program started", name="sessionize"))
            found = (acked.count, missing, doubled, difference, strikes.refused, starts)
            report(f"{name}: {dict(strikes.done)}, {found}")
            return Trial(dict(strikes.done), *found), strikes.chart


class Strikes:
    """Harms a catalog again and again, and tries a second writer between two of them."""

    def __init__(
        self, name: str, place: Place, faults: int, between_s: float, rng: Random, report: Report
    ) -> None:
        self._name, self._place, self._faults, self._between_s = name, place, faults, between_s
        self._rng, self._report = rng, report
        self.done: Counter[str] = Counter()
        self.refused = False
        self._points: list[tuple[float, float]] = []

    async def run(self, house: House, acked: Acknowledged) -> None:
        began = time.monotonic()
        for number in range(self._faults):
            await asyncio.sleep(self._between_s * self._rng.uniform(0.3, 1.7))
            name = await asyncio.to_thread(self._place.harm, house.data, self._rng)
            self.done[name] += 1
            self._points.append((time.monotonic() - began, acked.count))
            self._report(
                f"{self._name}: fault {number + 1}/{self._faults}: {name}, {acked.count} acknowledged"
            )
            if number == self._faults // 2:
                self.refused = await asyncio.to_thread(
                    lambda: refused(self._place.second(house.data), self._report)
                )

    @property
    def chart(self) -> Chart:
        return Chart(f"Acknowledged, catalog in {self._name}", "events", {"at each fault": self._points})


def refused(variables: Mapping[str, str], report: Report) -> bool:
    """Whether a second writer with these variables ends at once, and says that there is one."""
    try:
        run(sojourn("sessionize"), variables, within_s=20.0)
    except ProgramFailed as failed:
        report(f"the second writer: {failed}")
        return _REFUSED in str(failed)
    return False


async def under_load(
    house: House, strikes: Strikes, acked: Acknowledged, rate: float, rng: Random, clock: Clock
) -> None:
    """Harm the catalog while the client sends; the ids of what was acknowledged go to `acked`."""

    def remember(ack: Ack) -> None:
        acked.add(ack.request.ids)

    await answers(house.url, "/health", PATIENCE_S, clock)
    key, shop = house.write_key(), Shop(seed=rng.randrange(1 << 30))
    await asyncio.to_thread(wait_until, "a lake to read", lambda: has_lake(house), PATIENCE_S)
    since = clock() + int((2 + rate / 100) * 1e6)
    async with Client(
        house.url, clock=clock, connections=8, patience_s=PATIENCE_S, answer_s=10.0, remember=remember
    ) as client:
        pacing = asyncio.create_task(
            client.pace(load(shop, key, rate, since, rng), until=1 << 62, backlog=2_000)
        )
        await strikes.run(house, acked)
        await asyncio.sleep(1.0)
        pacing.cancel()
        with suppress(asyncio.CancelledError):
            await pacing


def has_lake(house: House) -> bool:
    return bool(told(house, event="ready", program="sessionize"))


def told(house: House, **wanted: str) -> list[dict[str, Any]]:
    """The lines of the program's log with these fields."""
    lines: list[dict[str, Any]] = []
    for line in house.program.log.read_bytes().splitlines():
        with suppress(msgspec.DecodeError):
            lines.append(msgspec.json.decode(line, type=dict[str, Any]))
    return [line for line in lines if wanted.items() <= line.items()]


def settled(house: House) -> int:
    """The books' difference once nothing waits; a check that comes while files are mended is asked again."""
    found: list[int] = []

    def done() -> bool:
        with suppress(BadOutput, ProgramFailed):
            books = house.check()
            found.append(books.difference)
            return books.pending == 0
        return False

    wait_until("nothing to be pending", done, SETTLE_S, every_s=1.0)
    return found[-1]
