"""Before the writer opens the lake: find damaged files, and take them out of the catalog so that the rest can
be read.

What they held is written down first (lake/mending.json) and put back by `warehouse.mend`, so that a crash in
between loses nothing. The catalog is changed behind DuckLake's back here, while nobody has it attached for
writing, and through DuckDB's own SQLite: two copies of SQLite in one process would break each other's locks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import msgspec

from warehouse.catalogs import Catalog, unavailable
from warehouse.durable import replace_durably, sync
from warehouse.errors import CatalogUnavailable, LakeError
from warehouse.files import Damage, LakeFile, damaged, lake_files
from warehouse.mark import read_mark
from warehouse.settings import Folders

IRREPLACEABLE = ("objects", "schema_migrations")
# What a first start writes: its migrations, and a cursor that stands at nothing.
_FIRST = (*IRREPLACEABLE, "cursors")


class Loss(msgspec.Struct, frozen=True):
    """Rows that are gone with a file: of which table, and the span of load_seqs where the table has any."""

    table: str
    file: str
    what: str
    first: int | None = None
    last: int | None = None


def set_damage_aside(folders: Folders, catalog: Catalog) -> list[Loss]:
    """Everything that has to be put back, newly found or left from before. Call it under the writer's lock.

    The size and the end of every file are looked at; after an unclean stop, files since the mark are read
    whole.
    """
    if catalog.identity() is None:
        return []
    # Until ours are loaded, which are verified once a process.
    con = duckdb.connect(config={"threads": 1, "allow_unsigned_extensions": True})
    try:
        losses = _set_aside(con, catalog.attach_tables(con), folders)
    except duckdb.Error as error:
        if unavailable(error):
            what = str(error).splitlines()[0]
            raise CatalogUnavailable(f"cannot read the catalog of {catalog.place}: {what}") from error
        raise
    finally:
        con.close()
    if losses is None:
        catalog.discard()
        shutil.rmtree(folders.lake_data)
        folders.lake_data.mkdir()
        sync(folders.lake)
    return losses or []


def _set_aside(con: duckdb.DuckDBPyConnection, tables: str, folders: Folders) -> list[Loss] | None:
    """`tables`: where the catalog's own tables are in this connection. None: begin again, nothing is lost."""
    mark = read_mark(folders.clean_mark)
    files = lake_files(con, folders.lake_data, metadata=tables) if _is_lake(con) else []
    found = damaged(files, deep_from=None if mark.clean else mark.next_file)
    if _never_used(found, files, folders):
        return None
    losses = read_losses(folders.losses) + [_loss(damage, files) for damage in found]
    if found:
        _refuse_irreplaceable(found)
        write_losses(folders.losses, losses)
        _drop(con, tables, found)
        _move(found, folders.damaged)
    return losses


def read_losses(path: Path) -> list[Loss]:
    """What is written down as lost and not put back yet."""
    return msgspec.json.decode(path.read_bytes(), type=list[Loss]) if path.exists() else []


def write_losses(path: Path, losses: Sequence[Loss]) -> None:
    """Write down what is lost, durably; nothing lost removes the file."""
    if not losses:
        path.unlink(missing_ok=True)
        return
    replace_durably(path, msgspec.json.encode(losses))


def _is_lake(con: duckdb.DuckDBPyConnection) -> bool:
    """False when the very first start was killed before the catalog had its tables."""
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'catalog'").fetchall()
    return ("ducklake_delete_file",) in tables


def _loss(damage: Damage, files: Iterable[LakeFile]) -> Loss:
    """A lost file of deletions takes its file of rows with it: which of the rows were deleted is unknown."""
    whole = next(file for file in files if file.id == damage.file.data_file)
    return Loss(whole.table, damage.file.path.name, damage.what, whole.first, whole.last)


def _never_used(found: Iterable[Damage], files: Iterable[LakeFile], folders: Folders) -> bool:
    """Whether the very first start was cut off after its tables were made and before their files were synced.

    Nothing is loaded before the first mark.
    """
    unused = not folders.clean_mark.exists() and all(file.table in _FIRST for file in files)
    return unused and any(damage.file.table in IRREPLACEABLE for damage in found)


def _refuse_irreplaceable(found: Iterable[Damage]) -> None:
    for damage in found:
        if damage.file.table in IRREPLACEABLE:
            raise LakeError(
                f"{damage.file.path} {damage.what}; the table {damage.file.table} cannot be mended, "
                "make the lake anew with: sojourn rebuild --from landing"
            )


def _drop(con: duckdb.DuckDBPyConnection, tables: str, found: Iterable[Damage]) -> None:
    ids = {damage.file.data_file for damage in found}
    con.execute("BEGIN")
    for table in _OF_A_FILE:
        for id in ids:
            con.execute(f"DELETE FROM {tables}.{table} WHERE data_file_id = ?", [id])
    con.execute("COMMIT")


def _move(found: Iterable[Damage], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for damage in found:
        if damage.file.path.exists():
            os.replace(damage.file.path, folder / damage.file.path.name)


_OF_A_FILE = (
    "ducklake_delete_file",
    "ducklake_file_column_stats",
    "ducklake_file_variant_stats",
    "ducklake_file_partition_value",
    "ducklake_data_file",
)
