"""One running door worker: what it opens, its once-a-second housekeeping, how it drains."""

import asyncio
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from socket import gethostname

import msgspec
from structlog.typing import FilteringBoundLogger

from collector.backlog import BacklogReader
from collector.buckets import Buckets
from collector.devices import Devices
from collector.errors import JournalUnavailable
from collector.files import Files, kept_damaged
from collector.gate import Gate, disk_of
from collector.geo import Geo, database
from collector.intake import Intake
from collector.journal import Journal
from collector.keyring import Keyring
from collector.latency import Latency
from collector.limits import SlowBodies
from collector.metrics import Counts, Metrics
from collector.pipeline import Parts
from collector.quarantine import Room
from collector.quota import Quota
from collector.recent import Recent
from collector.settings import CollectorSettings, node_name
from collector.shedding import BEAT, Cause, Queue, Shedding, Turns
from collector.tap import Follower, Tap
from collector.vaults import Vaults
from collector.visitor import visitors
from sdk_contract.dialects import Answer
from sdk_contract.dialects.known import DIALECTS
from sdk_contract.judging import BatchIds
from sdk_contract.peers import Peers, networks
from sdk_contract.privacy import Vault
from sdk_contract.verdicts import Unserved
from warehouse.behind import Behind, read_behind
from warehouse.counted import Counted, read_counted
from warehouse.registry import Registry
from warehouse.registry.destinations import Destination
from warehouse.rules import RuleBook

TICK_SECONDS = 1.0


