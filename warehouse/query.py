"""A person's SQL: one SELECT over the lake, on a connection that can read nothing else, and its values as
text and JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

import duckdb
import msgspec

from warehouse.catalogs.text import quoted
from warehouse.errors import BadQuery
from warehouse.lake import Lake
from warehouse.settings import Folders
from warehouse.times import iso_time

_FETCH = 2048
# These open files or run text without asking DuckDB's file system.
_CLOSED = re.compile(r'((?:sqlite|postgres)_\w+|query|query_table|ducklake_scan)"?\s*\(', re.IGNORECASE)
# In PostgreSQL the catalog's login may see more than the lake.
_CATALOG = re.compile(r"\b__ducklake_metadata\w*", re.IGNORECASE)


class Answer(msgspec.Struct):
    """`types` are DuckDB's names; `rows` can be read once."""

    columns: list[str]
    types: list[str]
    rows: Iterator[tuple[Any, ...]]


def confine(lake: Lake, folders: Folders) -> None:
    """From now on this connection reads the lake's data and nothing else, and no setting can be changed."""
    lake.execute(f"SET allowed_directories = ['{quoted(str(folders.lake_data.absolute()))}/']")
    lake.execute("SET enable_external_access = false")
    lake.execute("SET lock_configuration = true")


def ask(lake: Lake, sql: str) -> Answer:
    """Run one SELECT (or DESCRIBE, SHOW, SUMMARIZE, EXPLAIN). BadQuery says what is wrong with it."""
    try:
        _refuse_others(sql)
        result = lake.execute(sql)
    except duckdb.Error as error:
        raise BadQuery(_one_line(error)) from error
    columns = result.description or []
    return Answer([column[0] for column in columns], [str(column[1]) for column in columns], _rows(result))


def values(answer: Answer) -> Iterator[tuple[Any, ...]]:
    """The rows with every value as JSON has it: times ISO 8601 in UTC, decimals with their digits, JSON as it
    is.
    """
    converters = [_converter(type) for type in answer.types]
    for row in answer.rows:
        yield tuple(convert(value) for convert, value in zip(converters, row, strict=True))


def text(value: Any) -> str:
    """A value of `values` in a cell of a table or CSV."""
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


def _refuse_others(sql: str) -> None:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise BadQuery(f"expected one SELECT, not {len(statements)} statements")
    kind = statements[0].type
    explained = re.match(r"\s*EXPLAIN\s+(ANALYZE\s+)?(.*)", sql, re.IGNORECASE | re.DOTALL)
    if kind == duckdb.StatementType.EXPLAIN and explained:
        _refuse_others(explained[2])
    elif kind != duckdb.StatementType.SELECT:
        raise BadQuery(f"expected a SELECT, not {kind.name}: this connection only reads")
    elif called := _CLOSED.search(_without_comments(sql)):
        raise BadQuery(f"the function {called[1]} is closed here: queries read the lake's tables only")
    elif named := _CATALOG.search(_without_comments(sql)):
        raise BadQuery(f"the catalog ({named[0]}) is closed here: queries read the lake's tables only")


def _without_comments(sql: str) -> str:
    """The statement's own text, without comments and text literals."""
    data = sql.encode()
    tokens = duckdb.tokenize(sql)
    ends = [start for start, _ in tokens[1:]] + [len(data)]
    dull = (duckdb.token_type.comment, duckdb.token_type.string_const)
    kept = [data[start:end] for (start, kind), end in zip(tokens, ends, strict=True) if kind not in dull]
    return re.sub(r"/\*.*?\*/|--[^\n]*", " ", b"".join(kept).decode(errors="replace"), flags=re.DOTALL)


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    try:
        while rows := result.fetchmany(_FETCH):
            yield from rows
    except duckdb.Error as error:
        raise BadQuery(_one_line(error)) from error


def _converter(type: str) -> Callable[[Any], Any]:
    return _json if type == "JSON" else plain


def _json(value: str | None) -> Any:
    return None if value is None else msgspec.Raw(value.encode())


def plain(value: Any) -> Any:
    """A value from DuckDB as JSON can hold it."""
    for kinds, convert in _PLAIN:
        if isinstance(value, kinds):
            return convert(value)
    return value


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def _moment(value: datetime) -> str:
    return value.isoformat() if value.tzinfo is None else iso_time(value)


def _fields(value: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): plain(item) for key, item in value.items()}


def _items(value: Sequence[Any]) -> list[Any]:
    return [plain(item) for item in value]


def _one_line(error: duckdb.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("LINE", "^")))


_PLAIN: list[tuple[Any, Callable[[Any], Any]]] = [
    (bool, bool),
    (float, _number),
    (Decimal, lambda value: msgspec.Raw(format(value, "f").encode())),
    (datetime, _moment),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, str),
    (UUID, str),
    ((bytes, bytearray), lambda value: value.hex()),
    (dict, _fields),
    ((list, tuple), _items),
]
