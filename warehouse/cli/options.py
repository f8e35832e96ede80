"""What the warehouse's commands have in common: their options, settings, and how they print."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from typing import Any

import click
import msgspec

from sdk_contract import settings as contract
from warehouse.errors import RegistryError
from warehouse.lake import Lake, connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

data_option = click.option("--data", metavar="DIR", help="Folder of all data.  [default: ./sojourn-data]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def now() -> int:
    """Microseconds UTC: the one place of these commands where the clock is read."""
    return time.time_ns() // 1000


def chosen(data: str | None) -> WarehouseSettings:
    """Settings from the environment, with the data folder that was given."""
    settings = contract.load(WarehouseSettings, os.environ, known=os.environ)
    return settings if data is None else msgspec.structs.replace(settings, data=data)


def open_registry(settings: WarehouseSettings) -> Registry:
    """The registry of a data folder that is there already."""
    if not settings.folders.registry.is_file():
        raise RegistryError(
            f"there is no data in {settings.data}; `sojourn up --data {settings.data}` makes it"
        )
    return Registry.open(settings.folders.registry, now=now)


def open_reader(settings: WarehouseSettings) -> Lake:
    return connect(settings, read_only=True)


def print_json(value: Any) -> None:
    """One JSON text, indented as people like it, numbers with their digits."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns aligned, one line a row."""
    lines = [list(columns), *(["\\n".join(cell.splitlines()) or "" for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
