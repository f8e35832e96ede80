"""Imports that are filed: of files in the data folder's `imports/inbox`, by a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from sdk_contract.errors import SojournError
from warehouse.imports import running
from warehouse.imports.blocks import FORMATS, open_source
from warehouse.imports.errors import BadImport
from warehouse.imports.kinds import KINDS
from warehouse.imports.mapping import Mapping as Columns
from warehouse.imports.mapping import check_mapping
from warehouse.imports.repeats import Repeats
from warehouse.imports.suggesting import suggest
from warehouse.imports.workshop import made_of
from warehouse.registry import Key, Registry
from warehouse.settings import WarehouseSettings

KIND: Final = "import"
"""The kind of the writer's command."""
_TRIED: Final = 500
_SHOWN: Final = 5
_FILES: Final = 200


class Waiting(msgspec.Struct, frozen=True):
    """A file in the inbox; `changed_at` is µs UTC."""

    name: str
    bytes: int
    changed_at: int


class Tried(msgspec.Struct, frozen=True):
    """What a file looks like by a mapping, and what would become of its first rows."""

    columns: list[str]
    rows: list[list[str]]
    encoding: str | None
    mapping: Columns
    told: dict[str, Any] | None
    trouble: str | None


def inbox(settings: WarehouseSettings) -> Path:
    """Where files lie that may be imported from the console."""
    return settings.folders.imports / "inbox"


def waiting(settings: WarehouseSettings) -> list[Waiting]:
    """The files there, by name."""
    folder = inbox(settings)
    if not folder.is_dir():
        return []
    found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in FORMATS and path.is_file()]
    stats = [(path.name, path.stat()) for path in found[:_FILES]]
    return [Waiting(name, stat.st_size, stat.st_mtime_ns // 1000) for name, stat in stats]


def file_in(settings: WarehouseSettings, name: str) -> Path:
    """A file there by its name. BadImport where there is none."""
    if name not in {one.name for one in waiting(settings)}:
        raise BadImport(f"there is no file {name[:80]!r} in {inbox(settings)}")
    return inbox(settings) / name


def tried(
    settings: WarehouseSettings, registry: Registry, name: str, kind: str, key: Key, mapping: Columns | None,
    now: Callable[[], int],
) -> Tried:  # fmt: skip
    """What would become of the first rows of a file, judged like all; nothing is written. BadImport."""
    given = mapping or Columns({})
    source = open_source(file_in(settings, name), given.encoding, given.delimiter)
    mapping = mapping or suggest(KINDS[kind], source.columns, source.sample())
    first = next(source.blocks(), None)
    shown: list[list[str]] = []
    told, trouble = None, None
    if first is not None:
        part = {column: values[:_TRIED] for column, values in first.columns.items()}
        shown = [["" if one is None else str(one) for one in row] for row in zip(*part.values(), strict=True)]
        try:
            check_mapping(mapping, KINDS[kind], source.columns)
            running.require_zone(KINDS[kind], source, mapping)
            wanted = running.Wanted(kind, source.path, key, "", mapping)
            ready = running.Ready(wanted, KINDS[kind], source, mapping, Repeats())
            block = msgspec.structs.replace(first, rows=first.rows[:_TRIED], columns=part)
            work = running.work_of(settings, ready, "dry", now(), {}, dry=True)
            ((made, _, _),) = made_of(work, [block], 1, now)
            told = msgspec.to_builtins(made.counts)
        except SojournError as error:
            trouble = str(error)
    return Tried(source.columns, shown[:_SHOWN], source.encoding, mapping, told, trouble)


def begin(settings: WarehouseSettings, args: Mapping[str, Any]) -> dict[str, Any]:
    """Start the program that imports what was filed; its row in the registry tells of it. BadImport."""
    id = args.get("import")
    if not isinstance(id, int):
        raise BadImport(f"import is {id!r}; the number of one that was filed would do")
    environment = {**os.environ, "SOJOURN_DATA": str(settings.folders.root.absolute())}
    command, nothing = [sys.executable, "-m", "warehouse.imports.program", str(id)], subprocess.DEVNULL
    subprocess.Popen(
        command, env=environment, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
    )
    return {"import": id}


def work_off(
    settings: WarehouseSettings, registry: Registry, id: int, now: Callable[[], int], processes: int
) -> None:
    """Import what was filed under this number, to its end; whatever is in the way is told in its row."""
    filed = registry.import_(id)
    if filed.state not in ("filed", "running"):
        return
    try:
        key = next(key for key in registry.keys() if key.id == filed.key_id)
        mapping = msgspec.json.decode(filed.mapping, type=Columns)
        wanted = running.Wanted(filed.kind, file_in(settings, filed.file), key, filed.by, mapping, filed=id)
        ready = running.look(registry, wanted)
        running.carry_out(
            settings, registry, ready, now=now, processes=processes, progress=lambda done, of: None
        )
    except (SojournError, OSError) as error:
        registry.move_import(id, {**registry.import_(id).result, "error": str(error)}, "failed")
