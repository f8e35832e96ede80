"""The lake's data files as its catalog lists them, and whether each is what the catalog says."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.catalogs.kind import ATTACHED


class LakeFile(msgspec.Struct, frozen=True):
    """One Parquet file, of rows or of deleted rows; `data_file` is the id of the file of rows in both cases.

    `current`: the newest snapshot reads it. `first` and `last` are the load_seqs it spans, None for a table
    without.
    """

    id: int
    data_file: int
    table: str
    path: Path
    rows: int
    size: int
    current: bool
    first: int | None
    last: int | None


class Damage(msgspec.Struct, frozen=True):
    """A file that is not what the catalog says, and how it shows."""

    file: LakeFile
    what: str


def lake_files(
    con: duckdb.DuckDBPyConnection, data: Path, *, first: int = 0, metadata: str = ATTACHED
) -> list[LakeFile]:
    """Files that the catalog names, oldest id first, from id `first` on.

    `metadata` is where the catalog's own tables are attached in this connection.
    """
    rows = con.execute(_FILES.format(metadata=metadata), [first]).fetchall()
    return [_file(row, data) for row in rows]


def damaged(files: Iterable[LakeFile], *, deep_from: int | None) -> list[Damage]:
    """Those that are not what the catalog says. Files with an id of `deep_from` or more are read whole."""
    found = []
    for file in files:
        what = find_damage(file, deep=deep_from is not None and file.id >= deep_from)
        if what:
            found.append(Damage(file, what))
    return found


def find_damage(file: LakeFile, *, deep: bool) -> str | None:
    """What is wrong with a file, or None. Shallow: size and end; deep: reads it all."""
    try:
        size = file.path.stat().st_size
        if size != file.size:
            return f"has {size} bytes instead of {file.size}"
        if not deep:
            return None if _end(file.path) == b"PAR1" else "does not end as Parquet does"
        rows = _count(file.path)
    except FileNotFoundError:
        return "is missing"
    except (pa.ArrowException, OSError) as error:
        return f"cannot be read: {str(error).splitlines()[0]}"
    return None if rows == file.rows else f"has {rows} rows instead of {file.rows}"


def _end(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return file.read(4)


def _count(path: Path) -> int:
    with pq.ParquetFile(path) as file:
        return sum(batch.num_rows for batch in file.iter_batches(use_threads=False))


def _file(row: tuple[Any, ...], data: Path) -> LakeFile:
    id, data_file, table, folder, path, relative, rows, size, current, first, last = row
    place = data / folder / path if relative else Path(path)
    bounds = (None if value is None else int(value) for value in (first, last))
    return LakeFile(id, data_file, table, place, rows, size, current, *bounds)


_FILES = """
    WITH tables AS (
        SELECT table_id, table_name, schema.path || tables.path AS folder
        FROM {metadata}.ducklake_table AS tables
        JOIN {metadata}.ducklake_schema AS schema USING (schema_id)
        WHERE tables.end_snapshot IS NULL
    ),
    spans AS (
        SELECT data_file_id, min_value, max_value
        FROM {metadata}.ducklake_file_column_stats
        JOIN {metadata}.ducklake_column AS columns USING (table_id, column_id)
        WHERE column_name = 'load_seq' AND columns.end_snapshot IS NULL
    ),
    files AS (
        SELECT data_file_id AS id, data_file_id AS data_file, table_id, path, path_is_relative,
            record_count AS rows, file_size_bytes AS size, end_snapshot IS NULL AS current,
            min_value, max_value
        FROM {metadata}.ducklake_data_file LEFT JOIN spans USING (data_file_id)
        UNION ALL
        SELECT delete_file_id, data_file_id, table_id, path, path_is_relative, delete_count,
            file_size_bytes, end_snapshot IS NULL, NULL, NULL
        FROM {metadata}.ducklake_delete_file
    )
    SELECT id, data_file, table_name, folder, path, path_is_relative::BOOLEAN, rows, size, current,
        min_value, max_value
    FROM files JOIN tables USING (table_id)
    WHERE id >= ?
    ORDER BY id"""
