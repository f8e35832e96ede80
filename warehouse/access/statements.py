"""What a person's SQL may be: one question to the lake's own tables, read before DuckDB sees it."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from warehouse.errors import BadQuery

_LONGEST: Final = 20_000
_NAME: Final = re.compile(r"\w+")
_QUESTIONS: Final = (
    exp.Select,
    exp.SetOperation,
    exp.Summarize,
    exp.Describe,
    exp.Show,
    exp.Pivot,
    exp.Values,
)
# Tables that are made of nothing but their arguments.
_MADE: Final = (exp.GenerateSeries, exp.Unnest, exp.Values)


def within(sql: str, tables: Collection[str]) -> str:
    """The statement, if it is one question that names no tables but these, and its own. BadQuery says what is
    in the way.

    Qualified names would go past what somebody may see, and functions that are tables read files.
    """
    if len(sql) > _LONGEST:
        raise BadQuery(f"the statement has {len(sql)} characters; {_LONGEST} would do")
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        found = [one for one in sqlglot.parse(sql, dialect="duckdb") if one is not None]
    except (SqlglotError, RecursionError) as error:
        raise BadQuery(f"this cannot be read as SQL: {str(error).splitlines()[0]}") from error
    if len(found) != 1 or not isinstance(found[0], _QUESTIONS):
        raise BadQuery(
            "one SELECT (or DESCRIBE, SUMMARIZE, SHOW TABLES) would do; nothing else is answered here"
        )
    _own_tables(found[0], tables)
    return sql


def _own_tables(statement: exp.Expr, tables: Collection[str]) -> None:
    named = {cte.alias_or_name for cte in statement.find_all(exp.CTE)}
    if odd := next((name for name in named if not _NAME.fullmatch(name)), None):
        raise BadQuery(f"WITH {odd!r}: a name of letters, digits and _ would do")
    for table in statement.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            if not isinstance(table.this, _MADE):
                raise BadQuery(
                    f"{table.this.sql(dialect='duckdb')[:80]}: functions that are tables are closed here"
                )
        elif table.db or table.catalog:
            raise BadQuery(f"{table.sql(dialect='duckdb')[:80]}: write the table's name alone")
        elif table.name.lower() not in tables and table.name not in named:
            raise BadQuery(f"there is no table {table.name[:80]!r} here; SHOW TABLES lists them")
