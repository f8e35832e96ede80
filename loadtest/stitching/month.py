"""A made-up month in the lake, loaded from landing by Sojourn itself, and its first half in another."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from loadtest.history import Past, copy_data, write_past
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings
from warehouse.writer import open_writer

DAYS: Final = 30
EVENTS_A_MONTH: Final = 50_000_000
EVENTS_A_DEVICE: Final = 25
REUSE_US: Final = 12 * 3_600_000_000
_LOAD_ROWS: Final = 1_000_000
Clock = Callable[[], int]
Report = Callable[[str], None]


class Month(msgspec.Struct, frozen=True):
    """Data folders: `half` has the first half of the events that `whole` has."""

    half: Path
    whole: Path
    past: Past


def prepared(rows: int, work: Path, clock: Clock, report: Report) -> Month:
    """The month of `rows` events, loaded and not stitched; fewer events, fewer days.

    A recent one is used again; one that was broken off is gone on with.
    """
    folder = work / f"month-{rows}"
    half, whole, mark = folder / "half", folder / "whole", folder / "past.json"
    past = _past(mark)
    if past is None or clock() - past.end > REUSE_US:
        shutil.rmtree(folder, ignore_errors=True)
        days = max(1, round(DAYS * rows / EVENTS_A_MONTH))
        past = Past(rows, clock(), devices=max(2, rows // EVENTS_A_DEVICE), days=days, kind="visitors")
        whole.mkdir(parents=True)
        write_past(whole, past, report)
        mark.write_bytes(msgspec.json.encode(past))
    if not half.is_dir():
        load(whole, rows // 2, clock, report)
        copy_data(whole, folder / "half-made")
        (folder / "half-made").rename(half)
    load(whole, rows, clock, report)
    return Month(half, whole, past)


def load(data: Path, rows: int, clock: Clock, report: Report) -> None:
    """Load landing until at least `rows` rows are in, and tidy up."""
    registry = Registry.open(data / "registry.sqlite", now=clock)
    settings = WarehouseSettings(data=str(data), load_rows=min(_LOAD_ROWS, max(1, rows // 2)))
    with open_writer(settings, registry, now=clock) as writer:
        while _loaded(writer.lake.query("SELECT load_seq FROM cursors WHERE name = 'load'")) < rows:
            done = writer.load()
            if not done.objects:
                break
            report(f"month: {done.last_load_seq or 0:,} of {rows:,} rows loaded")
        while writer.upkeep():
            pass
    registry.close()


def _loaded(rows: list[tuple[int]]) -> int:
    return rows[0][0] if rows else 0


def _past(mark: Path) -> Past | None:
    return msgspec.json.decode(mark.read_bytes(), type=Past) if mark.exists() else None
