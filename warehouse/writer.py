"""The one writer of a lake: opened under its lock, mended, and everything it needs to load and keep up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Self

from sdk_contract.privacy import Vault
from warehouse.arrivals import Arrivals, Left
from warehouse.catalogs import catalog_of
from warehouse.dedup import DedupIndex
from warehouse.erasure.gate import Gate
from warehouse.erasure.tombstones import Tombstones
from warehouse.errors import StoreUnavailable
from warehouse.lake import Lake, attach_writer, lock_writer
from warehouse.landing import Store, open_store
from warehouse.load import LoadReport, begin_cursor, fates_of, load_new, load_one
from warehouse.mark import Mark, read_mark, sync_files, write_mark
from warehouse.mend import Mended, mend
from warehouse.rebuild import Progress, finish_move, replay, set_aside
from warehouse.registry import Registry
from warehouse.secrets import Secrets
from warehouse.settings import WarehouseSettings
from warehouse.upkeep import Chore, Upkeep
from warehouse.verify import set_damage_aside, write_losses


class Writer:
    """Use it from one thread. `mended` says what the last stop had left damaged."""

    def __init__(
        self,
        settings: WarehouseSettings,
        lake: Lake,
        store: Store,
        dedup: DedupIndex,
        now: Callable[[], int],
        mended: Mended,
    ) -> None:
        self.lake = lake
        self.dedup = dedup
        self.mended = mended
        self._settings = settings
        self._store = store
        self._now = now
        self._arrivals = Arrivals(store, lake, now=now, sweep_every=settings.sweep_every)
        self._doubtful = False
        self._upkeep = Upkeep(
            lake, settings.folders.lake_data.absolute(), now=now, snapshot_keep=settings.snapshot_keep
        )
        self._mark = read_mark(settings.folders.clean_mark)
        self.mark(clean=False)

    def load(self) -> LoadReport:
        """Load what waits in landing, about `load_rows` rows of it, in one transaction."""
        if self._doubtful:
            self._look_again()
        try:
            return self._load()
        except StoreUnavailable:
            raise
        except BaseException:
            self._doubtful = True
            raise

    @property
    def lost(self) -> bool:
        """Whether another may write this lake now; this writer commits nothing any more."""
        return self.lake.lost

    @property
    def left(self) -> Left:
        """What of landing is not in the lake, by the last listing."""
        return self._arrivals.left

    @property
    def store(self) -> Store:
        return self._store

    @property
    def landing(self) -> Store:
        """Landing as it is, with whoever is not erased from it yet."""
        return self._store.behind if isinstance(self._store, Gate) else self._store

    @property
    def settings(self) -> WarehouseSettings:
        return self._settings

    def take(self, key: str) -> dict[str, int]:
        """Load this object now, alone and whatever waits, unless it is in; returns its rows by fate."""
        if self._doubtful:
            self._look_again()
        try:
            load_one(self.lake, self._store, self.dedup, key, now=self._now)
        except StoreUnavailable:
            raise
        except BaseException:
            self._doubtful = True
            raise
        self._arrivals.loaded([key])
        return fates_of(self.lake, key)

    def _load(self) -> LoadReport:
        return load_new(
            self.lake,
            self._store,
            self.dedup,
            limit=self._settings.load_rows,
            now=self._now,
            arrivals=self._arrivals,
            journal=self._settings.folders.journal,
        )

    def _look_again(self) -> None:
        """After an error nobody knows whether the lake committed: what is kept in memory is read anew."""
        self.dedup = DedupIndex.open(self._settings.folders.dedup, self.lake)
        self._arrivals = Arrivals(
            self._store, self.lake, now=self._now, sweep_every=self._settings.sweep_every
        )
        self._doubtful = False

    def upkeep(self) -> list[Chore]:
        """One slice of upkeep. Call it when nothing waits to be loaded."""
        self.lake.require_lock()
        done = self._upkeep.step(self.dedup, self._settings.upkeep_slice)
        due = self._now() - self._mark.at >= self._settings.mark_every * 1e6
        # Rows that left the catalog for a file cannot be mended: nobody waits for that file to be on disk.
        if due or any(chore.name == "flush" for chore in done):
            self.mark(clean=False)
        return done

    def mark(self, *, clean: bool) -> None:
        """Sync the files that came since the last mark and say so."""
        folders = self._settings.folders
        after = sync_files(self.lake, folders.lake_data, self._mark)
        self._mark = Mark(after, clean, self._now())
        write_mark(folders.clean_mark, self._mark)

    def close(self) -> None:
        """Stop cleanly: the next start has nothing to verify. Where that fails the lake is closed all the
        same.
        """
        try:
            if not self.lost:
                self.dedup.flush()
                self.mark(clean=True)
        finally:
            self.lake.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.lake.close()


def open_writer(
    settings: WarehouseSettings,
    registry: Registry,
    *,
    now: Callable[[], int],
    store: Store | None = None,
    progress: Progress = lambda done, all: None,
) -> Writer:
    """Open the lake for writing: take the lock, mend damage, migrate, read the dedup index, end a rebuild.

    `now` gives µs UTC; `store` is landing, by default the one of the settings; `progress` is told how far a
    rebuild has come. Raises LakeLocked, LakeError and what the store raises.
    """
    folders = settings.folders
    gate = gated(settings, registry, store or open_store(settings.landing_url), now)
    folders.lake.mkdir(parents=True, exist_ok=True)
    with closing(catalog_of(settings)) as catalog:
        lock = lock_writer(settings, catalog)
        try:
            finish_move(folders, catalog)
            folders.lake_data.mkdir(exist_ok=True)
            remove_leftovers(folders.lake)
            losses = set_damage_aside(folders, catalog)
            lake = attach_writer(settings, catalog, lock)
        except BaseException:
            lock.close()
            raise
    try:
        mended = mend(lake, gate.behind, registry, losses)
        write_losses(folders.losses, [])
        begin_cursor(lake, now())
        dedup = DedupIndex.open(folders.dedup, lake)
        replay(lake, gate, dedup, folders, limit=settings.load_rows, now=now, progress=progress)
        return Writer(settings, lake, gate, dedup, now, mended)
    except BaseException:
        lake.close()
        raise


def from_landing(
    settings: WarehouseSettings,
    registry: Registry,
    *,
    now: Callable[[], int],
    store: Store | None = None,
    progress: Progress = lambda done, all: None,
) -> Writer:
    """Move the lake aside and make it anew from landing: a writer whose lake holds all of landing again.

    Sessions and customers are empty in it and have to be computed. Close the writer there was first:
    LakeLocked.
    """
    store = store or open_store(settings.landing_url)
    set_aside(settings, store)
    return open_writer(settings, registry, now=now, store=store, progress=progress)


def gated(settings: WarehouseSettings, registry: Registry, store: Store, now: Callable[[], int]) -> Gate:
    """Landing as the writer reads it: without whoever was erased."""

    def vault() -> Vault:
        return Secrets.open(settings.folders.secrets, now, os.urandom).vault()

    return Gate(store, Tombstones(registry, vault))


def remove_leftovers(lake: Path) -> None:
    """What DuckDB swapped out to disk in a program that was killed."""
    for folder in lake.glob("tmp-*"):
        if not Path("/proc", folder.name.removeprefix("tmp-")).exists():
            shutil.rmtree(folder, ignore_errors=True)
