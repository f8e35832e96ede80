"""The lake: DuckDB with a DuckLake catalog, in SQLite or PostgreSQL.

One process writes, held to it by a lock; any number of processes read, each transaction on one snapshot.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa

from warehouse.catalogs import Catalog, WriterLock, catalog_of, unavailable
from warehouse.catalogs.kind import ATTACHED
from warehouse.catalogs.text import quoted
from warehouse.errors import CatalogUnavailable, LakeError, LakeMissing
from warehouse.remembered import Remembered
from warehouse.schema_docs import Column, added, migrations, tables
from warehouse.settings import WarehouseSettings

# Sorted by whom rows belong to: in small groups of rows little is read beside what is asked for.
CLUSTERED = ("events", "sessions", "identities", "customers", "customer_attributes", "tag_members")
ROW_GROUP = 8_192
_INLINED, _ROW_GROUP = "data_inlining_row_limit", "parquet_row_group_size"
Params = Sequence[Any] | Mapping[str, Any]


class Lake:
    """One connection.

    Use it from one thread; `cursor()` gives another connection to the same lake for another thread.
    `metadata` is where the catalog's own tables are; `registry` the registry's file beside this lake;
    `scoped` whether the tables' names stand for what somebody may see of them, `bounded` whether that leaves
    customers out; `remembered` what is known of a snapshot of all of it, shared with its other connections.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        metadata: str = ATTACHED,
        lock: WriterLock | None = None,
        registry: Path | None = None,
    ) -> None:
        self.con = con
        self.metadata = metadata
        self.registry = registry
        self.scoped = self.bounded = False
        self.remembered = Remembered()
        self._lock = lock

    def execute(self, sql: str, params: Params | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return self.con.execute(sql, params) if params is not None else self.con.execute(sql)
        except duckdb.Error:
            self._doubt()
            raise

    def query(self, sql: str, params: Params | None = None) -> list[tuple[Any, ...]]:
        """All rows of one SELECT. `?` stands for a parameter, or `$name` where they have names."""
        return self.execute(sql, params).fetchall()

    def records(self, sql: str, params: Params | None = None) -> list[dict[str, Any]]:
        """All rows of one SELECT, each a dict by column name."""
        result = self.execute(sql, params)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together or not at all; a reader sees one snapshot inside.

        CatalogUnavailable instead of a commit where the writer's lock is gone.
        """
        self.con.execute("BEGIN")
        try:
            yield
            self.require_lock()
            self.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self.con.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def footers_kept(self) -> Iterator[None]:
        """Inside, the footers of Parquet files that are read stay in memory for the next such question.

        For those who read a few rows of many files; around a transaction, not in one.
        """
        self.con.execute("SET SESSION parquet_metadata_cache = true")
        try:
            yield
        finally:
            self.con.execute("SET SESSION parquet_metadata_cache = false")

    @contextlib.contextmanager
    def threads(self, number: int) -> Iterator[None]:
        """Inside, DuckDB has so many threads; then as many as before, even where a transaction failed."""
        ((before,),) = self.query("SELECT current_setting('threads')")
        self.execute(f"SET threads = {int(number)}")
        try:
            yield
        finally:
            with self.con.cursor() as other:  # ours may be in that transaction still
                other.execute(f"SET threads = {int(before)}")

    def keep_blocks(self) -> None:
        """From now on DuckDB keeps up to 512 MiB that a statement gives back for the next one.

        For those with much to do: it reserves addresses for four fifths of the machine's memory, and a
        program with two such lakes may be unable to fork, since Linux takes both for one.
        """
        self.execute("SET block_allocator_memory = '512MiB'")

    def kept(self) -> int:
        """Bytes of footers in memory, as DuckDB counts them; really they take some seven times as much."""
        return int(
            self.query("SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'OBJECT_CACHE'")[0][0]
        )

    @contextlib.contextmanager
    def table(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Inside, SQL can read `rows` by this name."""
        self.con.register(name, rows)
        try:
            yield
        finally:
            self.con.unregister(name)

    def require_lock(self) -> None:
        """CatalogUnavailable where the right to write is gone; a reader has none and needs none."""
        if self._lock is not None:
            self._lock.require()

    @property
    def lost(self) -> bool:
        """Whether a writer has to open the lake anew: its right to write is gone, or what became of its last
        transaction is not known.
        """
        return self._lock is not None and self._lock.lost

    def _doubt(self) -> None:
        """Where an answer to COMMIT is lost, DuckLake removes files that the catalog may name by now; opening
        the lake anew finds and mends them.
        """
        if self._lock is not None:
            self._lock.doubt()

    def snapshot(self) -> int:
        """The number of the newest snapshot, or inside a transaction of the one it reads."""
        return int(self.query("SELECT id FROM lake.current_snapshot()")[0][0])

    def cursor(self) -> Lake:
        if self.scoped:
            raise LakeError("another connection of this lake would see more than this one may")
        con = self.con.cursor()
        con.execute("USE lake")
        con.execute("SET TimeZone = 'UTC'")
        found = Lake(con, self.metadata, registry=self.registry)
        found.remembered = self.remembered
        return found

    def close(self) -> None:
        """Detach, so that SQLite folds its log away, and free the writer's lock."""
        self.con.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(settings: WarehouseSettings, *, read_only: bool) -> Lake:
    """Open the lake of a data folder. The writer makes it and brings its tables up to date; a reader needs it
    there.

    Raises LakeMissing, LakeLocked (a second writer), ExtensionMissing, CatalogUnavailable, CatalogRefused,
    LakeError.
    """
    catalog = catalog_of(settings)
    with contextlib.closing(catalog):
        if read_only:
            return _attach_reader(settings, catalog)
        settings.folders.lake_data.mkdir(parents=True, exist_ok=True)
        lock = lock_writer(settings, catalog)
        try:
            return attach_writer(settings, catalog, lock)
        except BaseException:
            lock.close()
            raise


def _attach_reader(settings: WarehouseSettings, catalog: Catalog) -> Lake:
    """A reader that comes while the first writer makes the tables is told that there is no lake yet."""
    root = settings.folders.root
    if catalog.identity() is None:
        raise LakeMissing(_no_lake(settings))
    lake = _attach(settings, catalog, read_only=True)
    try:
        done = {name for (name,) in lake.query("SELECT name FROM schema_migrations")}
    except duckdb.CatalogException:
        done = set()
    except duckdb.Error as error:
        lake.close()
        kind = CatalogUnavailable if unavailable(error) else LakeError
        raise kind(f"cannot read the lake {catalog.place}: {str(error).splitlines()[0]}") from error
    if not migrations().keys() <= done:
        lake.close()
        raise LakeMissing(f"the lake in {root} is being made; try again in a moment")
    _spread(lake, settings)
    return lake


def _no_lake(settings: WarehouseSettings) -> str:
    root = settings.folders.root
    if settings.folders.lake.is_dir():
        return f"the lake in {root} is being made; try again in a moment"
    return f"there is no lake in {root}; `sojourn up --data {root}` makes one"


def attach_writer(settings: WarehouseSettings, catalog: Catalog, lock: WriterLock) -> Lake:
    """Open the lake for writing under a lock that is held already; closing the lake frees it."""
    if catalog.prepare():
        # It vouches for files of a catalog that is gone.
        settings.folders.clean_mark.unlink(missing_ok=True)
    lake = _attach(settings, catalog, read_only=False)
    try:
        migrate(lake)
        _spread(lake, settings)
    except BaseException:
        lake.close()
        raise
    return Lake(lake.con, lake.metadata, lock, lake.registry)


def lock_writer(settings: WarehouseSettings, catalog: Catalog) -> WriterLock:
    """Take the writer's lock, of this machine and of the catalog. LakeLocked when somebody has it."""
    lock = WriterLock(settings.folders.writer_lock)
    try:
        lease = catalog.lease()
    except BaseException:
        lock.close()
        raise
    if lease is not None:
        lock.hold(lease)
    return lock


def migrate(lake: Lake) -> list[str]:
    """Apply the migrations that this lake has not had, all in one transaction; returns their names."""
    lake.execute("CREATE TABLE IF NOT EXISTS schema_migrations (name VARCHAR, applied_at TIMESTAMPTZ)")
    done = {name for (name,) in lake.query("SELECT name FROM schema_migrations")}
    known = migrations()
    if done - known.keys():
        raise LakeError(
            f"the lake has migration {max(done - known.keys())}, which this program does not know; upgrade it"
        )
    todo = {name: sql for name, sql in known.items() if name not in done}
    if todo:
        with lake.transaction():
            for name, sql in todo.items():
                lake.execute(sql)
                _comment(lake, sql)
                lake.execute("INSERT INTO schema_migrations VALUES (?, now())", [name])
    _set_options(lake, {table.name for sql in known.values() for table in tables(sql)})
    return list(todo)


def _set_options(lake: Lake, made: Set[str]) -> None:
    """Only after the tables are made: else DuckLake 1.0 merges none of their files after the next start."""
    # New rows of these stay in the catalog, which is durable at every commit, unlike a data file.
    wanted = {("schema_migrations", _INLINED): 10_000, ("objects", _INLINED): 10_000}
    wanted |= {(name, _ROW_GROUP): ROW_GROUP for name in CLUSTERED if name in made}
    done = set(lake.query("SELECT scope_entry, option_name FROM lake.options()"))
    for (table, option), value in wanted.items():
        if (f"main.{table}", option) not in done:
            lake.execute(f"CALL lake.set_option('{option}', {value}, table_name => '{table}')")


def _comment(lake: Lake, sql: str) -> None:
    for table in tables(sql):
        lake.execute(f"COMMENT ON TABLE {table.name} IS '{quoted(table.comment)}'")
        for column in table.columns:
            _comment_column(lake, table.name, column)
    for name, column in added(sql):
        _comment_column(lake, name, column)


def _comment_column(lake: Lake, table: str, column: Column) -> None:
    lake.execute(f"COMMENT ON COLUMN {table}.{column.name} IS '{quoted(column.comment)}'")


def _attach(settings: WarehouseSettings, catalog: Catalog, *, read_only: bool) -> Lake:
    folders = settings.folders
    if not read_only:
        # Arrow's own allocator gives back to the system what the next part of a rebuild needs again.
        pa.set_memory_pool(pa.system_memory_pool())
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,  # until it is open: see _spread
        "memory_limit": f"{settings.lake_memory >> 20}MiB",
        "temp_directory": str(folders.lake / f"tmp-{os.getpid()}"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # Until ours are loaded, which are verified once a process.
        "allow_unsigned_extensions": True,
        # It would fill the whole memory limit with files, of which a writer reads most once.
        "enable_external_file_cache": read_only,
    }
    con = duckdb.connect(config=config)
    try:
        catalog.attach_lake(con, folders.lake_data, read_only=read_only)
        con.execute("USE lake")
        con.execute("SET TimeZone = 'UTC'")
    except duckdb.Error as error:
        con.close()
        kind = CatalogUnavailable if unavailable(error) else LakeError
        raise kind(f"cannot open the lake {catalog.place}: {str(error).splitlines()[0]}") from error
    except BaseException:
        con.close()
        raise
    return Lake(con, catalog.metadata, registry=folders.registry)


def _spread(lake: Lake, settings: WarehouseSettings) -> None:
    """From now on, all threads: to read a catalog, two take twice the CPU of one and are no faster."""
    lake.execute(f"SET threads = {settings.lake_threads}")
