"""Customers found by any id, by the beginning of one, or by what was said of them."""

from __future__ import annotations

from typing import Final

import msgspec

from warehouse.customers import customer_of, customer_of_message
from warehouse.lake import Lake
from warehouse.statements import statement

SHORTEST: Final = 3
MOST: Final = 50


class Hit(msgspec.Struct, frozen=True):
    """A customer, and by what they were found: a kind of id or the name of an attribute, and its value."""

    customer_id: str
    kind: str
    value: str


def find(lake: Lake, text: str, *, alike: bool = True) -> str | list[Hit]:
    """The customer known under an id, else with `alike` those whom `search` finds, none perhaps.

    Message ids come last: most texts lie among them, so that all days are read for one.
    """
    if known := customer_of(lake, text):
        return known
    hits = search(lake, text) if alike else []
    return hits or customer_of_message(lake, text) or []


def search(lake: Lake, text: str) -> list[Hit]:
    """At most MOST customers. `name: value` looks at the attribute of that name alone; a text shorter than
    three characters finds nobody.

    It reads columns of values and stops when it has found enough: what is exactly an id `find` finds.
    """
    name, colon, rest = (part.strip() for part in text.partition(":"))
    found = _found(lake, rest, name) if colon and name and rest else []
    return found or _found(lake, text, None)


def _found(lake: Lake, text: str, name: str | None) -> list[Hit]:
    if len(text) < SHORTEST and name is None:
        return []
    said = msgspec.json.encode(text).decode()
    # A number is not written between quotes; of a text the beginning will do.
    said = said[:-1] if not _is_number(text) else text
    asked = {"text": text, "name": name, "said": said}
    return [Hit(*row) for row in lake.query(statement("customers/search", limit=MOST), asked)]


def _is_number(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), int | float)
    except msgspec.DecodeError:
        return False
