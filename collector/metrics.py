"""What the door counts: plain integers on the hot path, carried to Prometheus once a second."""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client import Counter as Total

from sdk_contract.verdicts import Judgement
from warehouse.behind import Behind
from warehouse.counted import Counted
from warehouse.registry.alerts import ALIVE, SEVERITIES
from warehouse.registry.destinations import Destination

FSYNC_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Counts:
    """Plain integers of one worker. Labels come from closed lists, never from a request."""

    __slots__ = ("body_bytes", "events", "fsyncs", "quarantined", "refused", "requests", "shed")

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[str] = Counter()
        self.shed: Counter[str] = Counter()
        self.quarantined: Counter[tuple[str, str]] = Counter()
        self.events: Counter[tuple[str, str]] = Counter()
        self.body_bytes = 0
        self.fsyncs: deque[float] = deque()

    def add(self, events: int, judgements: Sequence[Judgement]) -> None:
        """Counts the events of one request: plain ok but for those judged."""
        self.events["ok", ""] += events - len(judgements)
        for one in judgements:
            self.events[one.verdict.value, one.reason.value if one.reason else ""] += 1


class Metrics:
    """The Prometheus side of `Counts`, kept in `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = _total("requests", "Requests by dialect and outcome.", registry, "dialect", "outcome")
        self.refused = _total("refused_requests", "Requests refused whole, by reason.", registry, "reason")
        text = "Requests turned away because there was too much of something, by what it was."
        self.shed = _total("shed_requests", text, registry, "cause")
        text = "Bodies that could not be read, by reason and whether there was room to keep them."
        self.quarantined = _total("quarantined", text, registry, "reason", "outcome")
        self.events = _total("events", "Events by verdict and reason.", registry, "verdict", "reason")
        self.body_bytes = _total("body_bytes", "Bytes of request bodies as received.", registry)
        text = "Time of one journal fdatasync."
        self.fsync = Histogram("sojourn_fsync_seconds", text, buckets=FSYNC_SECONDS, registry=registry)
        self.inflight = _gauge("inflight_bytes", "Bytes of requests being handled.", "livesum", registry)
        text = "Time that a request would wait for the journal now."
        self.wait = _gauge("journal_wait_seconds", text, "livemax", registry)
        text = "How late the event loop was at worst in the last second."
        self.late = _gauge("loop_late_seconds", text, "livemax", registry)
        text = "Write keys that are over their quota, as the worker that knows most of them sees it."
        self.over_quota = _gauge("keys_over_quota", text, "livemax", registry)
        text = "The longest time that a write key over its quota has to wait."
        self.debt = _gauge("quota_debt_seconds", text, "livemax", registry)
        self.connections = _gauge("connections", "Open connections.", "livesum", registry)
        self.backlog = _gauge("journal_backlog_bytes", "Journal not yet published.", "livemax", registry)
        self.oldest = _gauge("oldest_unpublished_seconds", "Age of the oldest segment.", "livemax", registry)
        text = "Journal segments that had lost something, kept in damaged/ of the data folder."
        self.damaged = _gauge("damaged_segments", text, "livemax", registry)
        text = "Events of the last hours by term of the books, as counted last."
        self.terms = Gauge(
            "sojourn_books_events", text, ("term",),
            multiprocess_mode="livemostrecent", registry=registry,
        )  # fmt: skip
        text = "Events by which keys and hours of the books do not close; must be 0."
        self.difference = _gauge("books_difference", text, "livemostrecent", registry)
        text = "Time since the books were counted; infinite before the first time."
        self.counted = _gauge("books_age_seconds", text, "livemostrecent", registry)

        text = "Time since the writer said how far it is; infinite before the first time."
        self.said = _gauge("writer_age_seconds", text, "livemostrecent", registry)
        text = "Landing objects that are not in the lake."
        self.unloaded = _gauge("unloaded_objects", text, "livemostrecent", registry)
        text = "Time since the oldest of these objects landed; 0 where there is none."
        self.unloaded_age = _gauge("unloaded_age_seconds", text, "livemostrecent", registry)
        text = "Rows that are in the lake and not stitched."
        self.unstitched = _gauge("unstitched_rows", text, "livemostrecent", registry)
        text = "Age of the moment until which everything received is loaded, is stitched."
        self.complete = Gauge(
            "sojourn_complete_age_seconds", text, ("stage",),
            multiprocess_mode="livemostrecent", registry=registry,
        )  # fmt: skip

        text = "Alerts of watches that are not closed, by severity and whether somebody looks after them."
        self.alerts = Gauge(
            "sojourn_open_alerts", text, ("severity", "state"),
            multiprocess_mode="livemostrecent", registry=registry,
        )  # fmt: skip

        text = "Time since everything received was in a destination; infinite before the first time."
        self.late_there = Gauge(
            "sojourn_destination_lag_seconds", text, ("destination",),
            multiprocess_mode="livemostrecent", registry=registry,
        )  # fmt: skip
        text = "Runs in a row that a destination did not take; 0 while it is well, or removed."
        self.failed_there = Gauge(
            "sojourn_destination_failures", text, ("destination",),
            multiprocess_mode="livemostrecent", registry=registry,
        )  # fmt: skip
        self._known_there: set[str] = set()

    def flush(self, counts: Counts) -> None:
        """Moves what was counted since the last flush."""
        requests, counts.requests = counts.requests, Counter()
        for (dialect, outcome), number in requests.items():
            self.requests.labels(dialect, outcome).inc(number)
        refused, counts.refused = counts.refused, Counter()
        for reason, number in refused.items():
            self.refused.labels(reason).inc(number)
        shed, counts.shed = counts.shed, Counter()
        for cause, number in shed.items():
            self.shed.labels(cause).inc(number)
        quarantined, counts.quarantined = counts.quarantined, Counter()
        for (reason, outcome), number in quarantined.items():
            self.quarantined.labels(reason, outcome).inc(number)
        events, counts.events = counts.events, Counter()
        for (verdict, reason), number in events.items():
            self.events.labels(verdict, reason).inc(number)
        self.body_bytes.inc(counts.body_bytes)
        counts.body_bytes = 0
        while counts.fsyncs:
            self.fsync.observe(counts.fsyncs.popleft())

    def levels(self, inflight: int, backlog: int, oldest_seconds: float) -> None:
        self.inflight.set(inflight)
        self.backlog.set(backlog)
        self.oldest.set(oldest_seconds)

    def pressure(self, wait_seconds: float, late_seconds: float, connections: int) -> None:
        self.wait.set(wait_seconds)
        self.late.set(late_seconds)
        self.connections.set(connections)

    def debts(self, debts: Sequence[float]) -> None:
        """Seconds that each write key over its quota has to wait."""
        self.over_quota.set(len(debts))
        self.debt.set(max(debts, default=0.0))

    def books(self, counted: Counted | None, now: int) -> None:
        """The books as they were counted last; `now` in µs UTC."""
        if counted is None:
            self.counted.set(inf)
            return
        for term, events in counted.terms.items():
            self.terms.labels(term).set(events)
        self.difference.set(counted.difference)
        self.counted.set(_since(counted.at, now))

    def lags(self, behind: Behind | None, now: int) -> None:
        """How far the writer was behind when it last said so; `now` in µs UTC."""
        said = behind or Behind(0)
        self.said.set(_since(None if behind is None else behind.at, now))
        self.unloaded.set(said.objects)
        self.unloaded_age.set(_since(now if said.oldest is None else said.oldest, now))
        self.unstitched.set(said.rows)
        for stage, until in (("load", said.loaded_until), ("stitch", said.stitched_until)):
            self.complete.labels(stage).set(_since(until, now))

    def watched(self, alerts: Mapping[tuple[str, str], int]) -> None:
        """How many alerts are not closed, by severity and state; of others there are none."""
        for severity in SEVERITIES:
            for state in ALIVE:
                self.alerts.labels(severity, state).set(alerts.get((severity, state), 0))

    def destinations(self, found: Sequence[Destination], now: int) -> None:
        """How destinations are; `now` in µs UTC."""
        for gone in self._known_there - {one.name for one in found}:
            self.late_there.labels(gone).set(0)
            self.failed_there.labels(gone).set(0)
        for one in found:
            self.late_there.labels(one.name).set(_since(one.state.complete_until, now))
            self.failed_there.labels(one.name).set(one.state.failures)
        self._known_there |= {one.name for one in found}


def _since(moment: int | None, now: int) -> float:
    """Seconds between two moments (µs UTC); infinite since one that has not been."""
    return inf if moment is None else max(0.0, (now - moment) / 1e6)


def _total(name: str, text: str, registry: CollectorRegistry, *labels: str) -> Total:
    return Total(f"sojourn_{name}", text, labels, registry=registry)


def _gauge(name: str, text: str, mode: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(f"sojourn_{name}", text, multiprocess_mode=mode, registry=registry)  # type: ignore[arg-type]


def drop_dead(folder: Path, alive: Callable[[int], bool]) -> None:
    """Removes the live levels of workers that fell: a number of a dead process is no level."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not alive(int(pid)):
            path.unlink(missing_ok=True)


def exposition(registry: CollectorRegistry, folder: Path | None) -> bytes:
    """The text for a Prometheus server: of all workers where `folder` is given, else of `registry`."""
    if folder is None:
        return generate_latest(registry)
    everyone = CollectorRegistry()
    multiprocess.MultiProcessCollector(everyone, path=str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(everyone)
