"""`freshness`: how long after its 200 an event is in SQL and on its timeline, with a large past behind it."""

import asyncio
import math
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from loadtest.demo import request, windows
from loadtest.drive import Ack, Client, answers
from loadtest.history import Past, copy_data, write_past
from loadtest.house import House
from loadtest.processes import wait_until
from loadtest.traffic import Shop
from loadtest.visits import Message, iso
from loadtest.wire import Request, basic
from sdk_contract.errors import Transient
from warehouse.errors import LakeMissing
from warehouse.lake import Lake
from warehouse.timeline import timeline

PROBE: Final = "Freshness Probe"
PROBE_EVERY_US: Final = 500_000
LOOK_EVERY_S: Final = 0.2
WINDOW_US: Final = 20_000
GRACE_S: Final = 60.0
REST_S: Final = 12.0
LOAD_S: Final = 3600.0
REUSE_US: Final = 12 * 3_600_000_000
Clock = Callable[[], int]
Report = Callable[[str], None]


class Probe(msgspec.Struct):
    """A marked event of a device of its own. Times in µs UTC; None: not yet."""

    number: int
    anonymous_id: str
    acked_at: int
    load_seq: int | None = None
    sql_at: int | None = None
    timeline_at: int | None = None


class Freshness(msgspec.Struct, frozen=True):
    """What the command prints: events/s acknowledged, events before, seconds from 200 to seen, cores used."""

    rate: float
    history: int
    sql_p50_s: float
    sql_p99_s: float
    timeline_p50_s: float
    timeline_p99_s: float
    cores: float


class Watcher:
    """Looks at the lake over connections of its own until every probe was seen in SQL and on its timeline.

    The two questions have a thread each: a timeline takes longer to ask for than a row.
    """

    def __init__(self, lake: Lake, clock: Clock) -> None:
        self._sql, self._timelines, self._clock = lake.cursor(), lake.cursor(), clock
        self._probes: dict[str, Probe] = {}
        self._waiting: deque[Probe] = deque()
        self._seen_seq = _cursor(self._sql, "load")
        self.ended = threading.Event()

    def add(self, probe: Probe) -> None:
        self._probes[probe.anonymous_id] = probe

    @property
    def probes(self) -> list[Probe]:
        return list(self._probes.values())

    def run(self) -> None:
        """Look until `ended` is set and nothing is outstanding, or the grace is over."""
        with ThreadPoolExecutor(2) as pool:
            for done in [
                pool.submit(self._repeat, look) for look in (self.look_at_sql, self.look_at_timelines)
            ]:
                done.result()

    def _repeat(self, look: Callable[[], None]) -> None:
        give_up_at = math.inf
        while time.monotonic() < give_up_at:
            look()
            if self.ended.is_set():
                if all(probe.timeline_at for probe in self.probes):
                    return
                give_up_at = min(give_up_at, time.monotonic() + GRACE_S)
            time.sleep(LOOK_EVERY_S)

    def look_at_sql(self) -> None:
        """Which probes came into `events` since the last look."""
        newest = _cursor(self._sql, "load")
        if newest > self._seen_seq:
            sql = (
                "SELECT anonymous_id, load_seq FROM events WHERE load_seq > ? AND load_seq <= ? AND event = ?"
            )
            found = self._sql.query(sql, [self._seen_seq, newest, PROBE])
            self._seen_in_sql(dict(found), self._clock())
            self._seen_seq = newest

    def look_at_timelines(self) -> None:
        """Asks for the timelines of the probes that the cursor says may be ready, the oldest first."""
        stitched = _cursor(self._timelines, "stitch") if self._waiting else -1
        for probe in [probe for probe in list(self._waiting) if (probe.load_seq or 0) <= stitched]:
            if self._on_timeline(probe):
                probe.timeline_at = self._clock()
                self._waiting.remove(probe)

    def _seen_in_sql(self, found: dict[str, int], at: int) -> None:
        for anonymous_id, load_seq in sorted(found.items(), key=lambda item: item[1]):
            if (probe := self._probes.get(anonymous_id)) is not None:
                probe.sql_at, probe.load_seq = at, load_seq
                self._waiting.append(probe)

    def _on_timeline(self, probe: Probe) -> bool:
        found = timeline(self._timelines, probe.anonymous_id)
        return found is not None and any(
            event.message_id == probe.anonymous_id for session in found.sessions for event in session.events
        )


