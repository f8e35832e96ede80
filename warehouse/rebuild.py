"""A lake made anew from landing, in the order in which the old one was loaded, so that its tables come out equal.

The order is written down (lake/rebuild.json) before the old lake is moved aside; a writer that finds it goes on with it, so
that a rebuild that was killed ends like one that was not.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import duckdb
import msgspec

from warehouse.arrivals import is_object, not_loaded
from warehouse.dedup import DedupIndex
from warehouse.errors import LakeError, LakeMissing
from warehouse.lake import Lake, connect, lock_writer
from warehouse.landed import Landed, read_object
from warehouse.landing import Store
from warehouse.load import first_free, load_objects
from warehouse.mark import sync
from warehouse.settings import Folders, WarehouseSettings

Progress = Callable[[int, int], None]


def set_aside(settings: WarehouseSettings, store: Store) -> int:
    """Write down the order of landing and move the old lake to lake/before; returns the number of objects.

    The next writer loads them. The writer must be stopped: LakeLocked while one runs.
    """
    folders = settings.folders
    folders.lake.mkdir(parents=True, exist_ok=True)
    lock = lock_writer(folders.writer_lock)
    try:
        if not folders.order.exists():
            write_order(folders, order_of(settings, store))
        _move(folders)
        return len(read_order(folders))
    finally:
        os.close(lock)


def order_of(settings: WarehouseSettings, store: Store) -> list[str]:
    """Every object of landing: those the old lake knows in its order, then the others by key."""
    listed = {info.key for info in store.list() if is_object(info.key)}
    recorded = [key for key in _recorded(settings) if key in listed]
    return recorded + sorted(listed.difference(recorded))


def read_order(folders: Folders) -> list[str]:
    """The order that a rebuild is to follow; empty when there is none."""
    with suppress(FileNotFoundError):
        return msgspec.json.decode(folders.order.read_bytes(), type=list[str])
    return []


def write_order(folders: Folders, keys: Sequence[str]) -> None:
    aside = folders.order.with_suffix(".new")
    aside.write_bytes(msgspec.json.encode(keys))
    sync(aside)
    os.replace(aside, folders.order)
    sync(folders.lake)


def replay(
    lake: Lake, store: Store, dedup: DedupIndex, folders: Folders, *, limit: int, now: Callable[[], int],
    progress: Progress,
) -> None:  # fmt: skip
    """Load what a rebuild has not loaded yet, in its order. `progress` is told the objects done and all of them."""
    order = read_order(folders)
    missing = not_loaded(lake, order) if order else set()
    todo = [key for key in order if key in missing]
    done = len(order) - len(todo)
    for objects in _batches(store, todo, dedup, limit):
        load_objects(lake, dedup, objects, now(), None)
        done += len(objects)
        progress(done, len(order))
    folders.order.unlink(missing_ok=True)


def _batches(store: Store, keys: Sequence[str], dedup: DedupIndex, limit: int) -> Iterator[list[Landed]]:
    """Objects of about `limit` rows together; each batch is loaded before the next is read."""
    objects: list[Landed] = []
    first = dedup.covered + 1
    for key in keys:
        objects.append(Landed(key, first_free(objects, first), read_object(store, key)))
        if first_free(objects, first) - first >= limit:
            yield objects
            objects, first = [], dedup.covered + 1
    if objects:
        yield objects


def _recorded(settings: WarehouseSettings) -> list[str]:
    """The old lake's order, or nothing where its catalog cannot be read."""
    try:
        with connect(settings, read_only=True) as lake:
            return [key for (key,) in lake.query("SELECT key FROM objects ORDER BY first_load_seq")]
    except (LakeMissing, LakeError, duckdb.Error):
        return []


def _move(folders: Folders) -> None:
    """The catalog goes first: without it the rest is no lake to anybody."""
    if not folders.catalog.exists():
        return
    shutil.rmtree(folders.before, ignore_errors=True)
    folders.before.mkdir()
    kept = {folders.writer_lock.name, folders.order.name, folders.before.name}
    names = sorted(
        (entry.name for entry in folders.lake.iterdir() if entry.name not in kept),
        key=lambda name: not name.startswith(folders.catalog.name),
    )
    for name in names:
        os.replace(folders.lake / name, folders.before / name)
    sync(folders.lake)
