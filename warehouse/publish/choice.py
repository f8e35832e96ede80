"""What of the lake goes to a destination, and how."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from warehouse.insights.errors import unknown
from warehouse.lake import Lake
from warehouse.publish.errors import BadDestination
from warehouse.publish.tables import EVENTS, TABLES

DAYS: Final = 30
MOST_DAYS: Final = 4_000
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,47}")
USUAL: Final = tuple(table.name for table in TABLES if table.name != EVENTS)


class Choice(msgspec.Struct, frozen=True):
    """`tables` by name; `segments`: names of tags and cohorts, empty: all; `personal`: e-mail addresses,
    phone numbers and the like as they are; `days`: how far back events go; `schema`: where in a database;
    `format` and `bom`: of files.
    """

    tables: tuple[str, ...] = USUAL
    segments: tuple[str, ...] = ()
    personal: bool = False
    days: int = DAYS
    schema: str = "sojourn"
    format: Literal["parquet", "csv"] = "parquet"
    bom: bool = False


def chosen(choice: Choice) -> Choice:
    """The same, checked. BadDestination, UnknownName."""
    known = [table.name for table in TABLES]
    for name in choice.tables:
        if name not in known:
            raise unknown("table", name, known)
    if not _SCHEMA.fullmatch(choice.schema):
        raise BadDestination(
            f"schema {choice.schema!r} will not do: small letters, digits and _ would, at most 48 of them"
        )
    if not 1 <= choice.days <= MOST_DAYS:
        raise BadDestination(f"days {choice.days} will not do; 1 to {MOST_DAYS} would")
    if choice.bom and choice.format != "csv":
        raise BadDestination("a byte order mark is for CSV; give --format csv with it")
    return choice


def require_segments(lake: Lake, names: Iterable[str]) -> None:
    """UnknownName where the lake has no tag or cohort of a name."""
    there = [
        name for (name,) in lake.query("SELECT tag FROM tags UNION SELECT cohort FROM cohorts ORDER BY 1")
    ]
    for name in names:
        if name not in there:
            raise unknown("tag or cohort", name, there)