class TimedFiles(Files):
    """Real files that tell how long each fdatasync took."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def fdatasync(self, descriptor: int) -> None:
        began = time.perf_counter()
        super().fdatasync(descriptor)
        self._counts.fsyncs.append(time.perf_counter() - began)


class Ready(msgspec.Struct, frozen=True):
    """Could an event be accepted and published now? `reasons` says why not."""

    ready: bool
    reasons: list[str]
    backlog_bytes: int
    oldest_unpublished_seconds: float
    drain_bytes_per_second: float
    fsync_p99_seconds: float = 0.0


class Door:
    """Everything behind the routes of a worker. `open` before use, `close` after; `now` gives µs UTC."""

    intake: Intake
    journal: Journal
    live_token: str
    peers: Peers
    _beating: asyncio.TimerHandle

    def __init__(
        self,
        settings: CollectorSettings,
        name: str,
        *,
        now: Callable[[], int],
        random: Callable[[int], bytes],
        log: FilteringBoundLogger,
        metrics: Metrics,
    ) -> None:
        self.settings, self.name, self.now, self.random, self.log = settings, name, now, random, log
        self.metrics, self.counts = metrics, Counts()
        self.gate = Gate(settings.backlog_limit, settings.disk_watermark, settings.inflight_bytes)
        self._backlog = BacklogReader(settings.journal)
        self.slow = SlowBodies(settings.body_seconds)
        self.queue = Queue(settings.queue_seconds, settings.inflight_bytes, time.monotonic)
        self.connections: Collection[object] = ()
        self.leaving = False
        self.latency = Latency()
        self.vaults = Vaults(settings.secrets, now, random)
        book = RuleBook(self.vaults.vault, lambda text: log.error("rule not used", why=text))
        self.keyring = Keyring(lambda: Registry.open(settings.registry, now=now), book.build)
        self.geo = Geo(
            database(settings.geo, settings.run), lambda text: log.error("places not read", why=text)
        )
        self.tap = Tap(lambda: Follower(settings.journal, DIALECTS), settings.live_buffer)
        self._thread = ThreadPoolExecutor(1, "housekeeping")
        self.books: Counted | None = None
        self.behind: Behind | None = None
        self.alerts: dict[tuple[str, str], int] = {}
        self.destinations: list[Destination] = []
        self.damaged = 0
        self._ticking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Reads the keys, takes the journal. SojournError or OSError says what is in the way."""
        settings, loop = self.settings, asyncio.get_running_loop()
        self.peers = Peers(networks(settings.trusted_proxies))
        trimmed = await loop.run_in_executor(self._thread, self._read_registry)
        self.journal = Journal.open(
            settings.journal / self.name, node_name(settings, gethostname()), self.name, self.now,
            TimedFiles(self.counts), trimmed=trimmed,
            segment_bytes=settings.segment_bytes, segment_age=settings.segment_age, queue=self.queue,
        )  # fmt: skip
        self.quota = Quota(settings.key_rate, Buckets(settings.quotas), time.monotonic)
        room = settings.quarantine_bytes // settings.workers
        self.shedding = Shedding(self.queue, Turns(time.monotonic, time.thread_time), self._chance)
        self._beat()
        devices = Devices(settings.device_rate, settings.devices, time.monotonic, self.random)
        parts = Parts(
            settings, self.keyring, self.journal, self.gate, self.quota, devices, self.shedding, self.slow,
            self.counts, self.peers, self.geo, visitors(settings), Recent(), Room(room),
            BatchIds(self.random), self.vault, self.report, self.now, loop.time,
        )  # fmt: skip
        self.intake = Intake(parts, self.fail)
        self._ticking = asyncio.ensure_future(self._tick())

    def _read_registry(self) -> str | None:
        self.keyring.refresh()
        self.geo.refresh()
        self.live_token = self.keyring.registry.secret_setting("live_token")
        return self.keyring.registry.trimmed().get(self.name)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(self._thread, self._look)
            except Exception as error:  # a busy registry must not end the housekeeping
                self.log.warning("housekeeping failed", error=str(error))
            self.slow.sweep(loop.time())
            self._weigh()
            self.latency.add(self.counts.fsyncs, loop.time())
            self.metrics.flush(self.counts)
            self.metrics.levels(self.gate.inflight, self.gate.backlog.size, self.oldest_seconds())
            self.metrics.books(self.books, self.now())
            self.metrics.lags(self.behind, self.now())
            self.metrics.watched(self.alerts)
            self.metrics.destinations(self.destinations, self.now())
            self.metrics.damaged.set(self.damaged)
            await asyncio.sleep(TICK_SECONDS)

    def _beat(self) -> None:
        self.shedding.turns.beat()
        self._beating = asyncio.get_running_loop().call_later(BEAT, self._beat)

    def _weigh(self) -> None:
        """How much is asked of this worker, from what it counted since the last time."""
        requests, turns = self.counts.requests, self.shedding.turns
        served = sum(number for (_, outcome), number in requests.items() if outcome == "accepted")
        self.shedding.measure(served, self.counts.shed.total())
        self.metrics.pressure(self.queue.wait, turns.latest, len(self.connections))
        self.metrics.debts(self.quota.debts())
        turns.latest = 0.0

    def turned_away(self) -> int:
        """Counts a connection too many; the seconds after which it may come again."""
        self.counts.shed[Cause.CONNECTIONS.value] += 1
        return self.shedding.retry_after()

    def _chance(self) -> float:
        return int.from_bytes(self.random(4)) / (1 << 32)

    def _look(self) -> None:
        """First the disk: a registry or a key that cannot be read must not hide that it fills up."""
        self.gate.measure(self._backlog.read(), disk_of(self.settings.folder), self.now())
        self.keyring.refresh(anyway=self.vaults.refresh())
        self.geo.refresh()
        self.books = read_counted(self.keyring.registry)
        self.behind = read_behind(self.keyring.registry)
        self.alerts = self.keyring.registry.open_alerts()
        self.destinations = self.keyring.registry.destinations()
        self.damaged = kept_damaged(self.settings.journal)

    def oldest_seconds(self) -> float:
        oldest = self.gate.backlog.oldest
        return 0.0 if oldest is None else max(0.0, self.now() / 1e6 - oldest / 1e3)

    async def ready(self) -> Ready:
        """Looks now: writes to the journal's disk, reads the backlog."""
        age, reasons = self.oldest_seconds(), []
        if self.leaving:
            reasons.append("the collector is stopping")
        if self.gate.full:
            reasons.append(self.gate.full)
        if age > self.settings.unpublished_age:
            reasons.append(f"the oldest unpublished segment is {age:.0f} s old")
        p99, limit = self.latency.p99, self.settings.fsync_limit
        if p99 > limit:
            reasons.append(
                f"the journal's disk takes {p99:.2f} s at p99 of the last minute; the limit is {limit:g} s"
            )
        try:
            await self.journal.probe()
        except JournalUnavailable as error:
            reasons.append(str(error))
        return Ready(
            not reasons,
            reasons,
            self.gate.backlog.size,
            round(age, 3),
            round(self.gate.drain_rate),
            round(p99, 4),
        )

    async def vault(self) -> Vault:
        """The keys that hash and encrypt; the first to ask waits until they are read."""
        if self.vaults.opened:
            return self.vaults.vault()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.vaults.vault)

    def report(self, error: Exception) -> str:
        """Logs an unexpected error once; returns the id under which it is found."""
        name = self.random(6).hex()
        self.log.error("unexpected error", id=name, exc_info=error)
        return name

    def fail(self, error: Exception) -> Answer:
        """Logs an unexpected error, and gives the client its id instead of a traceback."""
        name = self.report(error)
        body = {
            "success": False,
            "reason": Unserved.UNEXPECTED,
            "error": f"unexpected error {name}; it is in the log",
        }
        return Answer(500, msgspec.json.encode(body))

    def count_refused(self, reason: str) -> None:
        """For what the server refused before it was a request."""
        self.counts.refused[reason] += 1

    @property
    def draining(self) -> bool:
        return self.gate.draining

    def leave(self) -> None:
        """Not ready from now on, and every answer is the last of its connection."""
        self.leaving = True
        self.tap.close()

    def drain(self) -> None:
        """New requests are refused from now on, those in flight are answered."""
        self.leave()
        self.gate.draining = True

    async def close(self) -> None:
        """Seals the journal; what was acknowledged is in it."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._beating.cancel()
        await self.journal.close()
        self.metrics.flush(self.counts)
        self._thread.shutdown(wait=False)
