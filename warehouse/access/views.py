"""The lake as somebody with a scope sees it: on their cursor every table's name stands for a view of it.

Temporary views come before the lake's tables when a name is looked up, so that pages, insights, SQL and
exports are bound alike, whatever they ask. Tables are treated by their columns: one that cannot be tied to a
customer or project in scope is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from warehouse.access.masks import column
from warehouse.access.scope import Scope
from warehouse.catalogs.text import quoted
from warehouse.lake import Lake
from warehouse.statements import statement

# The column that ties a table to what is in scope -> the condition, the surest first.
_TIES: Final = {
    "customer_id": "e.customer_id IN (SELECT customer_id FROM temp.scope_customers)",
    "left_customer": "e.left_customer IN (SELECT customer_id FROM temp.scope_customers) "
    "AND e.right_customer IN (SELECT customer_id FROM temp.scope_customers)",
    "identity_key": "e.identity_key IN (SELECT identity_key FROM temp.scope_ids)",
    "visitor_key": "e.visitor_key IN (SELECT identity_key FROM temp.scope_ids)",
    "left_key": "e.left_key IN (SELECT identity_key FROM temp.scope_ids) "
    "AND e.right_key IN (SELECT identity_key FROM temp.scope_ids)",
    "session_id": "e.session_id IN (SELECT session_id FROM temp.sessions)",
}
# What is of nobody: where the stages stand, which migrations ran.
_OPEN: Final = ("cursors", "schema_migrations")
# What is said about customers and names none of them.
_SAID: Final = ("tags", "cohorts")


def confine_to(lake: Lake, scope: Scope) -> None:
    """From now on this cursor sees what is in scope and nothing else under the tables' own names."""
    if scope.everything:
        return
    tables = _tables(lake)
    _view(lake, "scope_customers", statement("access/customers", conditions=_conditions(scope)))
    _view(lake, "scope_ids", "SELECT identity_key FROM lake.identities WHERE customer_id IN "
          "(SELECT customer_id FROM temp.scope_customers)")  # fmt: skip
    _view(lake, "scope_mixed", statement("access/mixed"))
    for name in sorted(tables, key=lambda name: name != "sessions"):
        _view(lake, name, _seen(name, tables[name], scope))
    lake.scoped, lake.bounded = True, bool(scope.attributes)


def _seen(name: str, columns: Mapping[str, str], scope: Scope) -> str:
    """The SELECT that stands for a table."""
    shown = ", ".join(column(name, one, type, scope.masks) for one, type in columns.items())
    if name == "events" and scope.attributes:
        return statement("access/events", columns=shown)
    return (
        f"SELECT {shown} FROM lake.{name} AS e WHERE {' AND '.join(_bounds(name, columns, scope)) or 'TRUE'}"
    )


def _bounds(name: str, columns: Mapping[str, str], scope: Scope) -> Iterator[str]:
    if name in _OPEN:
        return
    if scope.projects:
        yield f"e.project IN ({_list(scope.projects)})" if "project" in columns else _tied(columns)
    if scope.attributes and name not in _SAID:
        yield _tied(columns)


def _tied(columns: Mapping[str, str]) -> str:
    return next((_TIES[one] for one in _TIES if one in columns), "FALSE")


def _conditions(scope: Scope) -> str:
    found = [f"AND c.project IN ({_list(scope.projects)})"] if scope.projects else []
    for name, values in scope.attributes.items():
        found.append(statement("access/attribute", attribute=_list([name]), values=_list(values)))
    return "\n".join(found)


def _tables(lake: Lake) -> dict[str, dict[str, str]]:
    """Each table of the lake with its columns and their types."""
    found: dict[str, dict[str, str]] = {}
    rows = lake.query(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'lake' AND schema_name = 'main' ORDER BY table_name, column_index"
    )
    for table, name, type in rows:
        found.setdefault(table, {})[name] = type
    return found


def _view(lake: Lake, name: str, sql: str) -> None:
    lake.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")


def _list(texts: Sequence[str]) -> str:
    return ", ".join(f"'{quoted(text)}'" for text in texts)
