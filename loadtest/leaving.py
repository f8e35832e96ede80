"""`leaving`: SIGTERM under load, again and again: whoever was let in is answered, and nothing acknowledged
waits in the journal when the program is gone.
"""

import asyncio
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

import msgspec
import pyarrow.parquet as pq

from loadtest.crash import load
from loadtest.drive import answers
from loadtest.errors import ConnectionLost
from loadtest.house import House
from loadtest.traffic import Shop
from loadtest.wire import Address, Answer, Connection, Request, address, connect, written

PROGRAMS: Final = ("collect", "up")
WORKERS: Final = 2
CLIENTS: Final = 16
BEGIN_S: Final = 90.0
OUT_S: Final = 10.0
UNREADY_S: Final = 1.0
_ANSWER_S, _LOOK_S, _GONE_S = 20.0, 0.005, 15.0
_READY: Final = Request("/ready", b"", (), b"")
Report = Callable[[str], None]


class Leaving(msgspec.Struct, frozen=True):
    """What the command prints. `resets`: requests that were sent and not answered; `early`: connections that
    were refused before anybody was told to stop; `unready_s`: from SIGTERM until `/ready` was no more 200, at
    worst; `out_s`: until each program was gone, at worst; `left`: processes that outlived it; `unpublished`:
    segments that it left in the journal.
    """

    stops: int
    requests: int
    resets: int
    early: int
    not_taken: dict[str, int]
    unready_s: float
    out_s: dict[str, float]
    left: int
    unpublished: int
    acked: int
    missing: int
    doubled: int

    @property
    def held(self) -> bool:
        lost = self.resets + self.early + self.left + self.unpublished + self.missing + self.doubled
        in_time = self.unready_s <= UNREADY_S and max(self.out_s.values()) <= OUT_S
        return lost == 0 and in_time and self.acked > 0


class Seen:
    """What the clients saw of all stops, and the ids that were acknowledged."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.resets = self.early = self.left = self.unpublished = 0
        self.acked: Counter[str] = Counter()
        self.unready: list[float] = []
        self.out: dict[str, list[float]] = {program: [] for program in PROGRAMS}

    def answered(self, request: Request, answer: Answer) -> None:
        self.statuses[answer.status] += 1
        if answer.status == 200:
            self.acked.update(request.ids)


class Caller:
    """A client with a connection of its own, kept as long as it may be; asks every `pause_s` seconds.

    It goes home when nobody listens any more.
    """

    def __init__(self, to: Address, seen: Seen, requests: Iterator[Request], pause_s: float) -> None:
        self._to, self._seen, self._requests, self._pause_s = to, seen, requests, pause_s
        self._connection: Connection | None = None
        self.told = False

    async def run(self) -> None:
        """Until nobody listens, having been told that this is to come."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while await self._ask(next(self._requests)) or not self.told:
            due = max(due + self._pause_s, clock())
            await asyncio.sleep(due - clock())

    async def _ask(self, request: Request) -> bool:
        """Whether somebody listened."""
        try:
            connection = self._connection
            if connection is None or not connection.open:
                self._connection = connection = await connect(self._to)
        except ConnectionLost:
            self._seen.early += not self.told
            return False
        try:
            answer = await connection.post(written(request, self._to, b""), _ANSWER_S)
        except ConnectionLost:
            self._seen.resets += 1
        else:
            self._seen.answered(request, answer)
        return True


async def unready(to: Address, seen: Seen) -> float:
    """Seconds from now until `/ready` is no longer 200, or nobody listens."""
    began = time.monotonic()
    while True:
        try:
            connection = await connect(to)
        except ConnectionLost:
            return time.monotonic() - began
        try:
            answer = await connection.post(written(_READY, to, b"").replace(b"POST", b"GET", 1), _ANSWER_S)
        except ConnectionLost:
            seen.resets += 1
            return time.monotonic() - began
        connection.close()
        if answer.status != 200:
            return time.monotonic() - began
        await asyncio.sleep(_LOOK_S)


async def stop_under_load(
    house: House, program: str, requests: Iterator[Request], rate: float, after_s: float, seen: Seen
) -> None:
    """Calls at `rate` requests a second, SIGTERM after so long, and all that comes of it."""
    to = address(house.url)
    await answers(house.url, "/ready", BEGIN_S, lambda: time.time_ns() // 1000)
    callers = [Caller(to, seen, requests, CLIENTS / rate) for _ in range(CLIENTS)]
    calling = [asyncio.create_task(one.run()) for one in callers]
    await asyncio.sleep(after_s)
    for one in callers:
        one.told = True
    began = time.monotonic()
    os.kill(house.program.pid, signal.SIGTERM)
    gone = asyncio.create_task(asyncio.to_thread(house.program.wait))
    seen.unready.append(await unready(to, seen))
    await asyncio.wait([gone], timeout=_GONE_S)
    seen.out[program].append(time.monotonic() - began)
    seen.left += len(house.all())
    house.program.kill_all()
    await asyncio.gather(*calling)


def waiting(data: Path) -> int:
    """Segments in the journal of a program that has ended."""
    return sum(len(list((data / "journal").glob(f"*/*.{kind}"))) for kind in ("open", "sealed"))


def landed(data: Path) -> Counter[str]:
    """How often each message id stands in landing."""
    found: Counter[str] = Counter()
    for path in (data / "landing").glob("date=*/hour=*/*.parquet"):
        found.update(pq.ParquetFile(path).read(columns=["message_id"])["message_id"].to_pylist())
    return found


def leaving(times: int, rate: float, seed: int, clock: Callable[[], int], report: Report) -> Leaving:
    """Stop each program so often under load, then look for the acknowledged ids in landing."""
    seen, rng, stored = Seen(), Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="loadtest-leaving-") as folder:
        for program in PROGRAMS:
            data = Path(folder) / program
            data.mkdir()
            house = House(data, workers=WORKERS, program=program)
            key, shop = house.write_key(), Shop(seed=rng.randrange(1 << 30))
            requests = (request for _, request in load(shop, key, rate, clock(), rng, most=4))
            for number in range(times):
                with house:
                    after_s = 0.5 + 1.5 * rng.random()
                    asyncio.run(stop_under_load(house, program, requests, rate, after_s, seen))
                seen.unpublished += waiting(data)
                report(f"{program} {number + 1}/{times}: gone after {seen.out[program][-1]:.1f} s")
            stored += landed(data)
    not_taken = {str(status): seen.statuses[status] for status in sorted(seen.statuses) if status != 200}
    worst = {program: round(max(seen.out[program]), 2) for program in PROGRAMS}
    return Leaving(
        times * len(PROGRAMS), seen.statuses.total(), seen.resets, seen.early, not_taken,
        round(max(seen.unready), 3), worst, seen.left, seen.unpublished, len(seen.acked),
        len(seen.acked.keys() - stored.keys()), sum(stored[one] > sent for one, sent in seen.acked.items()),
    )  # fmt: skip
