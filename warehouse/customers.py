"""Customers, found by any of their ids."""

from __future__ import annotations

from warehouse.lake import Lake


def find_customer(lake: Lake, any_id: str) -> str | None:
    """The id of the customer known under any id, or None."""
    return customer_of(lake, any_id) or customer_of_message(lake, any_id)


def customer_of(lake: Lake, id: str) -> str | None:
    """The customer with this id, or whose session or identity it is; None where nobody's."""
    for find in (_by_customer, _by_session, _by_identity):
        if (customer_id := find(lake, id)) is not None:
            return customer_id
    return None


def customer_of_message(lake: Lake, message_id: str) -> str | None:
    """The customer of an event; all days may have to be read for it."""
    return _first(lake, _OF_MESSAGE, message_id)


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


def _first(lake: Lake, sql: str, value: str) -> str | None:
    rows = lake.query(sql, [value])
    return str(rows[0][0]) if rows else None


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
