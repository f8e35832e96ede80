"""The sink, one for a data folder: `python -m collector.sink --data DIR`, started by the supervisor."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pyarrow as pa

from collector.child import STOPS
from collector.errors import CannotStart
from collector.files import Files, make_folder, take_lock
from collector.planned import PlannedVersions
from collector.publish import Publisher
from collector.rests import Report
from collector.settings import CollectorSettings, load
from sdk_contract.errors import SojournError
from warehouse import logs
from warehouse.enrich.devices import DeviceClocks
from warehouse.landing import Store, open_store
from warehouse.registry import Registry
from warehouse.rows import convert

POLL, ORPHANS, DRAIN, PATIENCE = 0.1, 1.0, 5.0, 1.0
GARBAGE, GARBAGE_EVERY = 1_000_000, 5.0


class Loop:
    """Steps the publisher until told to stop, then until all is landed, for `DRAIN` seconds at most."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.told = False
        self.woken = threading.Event()

    def stop(self, *_: object) -> None:
        """From a signal handler: it must not touch a lock that the interrupted code may hold."""
        self.told = True

    def run(self, publisher: Publisher) -> None:
        looked = sought = -ORPHANS
        while not self.told:
            if self.clock() - looked >= ORPHANS:
                publisher.adopt_orphans()
                looked = self.clock()
            if self.clock() - sought >= GARBAGE_EVERY:
                gc.collect()
                sought = self.clock()
            publisher.step()
            self.rest()
        self._drain(publisher)

    def _drain(self, publisher: Publisher) -> None:
        until = self.clock() + DRAIN
        publisher.adopt_orphans()
        while publisher.step() and self.clock() < until:
            self.rest()
        publisher.close()

    def rest(self) -> None:
        """Until a landing has ended, or a moment."""
        self.woken.wait(POLL)
        self.woken.clear()


def publisher_of(journal: Path, store: Store, registry: Registry, report: Report, loop: Loop) -> Publisher:
    """Who lands the segments under `journal`, by the plans that the registry knows."""
    to_rows = partial(convert, plans=PlannedVersions(registry, report), clocks=DeviceClocks())
    return Publisher(journal, store, registry, Files(), report, loop.clock, loop.woken.set, to_rows=to_rows)


def publish(settings: CollectorSettings, report: Report, now: Callable[[], int], loop: Loop) -> None:
    """The whole life of the sink. `now` gives µs UTC. Raises `CannotStart` and what the registry raises."""
    files = Files()
    try:
        make_folder(settings.journal, files)
    except OSError as problem:
        raise CannotStart(
            f"the journal {settings.journal} cannot be written: {problem.strerror}"
        ) from problem
    lock = take_lock(settings.journal / "sink.lock", "sink", PATIENCE)
    store = open_store(settings.landing_url)
    keep_memory()
    registry = Registry.open(settings.registry, now=now)
    try:
        loop.run(publisher_of(settings.journal, store, registry, report, loop))
    finally:
        registry.close()
        os.close(lock)


def keep_memory() -> None:
    """Makes memory cheap for a program that turns segments into rows, and does nothing else.

    Arrow's own allocator gives back to the system what the next segment needs again, at a page fault a page.
    Rows are short-lived tuples without cycles: to seek garbage among them costs a sixth of the time. The loop
    does so every few seconds: a request that a store did not take is a ring of errors and frames with the
    whole object in it, and an outage of hours would fill the memory with them.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE)
    pa.set_memory_pool(pa.system_memory_pool())


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code; ends at SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="collector.sink", description="Lands sealed journal segments.")
    parser.add_argument("--data", help="folder of all data (default: SOJOURN_DATA, else ./sojourn-data)")
    options = parser.parse_args(argv)
    log = logs.configure("sink")
    loop = Loop(time.monotonic)
    for number in STOPS:
        signal.signal(number, loop.stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    try:
        settings = load(os.environ, known=os.environ)
        chosen = msgspec.structs.replace(settings, data=options.data) if options.data else settings
        publish(
            chosen, lambda event, facts: log.warning(event, **facts), lambda: time.time_ns() // 1000, loop
        )
    except SojournError as problem:
        log.error("cannot start", error=str(problem))
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # a landing may hang on a store that does not answer; it is begun again at the next start
