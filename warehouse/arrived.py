"""What arrived lately: events by the minute, and who sent them. Only what was loaded since is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from warehouse.lake import Lake
from warehouse.statements import statement

MINUTE_US: Final = 60_000_000


class Wanted(msgspec.Struct, frozen=True):
    """Which events are meant; None and empty: all. `event` is a name or a type, `user` an id of either kind,
    `key` a write key's id, `sdk` a part of the name of the library or protocol.
    """

    event: str | None = None
    user: str | None = None
    key: str | None = None
    sdk: str | None = None
    verdicts: tuple[str, ...] = ()


class Minute(msgspec.Struct, frozen=True):
    """Events received in the minute from `at` (µs UTC) on: `refused` are neither ok nor warnings."""

    at: int
    ok: int
    warning: int
    refused: int


class Sender(msgspec.Struct, frozen=True):
    """The newest event of an SDK; `received_at` is µs UTC."""

    dialect: str
    sdk: str | None
    message_id: str
    event: str
    verdict: str
    reason: str | None
    pointer: str | None
    received_at: int


def minutes(lake: Lake, wanted: Wanted, until: int, count: int) -> list[Minute]:
    """The last `count` minutes before `until` (µs UTC), the oldest first, those without events too."""
    last = until // MINUTE_US * MINUTE_US
    first = last - (count - 1) * MINUTE_US
    asked = msgspec.structs.asdict(wanted) | {"verdicts": list(wanted.verdicts)}
    asked["sdk"] = wanted.sdk.lower() if wanted.sdk else None
    rows = lake.query(statement("live/minutes", arrived=_arrived(lake, first)), {"since": first, **asked})
    found = {row[0]: Minute(*row) for row in rows}
    return [found.get(at, Minute(at, 0, 0, 0)) for at in range(first, last + 1, MINUTE_US)]


def senders(lake: Lake, key: str, since: int) -> Sequence[Sender]:
    """The SDKs that used the write key `key` (its id) since a moment (µs UTC), the last one last."""
    sql = statement("live/senders", arrived=_arrived(lake, since))
    return [Sender(*row) for row in lake.query(sql, {"since": since, "key": key})]


def _arrived(lake: Lake, since: int) -> str:
    ((first,),) = lake.query(statement("live/since"), [since])
    return statement("live/arrived", first=first or 0)
