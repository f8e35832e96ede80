"""The lake's files without the rows that left its tables: written anew, and the old ones removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from warehouse.erasure.held import LOADED
from warehouse.files import lake_files
from warehouse.lake import Lake
from warehouse.upkeep import FileShape, file_shapes, remove_dropped, rewrite

_SLICE_ROWS: Final = 150_000
_END_OF_TIME: Final = 1 << 62


def slices(lake: Lake, data: Path, found: Iterable[str]) -> list[tuple[str, list[str]]]:
    """(table, files to be written anew together): those in which somebody was found, and those of loaded
    tables that rows were deleted from.
    """
    held = set(found)
    tables: dict[str, list[FileShape]] = defaultdict(list)
    for shape in file_shapes(lake):
        worn = shape.deleted and shape.table in LOADED
        if worn or str(data / "main" / shape.table / shape.path) in held:
            tables[shape.table].append(shape)
    return [(table, part) for table, shapes in sorted(tables.items()) for part in _cut(shapes)]


def write_anew(lake: Lake, data: Path, table: str, paths: list[str]) -> None:
    """Put the living rows of these files into new ones; of files that are gone meanwhile there are none."""
    there = {shape.path for shape in file_shapes(lake) if shape.table == table}
    if left := [path for path in paths if path in there]:
        rewrite(lake, table, data, left)


def purge(lake: Lake, data: Path, snapshot: int) -> None:
    """Forget the snapshots before this one, and remove what only they named and what nothing names."""
    versions = [int(version) for (version,) in lake.query(_BEFORE.format(metadata=lake.metadata), [snapshot])]
    if versions:
        lake.execute(f"CALL ducklake_expire_snapshots('lake', versions => {versions})")
    while remove_dropped(lake, data, _END_OF_TIME):
        pass
    named = {file.path for file in lake_files(lake.con, data, metadata=lake.metadata)}
    for path in data.rglob("*.parquet"):
        if path not in named:
            path.unlink(missing_ok=True)


def _cut(shapes: list[FileShape]) -> Iterator[list[str]]:
    """Runs of files with about as many rows as one transaction may hold the writer for."""
    part: list[str] = []
    rows = 0
    for shape in sorted(shapes, key=lambda shape: shape.path):
        if part and rows + shape.rows > _SLICE_ROWS:
            yield part
            part, rows = [], 0
        part.append(shape.path)
        rows += shape.rows
    if part:
        yield part


_BEFORE: Final = """
    SELECT snapshot_id FROM {metadata}.ducklake_snapshot WHERE snapshot_id < ? ORDER BY snapshot_id"""
