"""`erase`: many people at once are erased from a large past, and what that costs.

The past lies in landing and lake, sessions and customers stitched, all of it in large transactions. Then the
people are filed, and the running writer erases them in one pass.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from loadtest.history import Past, write_past
from loadtest.house import House
from loadtest.processes import Program, cpu_parts, role, run, sojourn, wait_until
from loadtest.stitching.month import load
from warehouse.erasure.filing import file_erasure
from warehouse.erasure.people import ERASE
from warehouse.erasure.subject import find_subject
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.secrets import Secrets
from warehouse.upkeep import file_shapes

END: Final = 1_795_262_400_000_000  # 2026-11-21T12:00Z
LIMIT_S: Final = 3_600.0
Report = Callable[[str], None]


class Erased(msgspec.Struct, frozen=True):
    """What the command prints. `files` is how many files of events the lake had, `rewritten` how many of all
    its files were written anew; CPU seconds are of the writer alone, its start included, and of its searches.
    """

    events: int
    people: int
    rows: int
    objects: int
    files: int
    rewritten: int
    looks: int
    seconds: float
    writer_cpu_s: float
    look_cpu_s: float
    difference: int
    held: bool


def erase(events: int, people: int, work: Path | None, report: Report) -> Erased:
    """Write a past, erase `people` of it, and count. The folder is removed afterwards."""
    root = Path(tempfile.mkdtemp(prefix="loadtest-erase-", dir=work))
    try:
        return _erase(root, events, people, report)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _erase(root: Path, events: int, people: int, report: Report) -> Erased:
    data = root / "data"
    data.mkdir()
    write_past(data, Past(rows=events, end=END, devices=max(events // 50, people * 2)), report)
    load(data, events, _now, report)
    run(sojourn("rebuild", "--json"), {"SOJOURN_DATA": str(data)}, within_s=LIMIT_S)
    report("the past is loaded and stitched")
    house = House(data, variables={"SOJOURN_ERASE_GRACE": "0", "SOJOURN_COMMANDS_EVERY": "0.2"})
    with _writer(house, root):
        wait_until("the roll-up to be filled", lambda: _is_filled(house, events), LIMIT_S, every_s=1.0)
    return _measured(house, root, events, people, report)


def _writer(house: House, root: Path) -> Program:
    variables = {**house.variables, "SOJOURN_DATA": str(house.data)}
    return Program(sojourn("sessionize"), mark=root.name, log=root / "log", variables=variables)


def _is_filled(house: House, events: int) -> bool:
    with house.lake() as lake:
        at = dict(lake.query("SELECT name, load_seq FROM cursors"))
    return bool(at.get("rollup", 0) >= events)


def _measured(house: House, root: Path, events: int, people: int, report: Report) -> Erased:
    """All are filed before a writer is there, or it would begin with the first of them alone."""
    registry = Registry.open(house.data / "registry.sqlite", now=_now)
    with house.lake() as lake:
        files = len([shape for shape in file_shapes(lake) if shape.table == "events"])
        _file(lake, registry, house.data, people)
    report(f"{people} people are filed")

    def is_done() -> bool:
        return all(one.done_at is not None for one in registry.erasures())

    began = time.monotonic()
    with _writer(house, root) as writer:
        wait_until("everybody to be erased", is_done, LIMIT_S, every_s=0.2)
        spent, seconds = _cpu(writer), time.monotonic() - began
    counts = registry.erasures()[0].counts
    registry.close()
    books = house.check()
    own, looks = (round(cpu, 1) for cpu in spent)
    return Erased(
        events, people, counts.get("erased", 0), counts.get("objects", 0), files, counts.get("files", 0),
        counts["looks"], round(seconds, 1), own, looks, books.difference,
        held=books.difference == 0 and books.filtered == counts.get("erased", 0) > 0,
    )  # fmt: skip


def _file(lake: Lake, registry: Registry, data: Path, people: int) -> None:
    vault = Secrets.open(data / "secrets", _now, os.urandom).vault()
    ((until,),) = lake.query("SELECT load_seq FROM cursors WHERE name = 'load'")
    chosen = lake.query("SELECT customer_id FROM customers ORDER BY hash(customer_id) LIMIT ?", [people])
    for (customer,) in chosen:
        subject = find_subject(lake, customer)
        file_erasure(registry, vault, subject, mode=ERASE, reason="asked", by="loadtest", load_seq=until)


def _now() -> int:
    """µs UTC."""
    return time.time_ns() // 1000


def _cpu(writer: Program) -> tuple[float, float]:
    """CPU seconds of the writer, and of the searches it waited for."""
    (found,) = [process for process in writer.all() if role(process) == "sessionize"]
    return cpu_parts(found)
