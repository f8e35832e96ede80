"""A copy of what cannot be made anew: the registry and the lake's catalog, taken while everything runs.

Landing is the truth about events and lies where its owner keeps it. Registry and catalog need not be of one
moment: a restore counts again what landed after the copy, and the writer loads what the catalog lacks. Where
the lake's files are gone too, the catalog is of no use: the writer makes the lake anew from landing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pyarrow.compute as pc

from warehouse.arrivals import is_object
from warehouse.catalogs import Catalog, catalog_of
from warehouse.catalogs.postgres_copy import is_whole as is_whole_copy
from warehouse.catalogs.sqlite import copy_database, is_whole_database, replace_database
from warehouse.durable import replace_durably
from warehouse.errors import BadBackup, RegistryError
from warehouse.lake import lock_writer
from warehouse.landing import Store, segment_of
from warehouse.parquet import read_rows
from warehouse.registry import Registry
from warehouse.registry.erasures import Graves
from warehouse.segments import HOUR_US, Tally, split_segment_id
from warehouse.settings import Folders, WarehouseSettings

FORMAT = "sojourn-backup-1"
MANIFEST = "backup.json"
REGISTRY = "registry.sqlite"


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds: bytes by file. `made_at` is µs UTC."""

    format: str
    made_at: int
    files: dict[str, int]


class Restored(msgspec.Struct, frozen=True):
    """What a restore did: files put back, and landed segments counted that the registry did not know.

    `tombstones`: ids of people who were erased after the backup was taken, and stay out.
    """

    files: list[str]
    segments: int
    events: int
    tombstones: int = 0


def back_up(settings: WarehouseSettings, target: Path, made_at: int) -> Manifest:
    """Copy registry and catalog into a new folder. Call it in a program that has not attached the lake.

    Raises BadBackup where `target` is there already or holds something else.
    """
    if target.exists() and any(target.iterdir()):
        raise BadBackup(f"{target} is not empty; give a folder that is not there yet")
    target.mkdir(parents=True, exist_ok=True)
    sizes = {}
    registry = settings.folders.registry
    if registry.is_file():
        sizes[REGISTRY] = copy_database(registry, target / REGISTRY)
    with closing(catalog_of(settings)) as catalog:
        if size := catalog.copy_to(target / catalog.backup_name):
            sizes[catalog.backup_name] = size
    manifest = Manifest(FORMAT, made_at, sizes)
    replace_durably(target / MANIFEST, msgspec.json.encode(manifest))
    return manifest


def read_manifest(source: Path) -> Manifest:
    """The manifest of a backup whose files are whole. Raises BadBackup."""
    try:
        manifest = msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise BadBackup(f"{source} is no backup: {error}; `sojourn backup` makes one") from None
    if manifest.format != FORMAT:
        raise BadBackup(f"{source} is of format {manifest.format!r}; this program reads {FORMAT}")
    for name, size in manifest.files.items():
        path = source / name
        if not path.is_file() or path.stat().st_size != size or not _WHOLE[path.suffix](path):
            raise BadBackup(f"{path} is not what the backup wrote; take another backup")
    return manifest


def restore(
    source: Path, settings: WarehouseSettings, store: Store, now: Callable[[], int], *, replace: bool = False
) -> Restored:
    """Put a backup into a data folder that no program uses. `replace`: also where there is a registry.

    What landed since the backup is counted as received, and the next writer loads it and reads every file of
    the lake whole. Raises BadBackup, LakeLocked.
    """
    manifest, folders = read_manifest(source), settings.folders
    if folders.registry.exists() and not replace:
        raise BadBackup(f"{folders.registry} is there; --replace puts the backup in its place")
    folders.lake.mkdir(parents=True, exist_ok=True)
    with closing(catalog_of(settings)) as catalog, _all_stopped(settings, catalog):
        files = [name for name in manifest.files if name in _useful(folders, catalog)]
        graves, stones = _graves(folders.registry, now), 0
        if REGISTRY in files:
            replace_database(source / REGISTRY, folders.registry)
            with closing(Registry.open(folders.registry, now=now)) as registry:
                stones = registry.take_over(graves)
        if stones and catalog.backup_name in files:
            files.remove(catalog.backup_name)  # it tells of people who were erased since
        if catalog.backup_name in files:
            catalog.put_back(source / catalog.backup_name)
        shutil.rmtree(folders.dedup, ignore_errors=True)
        folders.clean_mark.unlink(missing_ok=True)
    registry = Registry.open(folders.registry, now=now)
    try:
        segments, events = count_landed(store, registry)
    finally:
        registry.close()
    return Restored(sorted(files), segments, events, stones)


def _graves(registry: Path, now: Callable[[], int]) -> Graves:
    """What keeps the erased out of this data folder; nothing where its registry cannot be read."""
    if not registry.is_file():
        return {}
    try:
        with closing(Registry.open(registry, now=now)) as there:
            return there.graves()
    except (RegistryError, sqlite3.Error):
        return {}


def count_landed(store: Store, registry: Registry) -> tuple[int, int]:
    """Count what landed and the registry does not know as received; returns segments and events."""
    trimmed = registry.trimmed()
    waiting: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for info in store.list():
        if is_object(info.key):
            segment = segment_of(info.key)
            worker = split_segment_id(segment)[0]
            if segment > trimmed.get(worker, ""):
                waiting[worker].append((segment, info.key))
    segments = events = 0
    for worker, found in waiting.items():
        for segment, key in sorted(found):
            tally = tally_of(store.get(key))
            registry.tally_segment(worker, segment, tally)
            segments, events = segments + 1, events + sum(entry.events for entry in tally)
    return segments, events


def tally_of(parquet: bytes) -> list[Tally]:
    """What a landing object says was received, by write key and hour; key 0 where damage took the key."""
    table = read_rows(parquet)
    if "replayed_at" in table.column_names:  # counted when it first came
        table = table.filter(pc.is_null(table["replayed_at"]))
    hours = pc.divide(table["received_at"].cast("int64"), HOUR_US).to_pylist()
    found = Counter(zip(pc.fill_null(table["key_no"], 0).to_pylist(), hours, strict=True))
    return [Tally(key_no, hour, events) for (key_no, hour), events in sorted(found.items())]


def _useful(folders: Folders, catalog: Catalog) -> Sequence[str]:
    return (REGISTRY, catalog.backup_name) if folders.lake_data.is_dir() else (REGISTRY,)


@contextmanager
def _all_stopped(settings: WarehouseSettings, catalog: Catalog) -> Iterator[None]:
    """Holds the locks of all programs of a data folder; BadBackup or LakeLocked where one runs."""
    folders, held = settings.folders, list[int]()
    lock = lock_writer(settings, catalog)
    try:
        for path in (folders.root / "up.lock", folders.journal / "collect.lock"):
            if path.exists():
                held.append(os.open(path, os.O_RDWR))
                try:
                    fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise BadBackup(f"a program runs on {folders.root} ({path} is locked); stop it") from None
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
        lock.close()


_WHOLE = {".sqlite": is_whole_database, ".zip": is_whole_copy}
