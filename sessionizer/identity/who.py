"""Who was an id on a day: the customer to whom it belonged then, by the time of events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from sessionizer.identity.lives import bare
from warehouse.lake import Lake
from warehouse.times import iso_time


class Who(msgspec.Struct, frozen=True):
    """`customer_id` belonged to the id at the moment asked, `because`: a visit of a user, the rule of an
    interval (first_user, nobody, last_user), `life` for an id that ended or began again by its time to live,
    or `always` for one that never meant anybody else. Before its first event an id was nobody: `unseen`,
    without a customer.
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
    in which it is known, the oldest first, none where it is not. Of several lives of an id it is the one that
    had begun last by then. `at` has a time zone.
    """
    with lake.transaction():
        rows = lake.records(_IDS, {"value": value})
        lives: dict[tuple[object, str], list[dict[str, Any]]] = {}
        for row in rows:
            lives.setdefault((row["project"], bare(str(row["kind"]))), []).append(row)
        return [_answer(lake, _living(rows, at), at, several=len(rows) > 1) for rows in lives.values()]


def _living(lives: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    """The life of an id at a moment; before all of them the first."""
    begun = [life for life in lives if life["first_seen"] <= at]
    return max(begun, key=lambda life: int(life["life"] or 1)) if begun else lives[0]


def _answer(lake: Lake, row: dict[str, Any], at: datetime, *, several: bool) -> Who:
    known = (row["project"], row["kind"], row["value"], iso_time(at))
    if at < row["first_seen"]:
        return Who(*known, None, "unseen")
    moment = {"key": row["identity_key"], "at": at}
    visits = lake.query(_VISIT, moment) if row["kind"] == "anonymous_id" else []
    for customer_id, user_id in visits:
        return Who(*known, customer_id, "visit", user_id)
    for customer_id, rule in lake.query(_INTERVAL, moment):
        return Who(*known, customer_id, rule)
    return Who(*known, row["customer_id"], "life" if several else "always")


_IDS = """
    SELECT project, kind, value, identity_key, customer_id, first_seen, life
    FROM identities LEFT JOIN identity_lives USING (project, identity_key)
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
