"""`publish`: the lake's tables kept in PostgreSQL: how fast, and whether they are the same after kills."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import msgspec

from loadtest.arms import Arms
from loadtest.errors import ProgramFailed
from loadtest.history import copy_data
from loadtest.postgres import PASSWORD, PostgresServer
from loadtest.processes import sojourn
from loadtest.stitching.month import prepared
from loadtest.timelines import stitched
from warehouse.extensions import load_extensions
from warehouse.lake import Lake, connect
from warehouse.publish import Choice
from warehouse.publish.selecting import select
from warehouse.publish.tables import TABLES
from warehouse.settings import WarehouseSettings

Clock = Callable[[], int]
Report = Callable[[str], None]
_QUESTION: Final = ("insight", "pipeline", "--json")
_ROUNDS: Final = 3
_DEALS: Final = """
    INSERT INTO events
        (load_seq, project, subject_key, event_day, timestamp, message_id, type, event, library_name, context,
        extra, properties)
    SELECT
        -row_number() OVER (), project, any_value(identity_key), max(last_seen)::DATE, max(last_seen),
        'deal-' || customer_id, 'track', 'Deal Updated', 'sojourn-import',
        '{"import": {"kind": "deals", "source": "crm"}}',
        json_object('import', json_object('id', customer_id)),
        json_object('stage', 'stage ' || hash(customer_id) % 5, 'owner', 'li', 'amount', 10)
    FROM identities
    WHERE hash(customer_id) % 100 = 0 AND last_seen IS NOT NULL
    GROUP BY project, customer_id"""


class Published(msgspec.Struct, frozen=True):
    """What the command prints: the first run, one with nothing to do, and one after `changed_rows` visits and
    customers changed; then `kills` runs that were killed, and how many rows differ from the lake's after the
    last. Seconds by the clock, `cpu_s` of this program's children and so without PostgreSQL's.
    """

    rows: int
    first_s: float
    first_cpu_s: float
    again_s: float
    again_cpu_s: float
    changed_rows: int
    changed_s: float
    changed_cpu_s: float
    kills: int
    differs: int
    pipeline_s: float | None


class _Took(msgspec.Struct, frozen=True):
    seconds: float
    cpu_s: float
    told: Mapping[str, Any]


def publishing(events: int, kills: int, seed: int, work: Path, now: Clock, report: Report) -> Published:
    """Publish a month of so many events. ProgramFailed."""
    month = prepared(events, work, now, report)
    whole = stitched(month.whole, report)
    with tempfile.TemporaryDirectory(dir=work) as folder, PostgresServer(durable=True) as server:
        data = Path(folder) / "data"
        copy_data(whole, data)
        return _Trial(data, server, Random(seed), now, report).run(kills)


class _Trial:
    def __init__(self, data: Path, server: PostgresServer, rng: Random, now: Clock, report: Report) -> None:
        self._settings = WarehouseSettings(data=str(data))
        self._data, self._server, self._rng, self._now, self._report = data, server, rng, now, report
        server.create_database("bi")

    def run(self, kills: int) -> Published:
        self._deals()
        first = self._published()
        again = self._published()
        rows = sum(one["rows"] for one in first.told["tables"])
        changed_rows = self._change(1)
        changed = self._published()
        self._report(f"{rows:,} rows in {first.seconds:.1f} s, again in {again.seconds:.1f} s")
        done = sum(self._killed(number) for number in range(2, kills + 2))
        self._published()
        self._report(f"killed {done} times")
        return Published(
            rows=rows,
            first_s=first.seconds,
            first_cpu_s=first.cpu_s,
            again_s=again.seconds,
            again_cpu_s=again.cpu_s,
            changed_rows=changed_rows,
            changed_s=changed.seconds,
            changed_cpu_s=changed.cpu_s,
            kills=done,
            differs=self._differing(),
            pipeline_s=self._pipeline(),
        )

    def _deals(self) -> None:
        """A deal of every hundredth customer, in one of five stages, as imports leave them."""
        with closing(connect(self._settings, read_only=False)) as lake, lake.transaction():
            lake.execute(_DEALS)

    def _published(self) -> _Took:
        """One run to its end."""
        began, before = time.monotonic(), _cpu()
        done = subprocess.run(self._command(), capture_output=True, env=self._environment(), check=False)
        if done.returncode:
            raise ProgramFailed(f"sojourn publish failed: {done.stderr.decode()[-500:]}")
        seconds, cpu = time.monotonic() - began, _cpu() - before
        return _Took(round(seconds, 2), round(cpu, 2), msgspec.json.decode(done.stdout))

    def _killed(self, number: int) -> bool:
        """A run that is told to die at one of its steps, over a lake that has changed; whether it did."""
        self._change(number)
        with Arms(self._rng) as arms:
            arms.give("publish")
            environment = {**self._environment(), **arms.variables}
            done = subprocess.run(self._command(), capture_output=True, env=environment, check=False)
        if done.returncode not in (0, -signal.SIGKILL):
            raise ProgramFailed(f"sojourn publish failed: {done.stderr.decode()[-500:]}")
        return done.returncode == -signal.SIGKILL

    def _change(self, number: int) -> int:
        """Other numbers in each hundredth visit and customer, and some that are gone; how many rows."""
        some = f"hash({{key}}) % 100 = {number % 100}"
        with closing(connect(self._settings, read_only=False)) as lake, lake.transaction():
            (before,) = lake.query(f"SELECT count(*) FROM sessions WHERE {some.format(key='session_id')}")[0]
            (people,) = lake.query(f"SELECT count(*) FROM customers WHERE {some.format(key='customer_id')}")[
                0
            ]
            lake.execute(f"UPDATE sessions SET events = {number} WHERE {some.format(key='session_id')}")
            lake.execute(f"UPDATE customers SET events = {number} WHERE {some.format(key='customer_id')}")
            lake.execute(f"DELETE FROM sessions WHERE hash(session_id) % 10000 = {number}")
        return int(before + people)

    def _differing(self) -> int:
        """Rows that the lake has and PostgreSQL has not, and the other way round, of all tables."""
        place = f"host=127.0.0.1 port={self._server.port} dbname=bi user=sojourn password='{PASSWORD}'"
        with closing(connect(self._settings, read_only=True)) as lake:
            load_extensions(lake.con, "postgres_scanner")
            quoted = place.replace("'", "''")
            lake.execute(f"ATTACH '{quoted}' AS outside (TYPE postgres, READ_ONLY)")
            return sum(self._differing_of(lake, name) for name in self._tables(lake))

    def _differing_of(self, lake: Lake, name: str) -> int:
        (table,) = (one for one in TABLES if one.name == name)
        ours = select(table, Choice(), self._now())
        columns = [row[0] for row in lake.query(f"DESCRIBE ({ours})")]
        shown = ", ".join(f'"{column}"::VARCHAR AS "{column}"' for column in columns)
        here, there = f"SELECT {shown} FROM ({ours})", f"SELECT {shown} FROM outside.sojourn.{name}"
        found = lake.query(
            f"SELECT (SELECT count(*) FROM ({here} EXCEPT ALL {there})),"
            f" (SELECT count(*) FROM ({there} EXCEPT ALL {here}))"
        )
        return int(sum(found[0]))

    def _tables(self, lake: Lake) -> list[str]:
        return [name for (name,) in lake.query("SELECT table_name FROM outside.sojourn.published")]

    def _pipeline(self) -> float | None:
        """Seconds of the question about deals, the median of three; None where there are none."""
        took = []
        for _ in range(_ROUNDS):
            began = time.monotonic()
            command = [*sojourn(*_QUESTION), f"--data={self._data}"]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return None
            took.append(time.monotonic() - began)
        return round(median(took), 2)

    def _command(self) -> list[str]:
        return [*sojourn("publish"), f"--to={self._bare()}", f"--data={self._data}", "--once", "--json"]

    def _bare(self) -> str:
        return f"postgresql://sojourn@127.0.0.1:{self._server.port}/bi"

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PGPASSWORD": PASSWORD}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
