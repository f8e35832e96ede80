"""Rows of another system since the last time, in portions, by dlt."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from sdk_contract.times import micros
from warehouse.connectors.definition import CURSOR, Opened, Table, fill
from warehouse.connectors.errors import BadConnection, SourceAway
from warehouse.imports.blocks import BLOCK_ROWS, Block

PORTION: Final = 5 * BLOCK_ROWS
_SAMPLE: Final = 1_000
_QUIET: Final = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__REQUEST_MAX_ATTEMPTS": "3",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
}
Cursor = str | int | float
_encode = msgspec.json.Encoder(order="sorted").encode


class Rows(msgspec.Struct, frozen=True):
    """A portion of fetched rows, in the place of a file: nothing is written of them before it is treated."""

    path: Path
    columns: list[str]
    portion: Block
    digest: str
    encoding: str | None = None
    delimiter: str | None = None

    def blocks(self, first: int = 0) -> Iterator[Block]:
        """Its rows in blocks, from number `first` on."""
        rows = self.portion.rows
        for number in range(first, -(-len(rows) // BLOCK_ROWS)):
            part = slice(number * BLOCK_ROWS, (number + 1) * BLOCK_ROWS)
            columns = {name: column[part] for name, column in self.portion.columns.items()}
            yield Block(number, rows[part], columns)

    def sample(self) -> dict[str, list[Any]]:
        """The first values of each column."""
        return {name: column[:_SAMPLE] for name, column in self.portion.columns.items()}


def fetched(opened: Opened, after: Cursor | None, columns: list[str]) -> Iterator[Rows]:
    """What has come since the cursor `after`, in portions; `columns` are there even where no row has them.

    BadConnection without the extra, SourceAway where the system does not answer.
    """
    rows, done = _rows(opened, after), 0
    while portion := _taken(opened, rows):
        names = list(dict.fromkeys([*columns, *(name for row in portion for name in row)]))
        block = Block(
            0,
            list(range(done + 1, done + 1 + len(portion))),
            {name: [row.get(name) for row in portion] for name in names},
        )
        done += len(portion)
        digest = hashlib.sha256(_encode([block.rows[0], block.columns])).hexdigest()
        yield Rows(Path(opened.name), names, block, digest)


def newest(rows: Rows, field: str, before: Cursor | None) -> Cursor | None:
    """The greatest value of the cursor's field, or the one before. BadConnection where no row has it."""
    values = [value for value in rows.portion.columns.get(field, ()) if value is not None]
    if not values:
        raise BadConnection(
            f"no row has the cursor's field {field!r}; there is {', '.join(rows.columns[:12])}"
        )
    found: Cursor = max(values)
    return found if before is None or type(before) is not type(found) or found > before else before  # type: ignore[operator]


def _taken(opened: Opened, rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        return list(islice(rows, PORTION))
    except BadConnection:
        raise
    except Exception as error:  # of whatever library: the text may quote the address
        said = opened.quiet(str(error)).splitlines() or [""]
        raise SourceAway(f"connection {opened.name}: {type(error).__name__}: {said[0][:300]}") from None


def _rows(opened: Opened, after: Cursor | None) -> Iterator[dict[str, Any]]:
    os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
    try:
        dlt = import_module("dlt")
        connection = opened.connection
        if connection.sql is not None:
            found = _of_table(dlt, connection.sql, connection.cursor, after)
        else:
            found = _of_rest(connection.rest or {}, after)
    except ImportError as error:
        raise BadConnection(
            f"{error.name} is not installed; `pip install 'sojourn[connectors]'` would do"
        ) from None
    for one in found:
        yield from (flat(row) for row in (one if isinstance(one, list) else [one]))


def _of_table(dlt: Any, table: Table, cursor: str | None, after: Cursor | None) -> Iterator[Any]:
    databases = import_module("dlt.sources.sql_database")
    since = None
    if cursor is not None:
        value = (_moment(after) or after) if isinstance(after, str) else after
        since = dlt.sources.incremental(
            cursor, initial_value=value, row_order="asc", on_cursor_value_missing="include"
        )
    names = list(table.columns) or None
    resource = databases.sql_table(
        credentials=table.url, table=table.table, schema=table.schema, included_columns=names,
        incremental=since, chunk_size=BLOCK_ROWS, reflection_level="minimal",
    )  # fmt: skip
    yield from resource


def _of_rest(rest: dict[str, Any], after: Cursor | None) -> Iterator[Any]:
    source = import_module("dlt.sources.rest_api")
    text = "" if after is None else str(after)
    moment = _moment(text)
    if moment is not None and moment.tzinfo is not None:
        text = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    milliseconds = text if moment is None else str(micros(moment) // 1000)
    filled = fill(rest, dict(zip(CURSOR, (text, milliseconds), strict=True)))
    (resource, *others) = source.rest_api_resources(filled)
    if others:
        raise BadConnection("rest has several resources; one a connection would do")
    yield from resource


def flat(row: dict[str, Any], before: str = "") -> dict[str, Any]:
    """A row with the fields of its objects under their paths, and plain values."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= flat(value, f"{before}{name}.")
        else:
            found[before + name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | list | None) else str(value)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
