"""A lake made anew from landing, in the order in which the old one was loaded, so that its tables come out
equal.

The order is written down (lake/rebuild.json) before the old lake is moved aside; a writer that finds it goes
on with it, so that a rebuild that was killed ends like one that was not.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress

import duckdb
import msgspec

from warehouse.arrivals import is_object, not_loaded
from warehouse.catalogs import Catalog, catalog_of
from warehouse.dedup import DedupIndex
from warehouse.durable import replace_durably
from warehouse.errors import LakeError, LakeMissing
from warehouse.lake import Lake, connect, lock_writer
from warehouse.landed import Landed, read_object
from warehouse.landing import Store
from warehouse.load import first_free, is_apart, load_objects
from warehouse.replayed import in_order
from warehouse.settings import Folders, WarehouseSettings

Progress = Callable[[int, int], None]


class Order(msgspec.Struct, frozen=True):
    """What a rebuild loads, in this order; `moved`: the old lake is out of the way."""

    keys: list[str] = []
    moved: bool = False


def set_aside(settings: WarehouseSettings, store: Store) -> int:
    """Write down the order of landing and move the old lake to lake/before; returns the number of objects.

    The next writer loads them. The writer must be stopped: LakeLocked while one runs.
    """
    folders = settings.folders
    folders.lake.mkdir(parents=True, exist_ok=True)
    with closing(catalog_of(settings)) as catalog, closing(lock_writer(settings, catalog)):
        catalog.prepare()
        write_order(folders, Order(order_of(settings, store)))
        finish_move(folders, catalog)
        return len(read_order(folders).keys)


def order_of(settings: WarehouseSettings, store: Store) -> list[str]:
    """Every object of landing: those the old lake knows in its order, then by key, replays last."""
    listed = {info.key for info in store.list() if is_object(info.key)}
    unfinished = read_order(settings.folders).keys
    recorded = [key for key in unfinished or _recorded(settings) if key in listed]
    return recorded + sorted(listed.difference(recorded), key=in_order)


def read_order(folders: Folders) -> Order:
    """The order that a rebuild is to follow; an empty one when there is none."""
    with suppress(FileNotFoundError):
        return msgspec.json.decode(folders.order.read_bytes(), type=Order)
    return Order(moved=True)


def write_order(folders: Folders, order: Order) -> None:
    """Write the order down, durably."""
    replace_durably(folders.order, msgspec.json.encode(order))


def finish_move(folders: Folders, catalog: Catalog) -> None:
    """Move the old lake to lake/before where a rebuild asks for it. Call it under the writer's lock."""
    order = read_order(folders)
    if order.moved:
        return
    catalog.set_aside()
    staying = (folders.writer_lock, folders.catalog_owner, folders.order, folders.before)
    kept = {path.name for path in staying}
    shutil.rmtree(folders.before, ignore_errors=True)
    folders.before.mkdir()
    for entry in sorted(folders.lake.iterdir()):
        if entry.name not in kept:
            os.replace(entry, folders.before / entry.name)
    write_order(folders, Order(order.keys, moved=True))


def replay(
    lake: Lake, store: Store, dedup: DedupIndex, folders: Folders, *, limit: int, now: Callable[[], int],
    progress: Progress,
) -> None:  # fmt: skip
    """Load what a rebuild has not loaded yet, in its order.

    `progress` is told the objects done and all of them.
    """
    order = read_order(folders).keys
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
        if first_free(objects, first) - first >= limit or is_apart(objects, key):
            yield objects
            objects, first = [], dedup.covered + 1
        objects.append(Landed(key, first_free(objects, first), read_object(store, key)))
    if objects:
        yield objects


def _recorded(settings: WarehouseSettings) -> list[str]:
    """The old lake's order, or nothing where its catalog cannot be read."""
    try:
        with connect(settings, read_only=True) as lake:
            return [key for (key,) in lake.query("SELECT key FROM objects ORDER BY first_load_seq")]
    except (LakeMissing, LakeError, duckdb.Error):
        return []