def _cursor(lake: Lake, name: str) -> int:
    rows = lake.query("SELECT load_seq FROM cursors WHERE name = ?", [name])
    return int(rows[0][0]) if rows else -1


def prepared(rows: int, work: Path, clock: Clock, report: Report) -> Path:
    """A data folder with the past loaded and stitched by Sojourn itself; a recent one is used again."""
    folder = work / f"history-{rows}"
    mark = folder.with_suffix(".json")
    if mark.exists() and clock() - msgspec.json.decode(mark.read_bytes(), type=Past).end < REUSE_US:
        report(f"history: using {folder}")
        return folder
    mark.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    past = Past(rows, clock())
    write_past(folder, past, report)
    with House(folder) as house:
        wait_loaded(house, rows, report)
        wait_tidy(house, report)
    mark.write_bytes(msgspec.json.encode(past))
    return folder


def wait_loaded(house: House, rows: int, report: Report) -> None:
    """Until `rows` events are in the lake and stitched."""
    told = [0.0]

    def stitched() -> bool:
        house.program.require()
        try:
            with house.lake() as lake:
                found = dict(lake.query("SELECT name, load_seq FROM cursors"))
                events = lake.query("SELECT count(*) FROM events")[0][0]
        except (Transient, LakeMissing):
            return False
        if time.monotonic() - told[0] > 10:
            told[0] = time.monotonic()
            report(f"history: {events:,} of {rows:,} events in the lake, cursors {found}")
        return bool(events >= rows and found.get("load") == found.get("stitch"))

    wait_until("the history to be loaded and stitched", stitched, LOAD_S, every_s=1.0)


def wait_tidy(house: House, report: Report) -> None:
    """Until upkeep has come to rest, as it has where ten million events took days to arrive."""
    seen: list[tuple[int, float]] = []

    def at_rest() -> bool:
        with house.lake() as lake:
            seen.append((lake.snapshot(), time.monotonic()))
        since = next(at for snapshot, at in seen if snapshot == seen[-1][0])
        return seen[-1][1] - since >= REST_S

    report("history: waiting for upkeep to come to rest")
    wait_until("upkeep to come to rest", at_rest, LOAD_S, every_s=1.0)


