"""The SQL of sql/erasure: one statement a file, with its purpose in the header comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

from warehouse.lake import Lake


@cache
def text(name: str) -> str:
    """The text of sql/erasure/<name>.sql; names in braces are filled in by `run`."""
    return (files("warehouse") / "sql" / "erasure" / f"{name}.sql").read_text("utf-8")


Values = Sequence[Any] | Mapping[str, Any]


def run(lake: Lake, name: str, values: Values | None = None, **parts: str) -> duckdb.DuckDBPyConnection:
    """One statement. `parts` are SQL of our own, `values` its parameters."""
    return lake.execute(text(name).format_map(parts) if parts else text(name), values)
