"""The lake: DuckDB with a DuckLake catalog in SQLite. The only module that knows how the catalog is attached.

One process writes, held to it by a lock file; any number of processes read, each transaction on one snapshot.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa

from warehouse.errors import LakeError, LakeLocked, LakeMissing
from warehouse.extensions import load_extensions
from warehouse.schema_docs import Column, added, migrations, tables
from warehouse.settings import WarehouseSettings


class Lake:
    """One connection.

    Use it from one thread; `cursor()` gives another connection to the same lake for another thread.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, lock: int | None = None) -> None:
        self.con = con
        self._lock = lock

    def execute(self, sql: str, params: Sequence[Any] | None = None) -> duckdb.DuckDBPyConnection:
        return self.con.execute(sql, params) if params is not None else self.con.execute(sql)

    def query(self, sql: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of one SELECT. `?` stands for a parameter."""
        return self.execute(sql, params).fetchall()

    def records(self, sql: str, params: Sequence[Any] | None = None) -> list[dict[str, Any]]:
        """All rows of one SELECT, each a dict by column name."""
        result = self.execute(sql, params)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together or not at all; a reader sees one snapshot inside."""
        self.con.execute("BEGIN")
        try:
            yield
            self.con.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self.con.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def table(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Inside, SQL can read `rows` by this name."""
        self.con.register(name, rows)
        try:
            yield
        finally:
            self.con.unregister(name)

    def snapshot(self) -> int:
        """The number of the newest snapshot, or inside a transaction of the one it reads."""
        return int(self.query("SELECT id FROM lake.current_snapshot()")[0][0])

    def cursor(self) -> Lake:
        con = self.con.cursor()
        con.execute("USE lake")
        con.execute("SET TimeZone = 'UTC'")
        return Lake(con)

    def close(self) -> None:
        """Detach, so that SQLite folds its log away, and free the writer's lock."""
        self.con.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(settings: WarehouseSettings, *, read_only: bool) -> Lake:
    """Open the lake of a data folder. The writer makes it and brings its tables up to date; a reader needs it
    there.

    Raises LakeMissing, LakeLocked (a second writer), ExtensionMissing, LakeError.
    """
    folders = settings.folders
    if read_only:
        if not folders.catalog.is_file():
            raise LakeMissing(
                f"there is no lake in {folders.root}; `sojourn up --data {folders.root}` makes one"
            )
        return _attach_reader(settings)
    folders.lake_data.mkdir(parents=True, exist_ok=True)
    lock = lock_writer(folders.writer_lock)
    try:
        return attach_writer(settings, lock)
    except BaseException:
        os.close(lock)
        raise


def _attach_reader(settings: WarehouseSettings) -> Lake:
    """A reader that comes while the first writer makes the tables is told that there is no lake yet."""
    folders = settings.folders
    missing = LakeMissing(f"the lake in {folders.root} is being made; try again in a moment")
    if folders.catalog.stat().st_size == 0:
        raise missing
    lake = _attach(settings, read_only=True)
    try:
        done = {name for (name,) in lake.query("SELECT name FROM schema_migrations")}
    except duckdb.CatalogException:
        done = set()
    except duckdb.Error as error:
        lake.close()
        raise LakeError(f"cannot read the lake {folders.lake}: {str(error).splitlines()[0]}") from error
    if not migrations().keys() <= done:
        lake.close()
        raise missing
    return lake


def attach_writer(settings: WarehouseSettings, lock: int) -> Lake:
    """Open the lake for writing under a lock that is held already; closing the lake frees it."""
    lake = _attach(settings, read_only=False)
    try:
        migrate(lake)
    except BaseException:
        lake.close()
        raise
    return Lake(lake.con, lock)


def lock_writer(path: Path) -> int:
    """Take the writer's lock; it is held until the returned descriptor is closed.

    LakeLocked when somebody has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise LakeLocked(f"another program writes this lake ({path} is locked); stop it first") from None
    return descriptor


def migrate(lake: Lake) -> list[str]:
    """Apply the migrations that this lake has not had, each in one transaction; returns their names."""
    lake.execute("CREATE TABLE IF NOT EXISTS schema_migrations (name VARCHAR, applied_at TIMESTAMPTZ)")
    done = {name for (name,) in lake.query("SELECT name FROM schema_migrations")}
    known = migrations()
    if done - known.keys():
        raise LakeError(
            f"the lake has migration {max(done - known.keys())}, which this program does not know; upgrade it"
        )
    todo = {name: sql for name, sql in known.items() if name not in done}
    for name, sql in todo.items():
        with lake.transaction():
            lake.execute(sql)
            _comment(lake, sql)
            lake.execute("INSERT INTO schema_migrations VALUES (?, now())", [name])
    # After the tables are made: before, DuckLake 1.0 merges no file of theirs once the lake was opened again.
    _keep_in_catalog(lake, "schema_migrations")
    _keep_in_catalog(lake, "objects")
    return list(todo)


def _keep_in_catalog(lake: Lake, table: str) -> None:
    """New rows of this table stay in the catalog, which is durable at every commit, unlike a data file."""
    option = "data_inlining_row_limit"
    done = "SELECT 1 FROM lake.options() WHERE option_name = ? AND scope_entry = ?"
    if not lake.query(done, [option, f"main.{table}"]):
        lake.execute(f"CALL lake.set_option('{option}', 10000, table_name => '{table}')")


def _comment(lake: Lake, sql: str) -> None:
    for table in tables(sql):
        lake.execute(f"COMMENT ON TABLE {table.name} IS '{quoted(table.comment)}'")
        for column in table.columns:
            _comment_column(lake, table.name, column)
    for name, column in added(sql):
        _comment_column(lake, name, column)


def _comment_column(lake: Lake, table: str, column: Column) -> None:
    lake.execute(f"COMMENT ON COLUMN {table}.{column.name} IS '{quoted(column.comment)}'")


def _attach(settings: WarehouseSettings, *, read_only: bool) -> Lake:
    folders = settings.folders
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": settings.lake_threads,
        "memory_limit": f"{settings.lake_memory >> 20}MiB",
        "temp_directory": str(folders.lake / f"tmp-{os.getpid()}"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    con = duckdb.connect(config=config)
    try:
        load_extensions(con)
        con.execute(_attach_sql(folders.catalog, folders.lake_data, read_only))
        con.execute("USE lake")
        con.execute("SET TimeZone = 'UTC'")
    except duckdb.Error as error:
        con.close()
        raise LakeError(f"cannot open the lake {folders.lake}: {str(error).splitlines()[0]}") from error
    except BaseException:
        con.close()
        raise
    return Lake(con)


def _attach_sql(catalog: Path, data: Path, read_only: bool) -> str:
    # The catalog remembers an absolute path; a data folder may have moved since.
    place = f"DATA_PATH '{quoted(str(data.absolute()))}/', OVERRIDE_DATA_PATH true"
    options = f"{place}, META_JOURNAL_MODE 'WAL', DATA_INLINING_ROW_LIMIT 0"
    mode = "READ_ONLY, " if read_only else ""
    return f"ATTACH 'ducklake:sqlite:{quoted(str(catalog.absolute()))}' AS lake ({mode}{options})"


def quoted(text: str) -> str:
    """Text as it stands between single quotes in SQL."""
    return text.replace("'", "''")
