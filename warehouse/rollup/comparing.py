"""Whether the roll-up says what the events say."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from warehouse.lake import Lake
from warehouse.rollup.filling import rolled_until
from warehouse.statements import statement

MOST: Final = 100


class Difference(msgspec.Struct, frozen=True):
    """Of a day and name, type * for all together: how many events the roll-up has, and how many there are."""

    project: str
    day: date
    type: str
    event: str | None
    rolled: int
    events: int


def differences(lake: Lake) -> list[Difference]:
    """The first hundred differences; none while it is being filled anew. Call it inside a transaction, or
    where nobody writes.
    """
    until = rolled_until(lake)
    if until is None:
        return []
    return [Difference(*row) for row in lake.query(statement("rollup/differences", until=until, most=MOST))]
