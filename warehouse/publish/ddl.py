"""Statements for the tables outside. Names are our own or checked; texts are quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from warehouse.catalogs.text import quoted
from warehouse.publish.tables import Table, meaning

BOOK: Final = "published"
STAGE: Final = "sojourn_stage"
_TYPES: Final = {
    "VARCHAR": "text",
    "JSON": "json",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}
_BOOK_COLUMNS: Final = {
    "table_name": ("text PRIMARY KEY", "table of this schema"),
    "rows": ("bigint NOT NULL", "rows in it"),
    "changed": ("bigint NOT NULL", "rows put or taken away by the last run that changed it"),
    "lake_snapshot": ("bigint NOT NULL", "snapshot of the lake that it shows"),
    "snapshot_at": ("timestamp with time zone NOT NULL", "when that snapshot was made"),
    "complete_until": ("timestamp with time zone", "every event received before this moment is in"),
    "published_at": ("timestamp with time zone NOT NULL", "when the last run ended that looked at it"),
    "definition": ("text NOT NULL", "what was asked for; where it differs, all rows are compared"),
}


def type_of(duckdb: str) -> str:
    """PostgreSQL's type for one of DuckDB's."""
    return _TYPES.get(duckdb, "text")


def make_book(schema: str) -> list[str]:
    """The table that says what is published."""
    name = f'"{schema}".{BOOK}'
    columns = ", ".join(f"{column} {kind}" for column, (kind, _) in _BOOK_COLUMNS.items())
    notes = [
        f"COMMENT ON COLUMN {name}.{column} IS '{quoted(about)}'"
        for column, (_, about) in _BOOK_COLUMNS.items()
    ]
    about = f"COMMENT ON TABLE {name} IS 'One row per published table: how fresh it is.'"
    return [f"CREATE TABLE {name} ({columns})", about, *notes]


def make(schema: str, table: Table, columns: Mapping[str, str]) -> list[str]:
    """A table with its key; what it and its columns mean stands in their comments."""
    name = f'"{schema}".{table.name}'
    body = ", ".join(f'"{column}" {type_of(kind)}' for column, kind in columns.items())
    keys = ", ".join(table.key)
    return [f"CREATE TABLE {name} ({body}, PRIMARY KEY ({keys}))", *comments(schema, table, columns)]


def index(schema: str, table: Table, columns: Mapping[str, str]) -> list[str]:
    """By customer, where the key does not begin with that: what a report joins and filters by."""
    if "customer_id" not in columns or table.key[0] == "customer_id":
        return []
    name = f'"{schema}".{table.name}'
    return [f"CREATE INDEX IF NOT EXISTS {table.name}_by_customer ON {name} (customer_id)"]


def comments(schema: str, table: Table, columns: Mapping[str, str]) -> list[str]:
    name, said = f'"{schema}".{table.name}', meaning(table)
    notes = [f"COMMENT ON COLUMN {name}.\"{column}\" IS '{quoted(said[column])}'" for column in columns]
    return [f"COMMENT ON TABLE {name} IS '{quoted(table.about)}'", *notes]


def alter(schema: str, table: Table, columns: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Bring a table of an earlier release to these columns; an own view on one that goes is told by name."""
    name = f'"{schema}".{table.name}'
    wanted = {column: type_of(kind) for column, kind in columns.items()}
    going = [column for column, kind in there.items() if wanted.get(column) != kind]
    coming = [column for column, kind in wanted.items() if there.get(column) != kind]
    return [
        *(f'ALTER TABLE {name} DROP COLUMN "{column}"' for column in going),
        *(f'ALTER TABLE {name} ADD COLUMN "{column}" {wanted[column]}' for column in coming),
        *(comments(schema, table, columns) if coming else ()),
    ]


def stage(schema: str, table: Table, columns: Sequence[str]) -> list[str]:
    """An empty table of this session's for rows on their way."""
    empty = f'SELECT {listed(columns)} FROM "{schema}".{table.name} LIMIT 0'
    return [
        f"DROP TABLE IF EXISTS pg_temp.{STAGE}",
        f"CREATE TEMP TABLE {STAGE} ON COMMIT DROP AS {empty}",
    ]


def put(schema: str, table: Table, columns: Sequence[str]) -> str:
    """Staged rows into their table; a row that is the same already is not written again."""
    into = f'"{schema}".{table.name} AS was ({listed(columns)})'
    return (
        f"INSERT INTO {into} SELECT {listed(columns)} FROM {STAGE} "
        f"ON CONFLICT ({', '.join(table.key)}) DO {_instead(table, columns)}"
    )


def _instead(table: Table, columns: Sequence[str]) -> str:
    """What is done with a row that is there."""
    rest = [column for column in columns if column not in table.key]
    if not rest:
        return "NOTHING"
    new = ", ".join(f'EXCLUDED."{column}"' for column in rest)
    old = ", ".join(f'was."{column}"' for column in rest)
    # As text: JSON knows no equality.
    differs = f"ROW({old})::text IS DISTINCT FROM ROW({new})::text"
    return f"UPDATE SET ({listed(rest)}) = ROW({new}) WHERE {differs}"


def take_away(schema: str, table: Table, *, staged: bool) -> str:
    """Rows whose keys are staged, or else those whose keys are not."""
    same = " AND ".join(f'was."{key}" = {STAGE}."{key}"' for key in table.key)
    there = "EXISTS" if staged else "NOT EXISTS"
    return f'DELETE FROM "{schema}".{table.name} AS was WHERE {there} (SELECT FROM {STAGE} WHERE {same})'


def listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
