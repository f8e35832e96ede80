"""Which events are meant: their name, and what their fields hold."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Operator = Literal[
    "=",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "in",
    "not in",
    "contains",
    "not contains",
    "matches",
    "is set",
    "is not set",
]
Scalar = str | float | bool

TYPES: Final = ("track", "page", "screen", "identify", "group", "alias")


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One condition. `field`: see `fields`; `value`: a list for `in`, nothing for `is set`.

    Texts are compared exactly, `contains` without regard to case, `matches` is RE2. A number compares as
    one, also where the field holds it as text. What is not there is neither greater nor less than anything,
    and differs from every value.
    """

    field: str
    op: Operator
    value: Scalar | tuple[Scalar, ...] | None = None


class Selector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Events of one name. `event`: name of a track; `page:NAME`, `screen:NAME`, `identify:*`; `*`: all."""

    event: str
    where: tuple[Filter, ...] = ()

    @property
    def kind(self) -> tuple[str | None, str | None]:
        """(type, name), None where any will do."""
        type, colon, name = self.event.partition(":")
        if self.event == "*":
            return None, None
        if not colon or type not in TYPES:
            return "track", self.event
        return type, None if name == "*" else name

    @property
    def title(self) -> str:
        """As people write it."""
        return self.event if not self.where else f"{self.event} where {' and '.join(map(_told, self.where))}"


def _told(one: Filter) -> str:
    if one.value is None:
        return f"{one.field} {one.op}"
    return f"{one.field} {one.op} {msgspec.json.encode(one.value).decode()}"
