"""The whole of Sojourn, started as a user starts it and ended as a user ends it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from loadtest.site import site_of
from warehouse.errors import LakeMissing
from warehouse.lake import Lake, connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

T = TypeVar("T")
STOP_S, ARRIVE_S = 60, 60


class Running:
    """A running `sojourn up`: its addresses, and what its users see."""

    def __init__(self, data: Path, welcome: dict[str, str]) -> None:
        self.data = data
        self.collector, self.console = welcome["collector"], welcome["console"]
        self.write_key = welcome["write_key"]
        self.welcome = welcome

    def sojourn(self, *arguments: str) -> Any:
        """What a command prints with --json; None where it refuses."""
        command = [sys.executable, "-m", "collector.command", *arguments, "--data", str(self.data), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def key(self, project: str, **policies: Any) -> str:
        """A new write key that the collector knows."""
        registry = Registry.open(self.data / "registry.sqlite", now=lambda: time.time_ns() // 1000)
        secret = registry.create_key(project, **policies).secret
        registry.close()
        eventually(lambda: self._greeted(secret), lambda code: code != 401)
        return secret

    def keys(self, projects: Collection[str]) -> dict[str, str]:
        """A new write key of each project, all known to the collector."""
        registry = Registry.open(self.data / "registry.sqlite", now=lambda: time.time_ns() // 1000)
        found = {project: registry.create_key(project).secret for project in projects}
        registry.close()
        eventually(
            lambda: {self._greeted(secret) for secret in found.values()}, lambda codes: 401 not in codes
        )
        return found

    def _greeted(self, secret: str) -> int:
        return httpx.post(f"{self.collector}/v1/batch", auth=(secret, "")).status_code

    def of_projects(self, projects: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        """The rows of `events` that these projects have now."""
        found: dict[str, list[dict[str, Any]]] = {project: [] for project in projects}
        marks = ", ".join("?" * len(found))
        with suppress(LakeMissing), self._lake() as lake:
            for row in lake.records(f"SELECT * FROM events WHERE project IN ({marks})", [*found]):
                found[row["project"]].append(row)
        return found

    def timeline(self, any_id: str, message_ids: Collection[str]) -> dict[str, Any]:
        """What `sojourn timeline` tells, once it shows these messages; asked when they are stitched."""
        marks = ", ".join("?" * len(message_ids))
        sql = f"SELECT 1 FROM events, cursors WHERE message_id IN ({marks}) AND cursors.name = 'stitch'"
        self.found(f"{sql} AND events.load_seq <= cursors.load_seq", [*message_ids], len(message_ids))
        found: dict[str, Any] | None = eventually(
            lambda: self.sojourn("timeline", any_id),
            lambda told: told is not None and set(message_ids) <= shown(told).keys(),
        )
        assert found
        return found

    def rows(self, message_ids: list[str]) -> dict[str, dict[str, Any]]:
        """The rows of `events` by message id, once all of them are there."""
        marks = ", ".join("?" * len(message_ids))
        sql = f"SELECT * FROM events WHERE message_id IN ({marks})"
        return {row["message_id"]: row for row in self.found(sql, message_ids, len(message_ids))}

    def found(self, sql: str, values: Sequence[Any], number: int) -> list[dict[str, Any]]:
        """What a query finds, once it finds that many rows."""
        with self._lake() as lake:
            return eventually(lambda: lake.records(sql, values), lambda rows: len(rows) >= number)

    def _lake(self) -> Lake:
        lake = eventually(self._opened, lambda lake: lake is not None)
        assert lake is not None
        return lake

    def _opened(self) -> Lake | None:
        with suppress(LakeMissing):
            return connect(WarehouseSettings(data=str(self.data)), read_only=True)
        return None


def shown(timeline: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The events of a timeline by message id."""
    return {event["message_id"]: event for session in timeline["sessions"] for event in session["events"]}


def eventually(look: Callable[[], T], there: Callable[[T], bool]) -> T:
    """What `look` sees as soon as it is `there`; the lake has no event that one could wait for."""
    until, pause = time.monotonic() + ARRIVE_S, 0.1
    while not there(seen := look()):
        assert time.monotonic() < until, f"not there after {ARRIVE_S} s; last seen: {seen!r}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.6)  # who looks all the time holds up what is looked for
    return seen


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Running]:
    """`sojourn up` on free ports over a fresh folder; Ctrl-C must end it, with exit code 0."""
    folder = tmp_path_factory.mktemp("up")
    data = folder / "sojourn-data"
    ports = ["--port", str(free_port()), "--console-port", str(free_port())]
    command = [sys.executable, "-m", "collector.command", "up", "--data", str(data), *ports, "--json"]
    with (folder / "log").open("w") as log:
        program = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,
            env={**os.environ, "SOJOURN_CONSOLE_OPEN": "true"},
        )
        try:
            yield Running(data, welcome(program, folder / "log"))
            program.send_signal(signal.SIGINT)
            code = program.wait(timeout=STOP_S)
            assert code == 0, (folder / "log").read_text()
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
            program.communicate()


def welcome(program: "subprocess.Popen[str]", log: Path) -> dict[str, str]:
    """What `up` prints when everything runs."""
    assert program.stdout
    line = program.stdout.readline()
    assert line, log.read_text()
    found: dict[str, str] = json.loads(line)
    return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder served as another site, and its address."""
    with site_of(tmp_path) as address:
        yield tmp_path, address
