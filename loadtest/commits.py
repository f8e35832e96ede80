"""What one commit of the writer costs, with the catalog in SQLite and in PostgreSQL, in turns."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from loadtest.postgres import PostgresServer
from sdk_contract.settings import Secret
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings

ROWS: Final = 5_000
WARM: Final = 3
DAY: Final = "2026-11-20"


class Commit(msgspec.Struct, frozen=True):
    """Medians of one transaction, milliseconds: of the wall, and of the writer's CPU."""

    wall_ms: float
    cpu_ms: float


def commits(rounds: int, folder: Path, server: PostgresServer) -> dict[str, Commit]:
    """Each round inserts 5,000 events and moves a cursor, on one catalog after the other."""
    address = {"sqlite": Secret(""), "postgres": Secret(server.create_database("commits"))}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in address}
    with ExitStack() as stack:
        lakes = {
            name: stack.enter_context(
                connect(
                    WarehouseSettings(data=str(folder / name), catalog=url, lake_threads=1), read_only=False
                )
            )
            for name, url in address.items()
        }
        for number in range(WARM + rounds):
            for name, lake in lakes.items():
                taken[name].append(_timed(partial(_commit, lake, number)))
    return {name: _medians(found[WARM:]) for name, found in taken.items()}


def _commit(lake: Lake, number: int) -> None:
    with lake.transaction():
        lake.execute(
            "INSERT INTO events (load_seq, message_id, event_day) "
            "SELECT ? + range, uuid()::VARCHAR, ?::DATE FROM range(?)",
            [number * ROWS, DAY, ROWS],
        )
        lake.execute("DELETE FROM cursors WHERE name = 'load'")
        lake.execute("INSERT INTO cursors VALUES ('load', ?, NULL, now())", [(number + 1) * ROWS])


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _medians(taken: list[tuple[float, float]]) -> Commit:
    walls, cpus = zip(*taken, strict=True)
    return Commit(round(median(walls) * 1e3, 1), round(median(cpus) * 1e3, 1))
