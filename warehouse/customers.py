"""A customer's timeline, found by any id: the ids that belong together, and what was done in which visit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from warehouse.lake import Lake
from warehouse.times import iso_time


class TimelineIdentity(msgspec.Struct, frozen=True):
    """`kind` is anonymous_id or user_id; `evidence` says what joined it to the customer."""

    kind: str
    value: str
    first_seen: str
    evidence: str


class TimelineAttribute(msgspec.Struct, frozen=True):
    """What is known of the customer: `value` is JSON text; `contradictory`: other values were said too."""

    name: str
    value: str
    rule: str
    source: str | None
    said_at: str
    values_seen: int
    contradictory: bool


class TimelineEvent(msgspec.Struct, frozen=True):
    """`properties`, `traits` and `context` are JSON text as sent."""

    message_id: str
    type: str
    event: str | None
    timestamp: str
    verdict: str
    user_id: str | None
    anonymous_id: str | None
    page_title: str | None
    page_path: str | None
    properties: str | None
    traits: str | None
    context: str | None


class TimelineSession(msgspec.Struct, frozen=True):
    """Times are ISO 8601, UTC; events are in the order in which they happened."""

    session_id: str
    device_id: str | None
    started_at: str
    ended_at: str
    events: list[TimelineEvent]


class Timeline(msgspec.Struct, frozen=True):
    """Identities from the oldest on, attributes by name, sessions over all devices from the oldest on."""

    customer_id: str
    identities: list[TimelineIdentity]
    sessions: list[TimelineSession]
    attributes: list[TimelineAttribute] = []


def timeline(lake: Lake, any_id: str) -> Timeline | None:
    """The timeline of the customer known under an id, or None where nobody is.

    An id is a customer, session, user, anonymous or message id; merged-away customers and sessions lead to
    what they became. Under several meanings of one text the first of that list counts, and among projects the
    oldest.
    """
    with lake.transaction():
        customer_id = find_customer(lake, any_id)
        if customer_id is None:
            return None
        rows = lake.query(_IDENTITIES, [customer_id])
        identities = [
            TimelineIdentity(kind, value, iso_time(seen), evidence) for _, kind, value, seen, evidence in rows
        ]
        sessions = list(_sessions(lake, [key for key, *_ in rows]))
        return Timeline(customer_id, identities, sessions, _attributes(lake, customer_id))


def _attributes(lake: Lake, customer_id: str) -> list[TimelineAttribute]:
    return [
        TimelineAttribute(name, value, rule, source, iso_time(said_at), seen, contradictory)
        for name, value, rule, source, said_at, seen, contradictory in lake.query(_ATTRIBUTES, [customer_id])
    ]


def find_customer(lake: Lake, any_id: str) -> str | None:
    """The id of the customer known under any id, or None."""
    for find in (_by_customer, _by_session, _by_identity, _by_message):
        customer_id = find(lake, any_id)
        if customer_id is not None:
            return customer_id
    return None


def follow(lake: Lake, ledger: str, old: str, new: str, id: str, owner: str) -> str | None:
    """What `owner` answers for an id, or for the first id it became that has an answer; None where none has.

    `owner` is one SELECT of one column with `?` for the id. The ledger is append-only, so the newest row
    counts, and an id that it retired may be in use again.
    """
    seen: set[str] = set()
    while id not in seen:
        if (found := _first(lake, owner, id)) is not None:
            return found
        seen.add(id)
        id = (
            _first(lake, f"SELECT {new} FROM {ledger} WHERE {old} = ? ORDER BY at_load_seq DESC LIMIT 1", id)
            or id
        )
    return None


def _by_customer(lake: Lake, any_id: str) -> str | None:
    if not any_id.startswith("c_"):
        return None
    return follow(lake, "customer_redirects", "old_customer_id", "customer_id", any_id, _OF_CUSTOMER)


def _by_session(lake: Lake, any_id: str) -> str | None:
    if not any_id.startswith("s_"):
        return None
    return follow(lake, "session_aliases", "old_session_id", "session_id", any_id, _OF_SESSION)


def _by_identity(lake: Lake, any_id: str) -> str | None:
    return _first(lake, _OF_IDENTITY, any_id)


def _by_message(lake: Lake, any_id: str) -> str | None:
    return _first(lake, _OF_MESSAGE, any_id)


def _first(lake: Lake, sql: str, value: str) -> str | None:
    rows = lake.query(sql, [value])
    return str(rows[0][0]) if rows else None


def _sessions(lake: Lake, keys: Sequence[int]) -> Iterator[TimelineSession]:
    """The sessions of some identities. Keys are given as values, so that the files' statistics count."""
    rows = lake.query(_SESSIONS.format(keys=", ".join(map(str, keys))))
    events = _events(lake, rows)
    for session_id, device_id, started_at, ended_at, *_ in rows:
        yield TimelineSession(
            session_id, device_id, iso_time(started_at), iso_time(ended_at), events[session_id]
        )


