"""The clean mark: which of the lake's files are known to be on disk for good.

DuckDB closes a Parquet file without syncing it before the catalog commits its name, so after a power cut the
newest files may be torn. The writer syncs them every few seconds and says so here; after an unclean stop only
files since are in doubt.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from warehouse.durable import sync
from warehouse.files import lake_files
from warehouse.lake import Lake


class Mark(msgspec.Struct, frozen=True):
    """Every file with an id below `next_file` is on disk.

    `clean`: the writer stopped after saying so. `at`: µs UTC.
    """

    next_file: int = 0
    clean: bool = False
    at: int = 0


def read_mark(path: Path) -> Mark:
    """The mark; one that is missing or torn vouches for nothing."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Mark)
    except (FileNotFoundError, msgspec.DecodeError):
        return Mark()


def write_mark(path: Path, mark: Mark) -> None:
    """Replace the mark, durably."""
    aside = path.with_suffix(".new")
    with aside.open("wb") as file:
        file.write(msgspec.json.encode(mark))
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    sync(path.parent)


def sync_files(lake: Lake, data: Path, mark: Mark) -> int:
    """Sync every file since the mark and the folders that name them; returns the id of the next file."""
    ((after,),) = lake.query(_NEXT_FILE.format(metadata=lake.metadata))
    files = lake_files(lake.con, data, first=mark.next_file, metadata=lake.metadata)
    fresh = [file.path for file in files]
    for path in fresh:
        with suppress(FileNotFoundError):
            sync(path)
    for folder in _folders(fresh, data):
        sync(folder)
    return int(after)


def _folders(paths: Iterable[Path], data: Path) -> set[Path]:
    """Each file's folder and those above it, up to the data folder."""
    folders: set[Path] = set()
    for path in paths:
        for folder in path.parents:
            folders.add(folder)
            if folder == data:
                break
    return folders


_NEXT_FILE = """
    SELECT next_file_id FROM {metadata}.ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1"""
