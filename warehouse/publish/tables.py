"""What can be published: each table's key, what it is made of, and what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import msgspec

from warehouse.schema_docs import whole_tables


class Table(msgspec.Struct, frozen=True):
    """A table as it stands outside; the SELECT that makes it is sql/publish/<name>.sql.

    `key`: columns that name a row. `reads`: the lake's tables that it is made of; its columns mean what those
    of its own name or of the first mean, unless `notes` say otherwise. `masked`: text columns in which
    personal values may stand. `month`: the day by whose months its files are cut.
    """

    name: str
    about: str
    key: tuple[str, ...]
    reads: tuple[str, ...]
    masked: tuple[str, ...] = ()
    month: str | None = None
    notes: Mapping[str, str] = msgspec.field(default_factory=dict)


_CUSTOMER: Final = "c_... the customer as of now; null where nobody is known"
TABLES: Final = (
    Table(
        "sessions",
        "One row per visit.",
        ("session_id",),
        ("sessions", "identities"),
        ("device_id", "user_id", "referrer"),
        "session_day",
        {"customer_id": _CUSTOMER},
    ),
    Table("customers", "One row per customer.", ("customer_id",), ("customers",)),
    Table(
        "customer_attributes",
        "One row per attribute of a customer.",
        ("project", "customer_id", "name"),
        ("customer_attributes",),
        ("value",),
        notes={"value": "the value as text", "number": "the value where it is a number"},
    ),
    Table(
        "identities",
        "One row per id: what joins ids of other systems to customers.",
        ("identity_key",),
        ("identities",),
        ("value",),
    ),
    Table(
        "daily",
        "One row per day, type and name of events; type * counts all of them together. Without robots.",
        ("project", "day", "type", "event"),
        ("daily", "identities"),
        month="day",
        notes={
            "day": "day (UTC)",
            "event": "name of the events; empty in rows of type *",
            "customers": "number of different customers",
        },
    ),
    Table(
        "tag_members",
        "One row per stay of a customer in a tag.",
        ("project", "tag", "customer_id", "entered_at"),
        ("tag_members",),
    ),
    Table(
        "cohort_members",
        "One row per stay of a customer in a saved cohort.",
        ("project", "cohort", "customer_id", "entered_at"),
        ("cohort_members", "identities"),
        notes={"customer_id": _CUSTOMER},
    ),
    Table(
        "orders",
        "One row per imported order, as it is now.",
        ("project", "source_system", "order_id"),
        ("events", "identities"),
    ),
    Table(
        "leads",
        "One row per imported lead, as it is now.",
        ("project", "source_system", "lead_id"),
        ("events", "identities"),
    ),
    Table(
        "deals",
        "One row per imported deal, as it is now.",
        ("project", "source_system", "deal_id"),
        ("events", "identities"),
    ),
    Table(
        "events",
        "One row per event of the last days.",
        ("load_seq",),
        ("events", "identities"),
        ("anonymous_id", "user_id", "page_url", "page_title", "properties"),
        "event_day",
        {"customer_id": "c_... the customer of its device, or of its user where it names no device"},
    ),
)
EVENTS: Final = "events"


def named(names: tuple[str, ...]) -> list[Table]:
    """The tables of these names, in the order in which they are published."""
    return [table for table in TABLES if table.name in names]


def meaning(table: Table) -> Mapping[str, str]:
    """What each column means, by its name."""
    return {**_said()[table.reads[0]], **_said().get(table.name, {}), **table.notes}


@cache
def _said() -> Mapping[str, Mapping[str, str]]:
    return {one.name: {column.name: column.comment for column in one.columns} for one in whole_tables()}
