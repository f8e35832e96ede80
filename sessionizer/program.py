"""`sojourn sessionize`: opens the writer, runs the job in its one thread, ends within 4 s of SIGTERM."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import duckdb

from sdk_contract.errors import Terminal, Transient
from sessionizer.job import Job
from sessionizer.logs import Report
from sessionizer.settings import SessionizerSettings
from sessionizer.steps import Step
from sessionizer.visits.presets import chosen as preset_to_keep
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings
from warehouse.writer import Writer, from_landing, open_writer

PATIENCE_S = 1.5
LAST_S = 3.7
UNFINISHED = 75
LOOK_S = 0.1


class Program:
    """One life of the writer. `stop` may be set by anyone at any time."""

    def __init__(
        self,
        settings: SessionizerSettings,
        lake: WarehouseSettings,
        *,
        now: Callable[[], int],
        report: Report,
    ) -> None:
        self.settings, self.lake, self.now, self.report = settings, lake, now, report
        self.stop = threading.Event()
        self._job: Job | None = None
        self._error: BaseException | None = None
        self._closing = False

    def run(self) -> None:
        """Until stopped; raises what ended the job otherwise."""
        thread = threading.Thread(target=self._work, name="writer", daemon=True)
        thread.start()
        self.stop.wait()
        self._end(thread)
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        registry = Registry.open(self.lake.folders.registry, now=self.now)
        try:
            self._live(registry)
        except duckdb.InterruptException:  # by `_end`
            self.report("warning", "stopped in the middle; the next start looks after it", {})
        except BaseException as error:  # it is raised again in the main thread
            self._error = error
        finally:
            registry.close()
            self.stop.set()

    def _live(self, registry: Registry) -> None:
        job = self._begun(registry)
        if job is None:
            return
        self.report("info", "ready", {"data": self.lake.data, "mended_files": job.writer.mended.files})
        job.run()
        self._closing = True
        try:
            job.close()
        except (duckdb.Error, Transient) as error:
            what = " ".join(str(error).split())
            self.report("warning", "stopped without a clean mark; the next start looks", {"error": what})
        else:
            self.report("info", "stopped", {})

    def _begun(self, registry: Registry) -> Job | None:
        """The job, once the catalog answers; None where we are stopped before. A Terminal error is raised."""
        step = Step("open", partial(self._begin, registry), self.report, self.now, fatal=(Terminal,))
        while not (self.stop.is_set() or step.attempt()):
            self.stop.wait(LOOK_S)
        return self._job

    def _begin(self, registry: Registry) -> bool:
        opening = partial(self._open, registry)
        anew = partial(self._open_anew, registry)
        self._job = Job(
            opening, anew, registry, self.settings, now=self.now, report=self.report, stop=self.stop
        )
        return True

    def _open(self, registry: Registry, progress: Callable[[int, int], None]) -> Writer:
        return open_writer(self.lake, registry, now=self.now, progress=progress)

    def _open_anew(self, registry: Registry, progress: Callable[[int, int], None]) -> Writer:
        return from_landing(self.lake, registry, now=self.now, progress=progress)

    def _end(self, thread: threading.Thread) -> None:
        """Let the step end, or break off its statement, which undoes the step, or leave as a kill would."""
        thread.join(PATIENCE_S)
        for _ in range(int((LAST_S - PATIENCE_S) / 0.1)):
            if not thread.is_alive():
                return
            if self._job is not None and not self._closing:
                with suppress(duckdb.ConnectionException):  # it was closed at this very moment
                    self._job.writer.lake.con.interrupt()
            thread.join(0.1)
        if thread.is_alive():
            self.report("warning", "stopped in the middle; the next start looks after it", {})
            os._exit(UNFINISHED)


def run(
    settings: SessionizerSettings, lake: WarehouseSettings, *, now: Callable[[], int], report: Report
) -> None:
    """Run until SIGTERM or SIGINT. Raises LakeLocked where another writer runs, BadRules of the settings."""
    preset_to_keep(settings.session_rules)
    program = Program(settings, lake, now=now, report=report)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: program.stop.set())
    program.run()
