"""A customer's sessions and where their events lie, for those who read both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from warehouse.customers import find_customer
from warehouse.lake import Lake
from warehouse.sieve import named
from warehouse.statements import statement

_EPOCH: Final = date(1970, 1, 1)
_DAY_US: Final = 86_400_000_000
EVER: Final = 1 << 62


class Identity(msgspec.Struct, frozen=True):
    """One id of a customer: `kind` as in `identities`; `key` is its identity_key."""

    project: str
    key: int
    kind: str
    value: str
    first_seen: datetime
    last_seen: datetime
    evidence: str


class Visit(msgspec.Struct, frozen=True):
    """One session. Times are µs UTC; `idle`: before it nothing happened on any device for so many µs; `near`:
    where it begins for whoever comes from a certain moment.
    """

    session_id: str
    subject_key: int
    device_id: str | None
    user_id: str | None
    started_at: int
    ended_at: int
    first_message_id: str
    last_message_id: str
    events: int | None
    channel: str | None
    idle: int | None
    near: int


def identities_of(lake: Lake, customer_id: str) -> list[Identity]:
    """The ids of a customer, the oldest first."""
    return [Identity(*row) for row in lake.query(statement("customers/identities"), [customer_id])]


def known_as(lake: Lake, any_id: str) -> tuple[str, list[Identity]] | None:
    """The customer known under an id of any kind, with all ids, or None where nobody is."""
    if any_id.startswith("c_") and (identities := identities_of(lake, any_id)):
        return any_id, identities
    customer_id = find_customer(lake, any_id)
    return None if customer_id is None else (customer_id, identities_of(lake, customer_id))


def sessions_of(identities: Sequence[Identity]) -> str:
    """SQL that gives the rows of a customer's sessions; without ids that of nobody."""
    keys = [one.key for one in identities] or [-1]
    return statement("customers/of_keys", among=named("identity_key", keys))


def during(visits: Sequence[Visit], columns: str, earliest: int = -EVER, latest: int = EVER) -> str:
    """SQL that reads what happened about these visits, between two moments (µs UTC), and little else.

    `columns` of `events`, as SQL.
    """
    of_subject: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for visit in visits:
        span = max(visit.started_at, earliest), min(visit.ended_at, latest)
        of_subject[visit.subject_key].append(span)
    if not visits:
        of_subject[-1] = [(0, -1)]
    return "UNION ALL\n".join(
        statement(
            "customers/during",
            columns=columns,
            days=_days(spans),
            subject=subject,
            opens=min(opens for opens, _ in spans),
            closes=max(closes for _, closes in spans),
        )
        for subject, spans in of_subject.items()
    )


def bounds(visits: Sequence[Visit]) -> Mapping[str, Any]:
    """Between which events each of these visits lies: parameters beside `during`."""
    return {
        "subjects": [visit.subject_key for visit in visits],
        "opens": [visit.started_at for visit in visits],
        "openings": [visit.first_message_id for visit in visits],
        "closes": [visit.ended_at for visit in visits],
        "closings": [visit.last_message_id for visit in visits],
    }


def _days(spans: Iterable[tuple[int, int]]) -> str:
    """The days, UTC, on which these spans (µs) lie, as SQL."""
    days = {day for opens, closes in spans for day in range(opens // _DAY_US, closes // _DAY_US + 1)}
    return ", ".join(f"DATE '{_EPOCH + timedelta(days=day)}'" for day in sorted(days)) or "NULL"
