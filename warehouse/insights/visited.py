"""Sessions as a question sees them: whose each is, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from warehouse.insights.asked import Asked
from warehouse.insights.errors import BadQuestion
from warehouse.insights.fields import field
from warehouse.statements import statement
from warehouse.times import iso

DIRECT: Final = "Direct"
# As in `people.sql`: of another customer than the device's own is only who was signed in on it.
_CUSTOMER: Final = """CASE
        WHEN own.customer_id IS NULL THEN hash(v.subject_key)
        ELSE hash(coalesce(theirs.customer_id, own.customer_id))
    END"""
_OWNER: Final = {
    "customer": (_CUSTOMER, "TRUE"),
    "device": ("hash(v.subject_key)", "TRUE"),
    "user": ("hash(v.user_id)", "v.user_id IS NOT NULL"),
    "session": ("hash(v.session_id)", "TRUE"),
}
_NAMED: Final = {
    "campaign": "campaign_name",
    "source": "campaign_source",
    "medium": "campaign_medium",
    "landing_page": "entry_page",
}
_HOST: Final = "nullif(regexp_extract(v.referrer, '^[A-Za-z][A-Za-z0-9+.-]*://([^/?#:]+)', 1), '')"


def touch(name: str) -> str:
    """SQL: what a session `v` is called in a journey: channel, campaign, source, medium, referrer (its host),
    landing_page, or any column of sessions. UnknownName offers those that are written nearly so.
    """
    if name == "referrer":
        return _HOST
    column = _NAMED.get(name, name.removeprefix("session."))
    field(f"session.{column}")
    return f'v."{column}"::VARCHAR'


def visited(asked: Asked, columns: Mapping[str, str], *, earlier: int = 0) -> str:
    """SELECT of the sessions that began in the period, or up to `earlier` µs before: `owner`, `moment` (µs
    UTC), and these columns, in which the session is `v`. BadQuestion where the unit has no sessions.
    """
    unit, bind, period = asked.question.unit, asked.values.bind, asked.period
    if unit not in _OWNER:
        raise BadQuestion(f"unit {unit!r} has no sessions of its own; {', '.join(_OWNER)} would do")
    owner, having = _OWNER[unit]
    since = max(0, period.since - earlier)
    shown = {"owner": owner, "moment": "epoch_us(v.started_at)", **columns}
    return statement(
        "insights/visited",
        columns=",\n    ".join(f"{sql} AS {name}" for name, sql in shown.items()),
        project=bind(asked.project),
        first_day=iso(since)[:10],
        last_day=iso(period.until - 1)[:10],
        since=bind(since),
        until=bind(period.until),
        having=having,
    )
