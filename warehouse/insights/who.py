"""The ids behind the keys of owners."""

from __future__ import annotations

from typing import Final

from warehouse.insights.asked import Asked

IDS: Final = {
    "customer": "SELECT hash(customer_id) AS owner, customer_id AS id FROM customers",
    "session": "SELECT hash(session_id) AS owner, session_id AS id FROM sessions",
    "device": "SELECT hash(identity_key) AS owner, value AS id FROM identities",
    "user": "SELECT DISTINCT hash(user_id) AS owner, user_id AS id FROM events",
    "group": "SELECT DISTINCT hash(group_id) AS owner, group_id AS id FROM events",
}


def who(asked: Asked) -> str:
    """SELECT of `owner` and `id` for the question's unit."""
    return f"{IDS[asked.question.unit]} WHERE project = {asked.values.bind(asked.project)}"
