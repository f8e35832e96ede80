"""An answer as one table: what CSV and the command line print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


class Table(msgspec.Struct, frozen=True):
    """Columns and their rows; a value is a text, a number, a boolean or null."""

    columns: list[str]
    rows: list[list[Any]]


def flat(rows: Sequence[msgspec.Struct], of: type[msgspec.Struct]) -> Table:
    """Structs whose fields are plain values."""
    columns = list(of.__struct_fields__)
    return Table(columns, [[getattr(row, name) for name in columns] for row in rows])
