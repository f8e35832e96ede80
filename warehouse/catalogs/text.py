"""Text as SQL has it."""

from __future__ import annotations

from importlib.resources import files


def statistics_sql(schema: str, collation: str = "") -> str:
    """The statement that lets table statistics say what current files hold; `schema` with its dot."""
    sql = (files("warehouse") / "sql" / "erasure" / "statistics.sql").read_text("utf-8")
    return sql.format(schema=schema, collation=collation)


def quoted(text: str) -> str:
    """Text as it stands between single quotes in SQL."""
    return text.replace("'", "''")