def probe_request(number: int, run: str, at: int) -> Request:
    device = f"probe-{run}-{number:06d}"
    event = {
        "type": "track",
        "event": PROBE,
        "messageId": device,
        "anonymousId": device,
        "timestamp": iso(at // 1000),
        "properties": {"number": number},
        "context": {"library": {"name": "loadtest", "version": "1"}},
    }
    return request([Message(at, device, msgspec.json.encode(event))], at)


def schedule(shop: Shop, rate: float, since: int) -> Iterator[tuple[int, Request]]:
    for at, batch in windows(shop.live(since, rate), WINDOW_US):
        yield at, request(batch, at)


async def drive(
    house: House, rate: float, minutes: float, watcher: Watcher, clock: Clock, report: Report
) -> tuple[float, float]:
    """The load and the probes for `minutes`; events acknowledged a second, and cores that Sojourn used."""
    shop = Shop(customers=Past(1, 0).devices)
    since = clock() + int((15 + rate / 40) * 1e6)
    load = schedule(shop, rate, since)
    first = await asyncio.to_thread(next, load)
    until = since + int(minutes * 60e6)
    async with Client(house.url, clock=clock, connections=16, headers=basic(house.write_key())) as client:
        _, cores, *_ = await asyncio.gather(
            client.pace(chain([first], load), until=until),
            _cores(house, since, until, clock),
            send_probes(client, watcher, f"{since:x}", since, until, clock),
            _progress(watcher, since, until, clock, report),
        )
        if client.refused:
            report(f"{len(client.refused)} requests were refused, the first: {client.refused[0]}")
        return sum(len(ack.request.ids) for ack in client.acked) / (minutes * 60), cores


async def _cores(house: House, since: int, until: int, clock: Clock) -> float:
    """CPU seconds of all processes of Sojourn for each second between the two times."""
    await asyncio.sleep(max(0, since - clock()) / 1e6)
    began, before = clock(), house.program.cpu()
    await asyncio.sleep(max(0, until - clock()) / 1e6)
    return house.program.cpu().since(before) / ((clock() - began) / 1e6)


async def send_probes(
    client: Client, watcher: Watcher, run: str, since: int, until: int, clock: Clock
) -> None:
    """A marked event twice a second; the watcher is told of each that was acknowledged."""
    for number, at in enumerate(range(since, until, PROBE_EVERY_US)):
        await asyncio.sleep(max(0, at - clock()) / 1e6)
        answer = await client.send(probe_request(number, run, clock()))
        if isinstance(answer, Ack):
            watcher.add(Probe(number, answer.request.ids[0], answer.answered_at))


async def _progress(watcher: Watcher, since: int, until: int, clock: Clock, report: Report) -> None:
    for at in range(since, until, 15_000_000):
        await asyncio.sleep(max(0, at - clock()) / 1e6)
        probes = watcher.probes
        seen = [probe.timeline_at - probe.acked_at for probe in probes if probe.timeline_at]
        p99 = quantile(seen, 0.99) / 1e6
        report(f"{(at - since) / 1e6:.0f} s: {len(probes)} probes, timeline p99 {p99:.2f} s")


def quantile(values: list[int], part: float) -> float:
    """The smallest value that `part` of all do not exceed; infinity where there is none."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)] if values else math.inf


def freshness(minutes: float, rate: float, rows: int, work: Path, clock: Clock, report: Report) -> Freshness:
    """Measure on a copy of the prepared folder. A probe that was never seen counts as infinitely late."""
    source = prepared(rows, work, clock, report)
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=work) as folder:
        data = Path(folder) / "data"
        copy_data(source, data)
        with House(data) as house:
            asyncio.run(answers(house.url, "/health", 60.0, clock))
            wait_loaded(house, rows, report)
            return _measured(house, minutes, rate, rows, clock, report)


def _measured(
    house: House, minutes: float, rate: float, rows: int, clock: Clock, report: Report
) -> Freshness:
    with house.lake() as lake, ThreadPoolExecutor(1) as pool:
        watcher = Watcher(lake, clock)
        watching = pool.submit(watcher.run)
        try:
            acked, cores = asyncio.run(drive(house, rate, minutes, watcher, clock, report))
        finally:
            watcher.ended.set()
        watching.result()
    return figures(watcher.probes, acked, rows, cores)


def figures(probes: list[Probe], acked: float, rows: int, cores: float) -> Freshness:
    sql = [_waited(probe.acked_at, probe.sql_at) for probe in probes]
    shown = [_waited(probe.acked_at, probe.timeline_at) for probe in probes]

    def seconds(values: list[int], part: float) -> float:
        return round(quantile(values, part) / 1e6, 3)

    return Freshness(
        rate=round(acked, 1),
        history=rows,
        sql_p50_s=seconds(sql, 0.5),
        sql_p99_s=seconds(sql, 0.99),
        timeline_p50_s=seconds(shown, 0.5),
        timeline_p99_s=seconds(shown, 0.99),
        cores=round(cores, 3),
    )


def _waited(acked_at: int, seen_at: int | None) -> int:
    return 1 << 60 if seen_at is None else max(0, seen_at - acked_at)
