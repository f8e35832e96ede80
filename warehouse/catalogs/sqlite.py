"""The catalog as a SQLite file in the data folder."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Hashable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from warehouse.catalogs.kind import ATTACHED, Lease
from warehouse.catalogs.text import quoted, statistics_sql
from warehouse.durable import sync
from warehouse.extensions import load_extensions
from warehouse.settings import Folders


class SqliteCatalog:
    """A file that DuckDB's own SQLite opens; Python's only copies it, where the lake is not attached."""

    backup_name = "catalog.sqlite"
    metadata = ATTACHED

    def __init__(self, folders: Folders) -> None:
        self._file = folders.catalog
        self.place = str(folders.lake)

    def attach_lake(self, con: duckdb.DuckDBPyConnection, data: Path, *, read_only: bool) -> None:
        load_extensions(con, "sqlite_scanner", "ducklake")
        # The catalog remembers an absolute path; a data folder may have moved since.
        place = f"DATA_PATH '{quoted(str(data.absolute()))}/', OVERRIDE_DATA_PATH true"
        mode = "READ_ONLY, " if read_only else ""
        options = f"{mode}{place}, META_JOURNAL_MODE 'WAL', DATA_INLINING_ROW_LIMIT 0"
        con.execute(f"ATTACH 'ducklake:sqlite:{self._path()}' AS lake ({options})")

    def attach_tables(self, con: duckdb.DuckDBPyConnection) -> str:
        load_extensions(con, "sqlite_scanner")
        con.execute(f"ATTACH '{self._path()}' AS catalog (TYPE sqlite)")
        return "catalog"

    def identity(self) -> Hashable | None:
        """An empty file is one that the first writer is making."""
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return None
        return (found.st_dev, found.st_ino) if found.st_size else None

    def lease(self) -> Lease | None:
        return None

    def prepare(self) -> bool:
        return self.identity() is None

    def set_aside(self) -> None:
        return

    def discard(self) -> None:
        for path in (self._file, *_beside(self._file)):
            path.unlink(missing_ok=True)

    def texts(self) -> Iterator[tuple[str, Iterator[str]]]:
        return iter(())

    def scrub(self) -> bool:
        with closing(sqlite3.connect(self._file, timeout=30, isolation_level=None)) as con:
            con.execute("PRAGMA secure_delete = ON")
            con.execute("BEGIN IMMEDIATE")
            con.execute(statistics_sql(""))
            con.execute("COMMIT")
            con.execute("VACUUM")
            busy: int = con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def forget_aside(self) -> None:
        return

    def copy_to(self, target: Path) -> int:
        return copy_database(self._file, target) if self._file.is_file() else 0

    def put_back(self, copy: Path) -> None:
        replace_database(copy, self._file)

    def close(self) -> None:
        return

    def _path(self) -> str:
        return quoted(str(self._file.absolute()))


def copy_database(source: Path, target: Path) -> int:
    """A consistent copy of a SQLite file that others write meanwhile; returns its bytes."""
    with closing(sqlite3.connect(source, timeout=30)) as con, closing(sqlite3.connect(target)) as copy:
        con.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    sync(target)
    return target.stat().st_size


def is_whole_database(path: Path) -> bool:
    """Whether a SQLite file can be read from its beginning to its end."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as con:
            return bool(con.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def replace_database(source: Path, target: Path) -> None:
    """Put a SQLite file in the place of another that nobody has open.

    Its log is written ahead again, or who may only read it could not open it before somebody has written.
    """
    aside = target.with_suffix(".restored")
    shutil.copyfile(source, aside)
    with closing(sqlite3.connect(aside)) as con:
        con.execute("PRAGMA journal_mode = WAL")
    sync(aside)
    for leftover in _beside(target):
        leftover.unlink(missing_ok=True)
    os.replace(aside, target)
    sync(target.parent)


def _beside(target: Path) -> Iterable[Path]:
    """What SQLite left beside the file that is replaced: it would be applied to the new one."""
    return (target.with_name(target.name + ending) for ending in ("-wal", "-shm", "-journal"))
