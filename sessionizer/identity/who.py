"""Who was an id on a day: the customer to whom it belonged then, by the time of events."""

from __future__ import annotations

from datetime import datetime

import msgspec

from warehouse.lake import Lake
from warehouse.times import iso_time


class Who(msgspec.Struct, frozen=True):
    """`customer_id` belonged to the id at the moment asked, `because`: a visit of a user, the rule of an
    interval (first_user, nobody, last_user), or `always` for an id that never meant anybody else. Before
    its first event an id was nobody: `unseen`, without a customer.
    """

    project: str
    kind: str
    value: str
    at: str
    customer_id: str | None
    because: str
    user_id: str | None = None


def who(lake: Lake, value: str, at: datetime) -> list[Who]:
    """What an id, such as an e-mail address or a device's, meant at a moment; a row for each project and kind
    in which it is known, the oldest first, none where it is not. `at` has a time zone.
    """
    with lake.transaction():
        rows = lake.records(_IDS, {"value": value})
        return [_answer(lake, row, at) for row in rows]


def _answer(lake: Lake, row: dict[str, object], at: datetime) -> Who:
    known = (str(row["project"]), str(row["kind"]), str(row["value"]), iso_time(at))
    first_seen = row["first_seen"]
    assert isinstance(first_seen, datetime)
    if at < first_seen:
        return Who(*known, None, "unseen")
    moment = {"key": row["identity_key"], "at": at}
    visits = lake.query(_VISIT, moment) if row["kind"] == "anonymous_id" else []
    for customer_id, user_id in visits:
        return Who(*known, customer_id, "visit", user_id)
    for customer_id, rule in lake.query(_INTERVAL, moment):
        return Who(*known, customer_id, rule)
    return Who(*known, str(row["customer_id"]), "always")


_IDS = """
    SELECT project, kind, value, identity_key, customer_id, first_seen FROM identities
    WHERE value = $value AND kind <> 'shared_device' ORDER BY first_load_seq, identity_key"""

_VISIT = """
    SELECT i.customer_id, s.user_id
    FROM sessions AS s JOIN identities AS i USING (project, identity_key)
    WHERE s.subject_key = $key AND s.user_id IS NOT NULL AND $at BETWEEN s.started_at AND s.ended_at
    ORDER BY s.started_at DESC, s.session_id LIMIT 1"""

_INTERVAL = """
    SELECT i.customer_id, v.rule
    FROM identity_intervals AS v
    JOIN identities AS i ON i.identity_key = v.owner_key
    WHERE v.identity_key = $key
        AND (v.valid_from IS NULL OR $at >= v.valid_from) AND (v.valid_to IS NULL OR $at < v.valid_to)"""