def _events(lake: Lake, sessions: list[tuple[Any, ...]]) -> dict[str, list[TimelineEvent]]:
    """Session id -> its events. Days and subjects are given as values, so that only their files are read."""
    found: dict[str, list[TimelineEvent]] = defaultdict(list)
    if not sessions:
        return found
    subjects = sorted({row[4] for row in sessions})
    days = sorted({day for row in sessions for day in row[-1]})
    sql = _EVENTS.format(
        days=", ".join(f"DATE '{day}'" for day in days), subjects=", ".join(map(str, subjects))
    )
    columns = list(zip(*sessions, strict=True))
    visits = [list(columns[at]) for at in (0, 4, 2, 3, 5, 6)]
    for session_id, moment, *values in lake.query(sql, visits):
        message_id, type, event, *rest = values
        found[session_id].append(TimelineEvent(message_id, type, event, iso_time(moment), *rest))
    return found


_OF_CUSTOMER = "SELECT customer_id FROM identities WHERE customer_id = ? LIMIT 1"

_OF_SESSION = """
    SELECT customer_id FROM sessions JOIN identities USING (project, identity_key) WHERE session_id = ?"""

_OF_IDENTITY = """
    SELECT customer_id FROM identities WHERE value = ?
    ORDER BY kind = 'user_id' DESC, first_load_seq LIMIT 1"""

_OF_MESSAGE = """
    WITH named AS (
        SELECT project, subject_key, timestamp, message_id, user_id, anonymous_id, load_seq
        FROM events WHERE message_id = ? ORDER BY load_seq LIMIT 1
    ),
    visited AS (
        SELECT sessions.project, identity_key
        FROM sessions JOIN named USING (project, subject_key)
        WHERE (named.timestamp, named.message_id)
            BETWEEN (started_at, first_message_id) AND (ended_at, last_message_id)
    )
    SELECT customer_id FROM identities JOIN visited USING (project, identity_key)"""

_IDENTITIES = """
    SELECT identity_key, kind, value, first_seen, evidence FROM identities
    WHERE customer_id = ? ORDER BY first_load_seq, identity_key"""

_ATTRIBUTES = """
    SELECT name, value::VARCHAR, rule, source, said_at, values_seen, contradictory
    FROM customer_attributes WHERE customer_id = ? ORDER BY name"""

_SESSIONS = """
    SELECT session_id, device_id, started_at, ended_at, subject_key, first_message_id, last_message_id,
        generate_series(started_at::DATE, ended_at::DATE, INTERVAL 1 DAY)::DATE[] AS days
    FROM sessions
    WHERE identity_key IN ({keys})
    ORDER BY started_at, session_id"""

_EVENTS = """
    WITH visits AS (
        SELECT unnest(?::VARCHAR[]) AS session_id, unnest(?::BIGINT[]) AS subject_key,
            unnest(?::TIMESTAMPTZ[]) AS started_at, unnest(?::TIMESTAMPTZ[]) AS ended_at,
            unnest(?::VARCHAR[]) AS first_message_id, unnest(?::VARCHAR[]) AS last_message_id
    ),
    happened AS (
        SELECT * FROM events WHERE event_day IN ({days}) AND subject_key IN ({subjects})
    )
    SELECT session_id, happened.timestamp, message_id, type, event, verdict, happened.user_id, anonymous_id,
        page_title, page_path, properties, traits, context
    FROM happened JOIN visits USING (subject_key)
    WHERE (happened.timestamp, message_id)
        BETWEEN (started_at, first_message_id) AND (ended_at, last_message_id)
    ORDER BY happened.timestamp, message_id, load_seq"""
