"""docs/tables.md from the comments in the migrations: `python -m warehouse.schema_docs` prints it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import msgspec

_TABLE = re.compile(r"^-- (\w+): (.+)\nCREATE TABLE \1 \(\n(.*?)^\);", re.MULTILINE | re.DOTALL)
_COLUMN = re.compile(r"^    (\w+) (\w+),? -- (.+)$", re.MULTILINE)
_VIEW = re.compile(r"^-- (\w+): (.+)\nCREATE VIEW \1 AS\nSELECT\n(.*?)^FROM", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(r"^    .+ AS (\w+),? -- (\w+): (.+)$", re.MULTILINE)
_ADDED = re.compile(r"^ALTER TABLE (\w+) ADD COLUMN (\w+) (\w+); -- (.+)$", re.MULTILINE)


class Column(msgspec.Struct, frozen=True):
    name: str
    type: str
    comment: str


class Table(msgspec.Struct, frozen=True):
    name: str
    comment: str
    columns: list[Column]


def migrations() -> dict[str, str]:
    """Name -> SQL of every migration, in the order in which they apply."""
    folder = files("warehouse") / "sql" / "migrations"
    found = {
        entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".sql")
    }
    return dict(sorted(found.items()))


def tables(sql: str) -> list[Table]:
    """The documented tables of one migration."""
    return [
        Table(name, comment, [Column(*column) for column in _COLUMN.findall(body)])
        for name, comment, body in _TABLE.findall(sql)
    ]


def views(sql: str) -> list[Table]:
    """The documented views of one migration; the catalog keeps no comments of their columns."""
    return [
        Table(name, comment, [Column(*column) for column in _SHOWN.findall(body)])
        for name, comment, body in _VIEW.findall(sql)
    ]


def added(sql: str) -> Iterator[tuple[str, Column]]:
    """The documented columns that one migration adds to tables of earlier ones."""
    for table, *column in _ADDED.findall(sql):
        yield table, Column(*column)


def whole_tables() -> list[Table]:
    """Every table and view with all its columns, those that later migrations added last."""
    found: dict[str, Table] = {}
    for sql in migrations().values():
        found |= {table.name: table for table in (*tables(sql), *views(sql))}
        for name, column in added(sql):
            found[name].columns.append(column)
    return list(found.values())


def markdown() -> str:
    """The whole page."""
    lines = [_HEAD]
    for table in whole_tables():
        lines += _section(table)
    return "\n".join(lines)


def _section(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n\n{table.comment}\n\n| column | type | what it is |\n| --- | --- | --- |"
    for column in table.columns:
        yield f"| `{column.name}` | {column.type} | {column.comment.replace('|', chr(92) + '|')} |"
    yield ""


_HEAD = """# Tables of the lake

Generated from `warehouse/sql/migrations` by `python -m warehouse.schema_docs`; a test compares the two.
Ask them with `sojourn sql`, by bare name. Times are TIMESTAMPTZ, shown in UTC.
"""

if __name__ == "__main__":
    print(markdown(), end="")
