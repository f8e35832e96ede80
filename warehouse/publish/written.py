"""Rows as the bytes of a file: Parquet, or CSV as spreadsheets read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from warehouse.lake import Lake
from warehouse.publish.changes import columns
from warehouse.publish.choice import Choice

BOM: Final = b"\xef\xbb\xbf"
_OPTIONS: Final = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


def write(lake: Lake, sql: str, choice: Choice, folder: Path) -> bytes:
    """The rows of a SELECT; `folder` holds them while they are written."""
    file = folder / "part"
    if choice.format == "csv":
        sql = _readable(sql, columns(lake, sql))
    lake.execute(f"COPY ({sql}) TO '{file}' ({_OPTIONS[choice.format]})")
    return (BOM if choice.bom else b"") + file.read_bytes()


def _readable(sql: str, types: Mapping[str, str]) -> str:
    """Moments (UTC) as spreadsheets know them, and no text that they would take for a formula."""
    shown = ", ".join(_cell(f'"{name}"', kind) for name, kind in types.items())
    return f"SELECT {shown} FROM ({sql})"


def _cell(name: str, kind: str) -> str:
    if kind.startswith("TIMESTAMP"):
        return f"strftime({name}, '%Y-%m-%d %H:%M:%S') AS {name}"
    if kind in ("VARCHAR", "JSON"):
        return f"regexp_replace({name}::VARCHAR, '^([=+@\\t\\r-])', '''\\1') AS {name}"
    return name
