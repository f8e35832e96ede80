"""The SELECT that makes a published table, as of now or of a snapshot that is still there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from warehouse.access.masks import column, names
from warehouse.catalogs.text import quoted
from warehouse.publish.choice import Choice
from warehouse.publish.tables import Table
from warehouse.statements import statement

PERSONAL: Final = ("email", "phone", "ip", "name", "address")
_JSON: Final = ("properties", "value")


def select(table: Table, choice: Choice, now: int, version: int | None = None) -> str:
    """One SELECT; `now` in µs UTC, `version` the number of a snapshot."""
    masks = () if choice.personal else PERSONAL
    parts = {name: column(table.reads[0], name, _type(table, name), masks) for name in table.masked}
    return statement(
        f"publish/{table.name}",
        at="" if version is None else f"AT (VERSION => {version})",
        shown="TRUE" if choice.personal else f"NOT regexp_full_match(e.name, '{quoted(names(PERSONAL))}')",
        called="e.properties ->> '$.name'" if choice.personal else "NULL::VARCHAR",
        tags=_among("e.tag", choice),
        cohorts=_among("e.cohort", choice),
        since=_since(choice, now),
        **parts,
    )


def definition(table: Table, choice: Choice, now: int) -> str:
    """Equal texts where the same rows of the lake make the same rows outside."""
    return blake2b(select(table, choice, now).encode(), digest_size=16).hexdigest()


def _type(table: Table, name: str) -> str:
    return "JSON" if name in _JSON and table.name != "identities" else "VARCHAR"


def _among(name: str, choice: Choice) -> str:
    if not choice.segments:
        return "TRUE"
    texts = ", ".join(f"'{quoted(one)}'" for one in choice.segments)
    return f"{name} IN ({texts})"


def _since(choice: Choice, now: int) -> str:
    today = datetime.fromtimestamp(now // 1_000_000, UTC).date()
    return (today - timedelta(days=choice.days - 1)).isoformat()
