"""Text as SQL has it."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

_LAST_TEXT: Final = "\U0010ffff" * 2  # DuckDB compares eight bytes of a text with a table's bounds


def statistics_sql(schema: str, collation: str = "") -> str:
    """The statement that lets table statistics say what current files hold; `schema` with its dot."""
    sql = (files("warehouse") / "sql" / "erasure" / "statistics.sql").read_text("utf-8")
    return sql.format(schema=schema, collation=collation, last_text=_LAST_TEXT)


def quoted(text: str) -> str:
    """Text as it stands between single quotes in SQL."""
    return text.replace("'", "''")
