"""`imports`: a CRM's customers from a file, how fast, the same file again, and killed on the way."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtest.errors import ProgramFailed
from loadtest.processes import sojourn
from warehouse.balance import balance
from warehouse.imports.running import index_path
from warehouse.landing import open_store
from warehouse.parquet import read_rows
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

Clock = Callable[[], int]
Report = Callable[[str], None]
HEADER: Final = "客户编号,姓名,邮箱,手机号,等级,城市,更新时间\n"
_MAPPING: Final = "--time-zone=Asia/Shanghai"
_CITIES: Final = ("上海", "北京", "广州", "成都")


class Imported(msgspec.Struct, frozen=True):
    """What the command prints. `seconds` and `cpu_seconds` are of the first import of all rows, `again` the
    rows that the same file changed when it came again; the rest is of one that was killed `kills` times, of
    whose rows the last run found `kept` done.
    """

    rows: int
    seconds: float
    cpu_seconds: float
    again: int
    again_seconds: float
    kills: int
    kept: int
    missing: int
    doubled: int
    difference: int


def crm(rows: int, seed: int) -> str:
    """A CRM's export, as text."""
    dice = random.Random(seed)
    lines = (
        f"{10_000_000 + row},客户{row},user{row}@example.com,138{row:08d},{dice.randrange(7)},"
        f"{dice.choice(_CITIES)},2026-{1 + row % 11:02d}-{1 + row % 28:02d} 10:{row % 60:02d}:00\n"
        for row in range(rows)
    )
    return HEADER + "".join(lines)


def imports(rows: int, kills: int, seed: int, work: Path, now: Clock, report: Report) -> Imported:
    """Import a file, import it again, and import another folder's with kills. ProgramFailed."""
    with tempfile.TemporaryDirectory(dir=_made(work)) as folder:
        return _imports(rows, kills, seed, Path(folder), now, report)


def _imports(rows: int, kills: int, seed: int, work: Path, now: Clock, report: Report) -> Imported:
    file = work / "crm.csv"
    file.write_text(crm(rows, seed), "utf-8")
    whole = work / "whole"
    make_folder(whole, now)
    report(f"{rows:,} rows of {file.stat().st_size >> 20} MiB")
    before, began = _cpu(), time.monotonic()
    run_once(whole, file)
    seconds, cpu = time.monotonic() - began, _cpu() - before
    began = time.monotonic()
    again = run_once(whole, file)
    again_seconds = time.monotonic() - began
    report(f"imported in {seconds:.1f} s; again in {again_seconds:.1f} s")
    broken = work / "broken"
    make_folder(broken, now)
    done, kept = killed(broken, file, kills, seconds, random.Random(seed))
    ids = landed(broken)
    report(f"killed {done} times")
    return Imported(
        rows=rows, seconds=round(seconds, 2), cpu_seconds=round(cpu, 2),
        again=again["new"] + again["changed"], again_seconds=round(again_seconds, 2),
        kills=done, kept=kept, missing=rows - len(set(ids)),
        doubled=len(ids) - len(set(ids)), difference=_difference(broken, now),
    )  # fmt: skip


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def make_folder(data: Path, now: Clock) -> None:
    """A data folder with a write key."""
    registry = Registry.open(data / "registry.sqlite", now=now)
    registry.create_key("shop")
    registry.close()


def run_once(data: Path, file: Path) -> dict[str, Any]:
    """Import a file to its end; what came of it."""
    done = subprocess.run(_command(data, file), capture_output=True, check=False)
    if done.returncode:
        raise ProgramFailed(f"sojourn import failed: {done.stderr.decode()[-500:]}")
    found: dict[str, Any] = msgspec.json.decode(done.stdout)
    return found


def killed(data: Path, file: Path, kills: int, seconds: float, dice: random.Random) -> tuple[int, int]:
    """Import a file, killed with all its programs, and then to its end: how often it was killed, and how many
    rows the last run found done.

    Every second kill comes soon after a block was done, so that there is progress however late a machine is;
    the others come at any time, also while the file is still looked at.
    """
    done = 0
    for at in range(kills):
        before = _progress(data)
        program = subprocess.Popen(
            _command(data, file), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while at % 2 == 0 and program.poll() is None and _progress(data) == before:
            time.sleep(0.02)
        try:
            program.wait(dice.uniform(0.02, 0.3) * max(seconds, 2.0) / (10 if at % 2 == 0 else 1))
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
            done += 1
    kept = _progress(data)
    run_once(data, file)
    return done, kept


def _progress(data: Path) -> int:
    """Rows of imports that are done, as their index has them."""
    path = index_path(WarehouseSettings(data=str(data)).folders.imports)
    if not path.is_file():
        return 0
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as con:
        try:
            ((rows,),) = con.execute("SELECT coalesce(sum(counts ->> '$.rows'), 0) FROM progress")
            return int(rows)
        except sqlite3.OperationalError:  # its tables are being made
            return 0


def landed(data: Path) -> list[str]:
    """The message ids of everything in landing."""
    store = open_store(str(data / "landing"))
    found: list[str] = []
    for one in store.list():
        found += read_rows(store.get(one.key), ["message_id"]).column("message_id").to_pylist()
    return found


def _difference(data: Path, now: Clock) -> int:
    settings = WarehouseSettings(data=str(data))
    registry = Registry.open(settings.folders.registry, now=now)
    try:
        store = open_store(settings.landing_url)
        return balance(None, store, registry, settings.folders.journal).total.difference
    finally:
        registry.close()


def _command(data: Path, file: Path) -> list[str]:
    return [*sojourn("import"), "customers", str(file), f"--data={data}", _MAPPING, "--json"]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
