"""`sojourn sessionize` as a program: it starts, ends on SIGTERM with nothing half done, is never two."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sessionizer.program import Program
from sessionizer.settings import SessionizerSettings
from tests.warehouse.lakes import NOON, SECOND, Site, event
from warehouse.errors import LakeLocked
from warehouse.mark import read_mark

CHILD = "from sessionizer.cli import sessionize; sessionize()"


@contextmanager
def running(data: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """The program as a child; it is killed at the end where it still runs."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, "--data", str(data)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def line(child: subprocess.Popen[str], event: str) -> dict[str, Any]:
    """The first line from now on that reports `event`."""
    assert child.stderr
    for text in child.stderr:
        said: dict[str, Any] = json.loads(text)
        if said["event"] == event:
            return said
    raise AssertionError(f"the program ended without saying {event!r}")


def test_a_life(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.land([event("a", user_id="lin"), event("b", timestamp=NOON - 3600 * SECOND)])
    with running(tmp_path) as child:
        assert line(child, "ready")["program"] == "sessionize"
        assert line(child, "stitched")["sessions"] == 2
        child.send_signal(signal.SIGTERM)
        line(child, "stopped")
        assert child.wait() == 0
    assert read_mark(site.settings.folders.clean_mark).clean
    with site.reader() as lake:
        assert lake.query("SELECT load_seq FROM cursors WHERE name = 'stitch'") == [(2,)]


def test_a_kill_in_between_loses_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.land([event("a")])
    with running(tmp_path) as child:
        line(child, "loaded")
        child.kill()
    site.land([event("b")])
    with running(tmp_path, SOJOURN_STITCH_EVERY="0") as child:
        while line(child, "stitched")["until"] != 2:
            pass
    with site.reader() as lake:
        assert lake.query("SELECT sum(events) FROM sessions") == [(2,)]


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.writer(), pytest.raises(LakeLocked, match="another program writes this lake"):
        program(site).run()


def program(site: Site, lines: list[str] | None = None) -> Program:
    def report(level: str, event: str, fields: Mapping[str, object]) -> None:
        if lines is not None:
            lines.append(event)

    settings = SessionizerSettings(data=site.settings.data)
    return Program(settings, site.settings, now=site.now, report=report)


def test_a_fault_of_ours_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    site = Site(tmp_path)
    site.land([event("a")])
    monkeypatch.setattr("sessionizer.job.stitch", fault)
    with pytest.raises(ZeroDivisionError):
        program(site).run()


ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c WHERE a <> b"


def test_a_long_statement_is_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping during a statement that would never end: the run is undone, and the program ends by itself."""
    site, lines, begun = Site(tmp_path), list[str](), threading.Event()
    site.land([event("a")])
    life = program(site, lines)

    def endless(lake: Any, **_: Callable[[], int]) -> None:
        with lake.transaction():
            lake.execute("DELETE FROM objects")
            begun.set()
            lake.execute(
                "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c WHERE a <> b"
            )

    monkeypatch.setattr("sessionizer.job.stitch", endless)
    monkeypatch.setattr("sessionizer.program.PATIENCE_S", 0.01)

    def stop() -> None:
        begun.wait()
        life.stop.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    life.run()
    stopper.join()
    assert begun.is_set()
    with site.reader() as lake:
        assert lake.query("SELECT count(*) FROM objects") == [(1,)]
        assert lake.query("SELECT count(*) FROM sessions") == [(0,)]
    assert lines[-1] in ("stopped", "stopped in the middle; the next start looks after it")
    with pytest.raises(duckdb.Error):
        life._job.writer.lake.query("SELECT 1")  # type: ignore[union-attr]
