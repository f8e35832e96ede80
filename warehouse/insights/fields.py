"""What a question can look at: columns, properties, traits, sessions, customers."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import msgspec

from warehouse.catalogs.text import quoted
from warehouse.insights.errors import BadQuestion, unknown
from warehouse.schema_docs import whole_tables

Source = str  # "event", "session" or "customer"
JSON_COLUMNS: Final = ("properties", "traits", "context", "integrations", "extra", "uncleaned")
# A row that is not there would be greater than all others.
IN_SESSION: Final = (
    "(v.session_id IS NOT NULL AND (e.timestamp, e.message_id) <= (v.ended_at, v.last_message_id))"
)
_LONGEST: Final = 400
_GROUP: Final = re.compile(r"(tag|cohort)(?:\s*:\s*|\.)(\S.*)", re.DOTALL)
_NO_NUMBERS: Final = ("TIMESTAMPTZ", "DATE", "VARCHAR", "BOOLEAN")


class Field(msgspec.Struct, frozen=True):
    """One field as SQL: its text, and its number where it is one; `source`: which row it is of.

    `attribute`: the name of the customer's attribute that has to be joined as `alias`; `group`: the tag or
    cohort (kind, name) whose members have to be.
    """

    name: str
    source: Source
    text: str
    number: str
    attribute: str | None = None
    group: tuple[str, str] | None = None


def field(name: str) -> Field:
    """A field by its name. UnknownName offers those that are written nearly so.

    `country`: a column of events. `properties.price`, `traits.plan`, `context.device.model`: inside JSON
    (names that hold dots: `properties/a.b/c`). `session.channel`: of the event's session. `customer.plan`: an
    attribute of the customer, or a column of customers. `tag: NAME`, `cohort: NAME`: whether the customer is
    in it, true or false.
    """
    if not name or len(name) > _LONGEST or "\x00" in name:
        raise BadQuestion(f"a field's name has 1 to {_LONGEST} letters; {name[:40]!r} will not do")
    if found := _GROUP.fullmatch(name):
        return _of_group(name, found[1], found[2])
    head, mark, rest = _parted(name)
    if head in JSON_COLUMNS:
        return _of("event", name, _inside(f"e.{head}", mark, rest) if rest else f"e.{head}::VARCHAR")
    if head == "session" and rest:
        return _column("session", name, rest, "v", "sessions")
    if head == "customer" and rest:
        return _of_customer(name, rest)
    return _column("event", name, name, "e", "events")


def _parted(name: str) -> tuple[str, str, str]:
    at = min((at for at in (name.find("."), name.find("/")) if at >= 0), default=len(name))
    return name[:at], name[at : at + 1], name[at + 1 :]


def _inside(column: str, mark: str, path: str) -> str:
    """A value inside JSON, by a JSON pointer that is written into the statement: as a parameter it would be
    read again for each row.
    """
    parts = (
        [path] if mark == "/" else [part.replace("~", "~0").replace("/", "~1") for part in path.split(".")]
    )
    return f"json_extract_string({column}, '/{quoted('/'.join(parts))}')"


def _of(source: Source, name: str, text: str) -> Field:
    return Field(name, source, text, f"TRY_CAST({text} AS DOUBLE)")


def _column(source: Source, name: str, column: str, alias: str, table: str) -> Field:
    types = _types(table)
    if column not in types:
        others = (f"{source}.{one}" if source != "event" else one for one in types)
        raise unknown("field", name, [*others, *(f"{one}.NAME" for one in JSON_COLUMNS[:3])])
    at = f'{alias}."{column}"'
    if source == "session":
        at = f"(CASE WHEN {IN_SESSION} THEN {at} END)"
    number = f"TRY_CAST({at}::VARCHAR AS DOUBLE)" if types[column] in _NO_NUMBERS else f"{at}::DOUBLE"
    return Field(name, source, f"{at}::VARCHAR", number)


def _of_customer(name: str, rest: str) -> Field:
    if rest in _types("customers"):
        return _column("customer", name, rest, "p", "customers")
    return Field(name, "customer", f'p."{alias(rest)}"', f'TRY_CAST(p."{alias(rest)}" AS DOUBLE)', rest)


def _of_group(name: str, kind: str, group: str) -> Field:
    inside = f'coalesce(p."{alias(f"{kind} {group}")}", FALSE)'
    return Field(name, "customer", f"{inside}::VARCHAR", f"{inside}::INTEGER::DOUBLE", group=(kind, group))


def alias(attribute: str) -> str:
    """The name under which a customer's attribute stands in the statement."""
    return "attribute " + attribute.replace('"', '""')


@cache
def _types(table: str) -> dict[str, str]:
    (found,) = (one for one in whole_tables() if one.name == table)
    return {column.name: column.type for column in found.columns}
