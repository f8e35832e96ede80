"""Whose an event is: the customer, the session, the device, the user or the group behind it.

An event belongs to the customer of its device, but during a session of somebody else's on that device to the
customer of that session. Such sessions are few, so they alone are matched with events one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from warehouse.insights.fields import IN_SESSION, alias
from warehouse.insights.period import Period
from warehouse.statements import statement

# Unit -> (SQL of a 64-bit key of the owner, the condition that there is one).
OWNER: Final = {
    "customer": ("coalesce(p.customer, hash(e.subject_key))", ""),
    "device": ("hash(e.subject_key)", ""),
    "user": ("hash(e.user_id)", "e.user_id IS NOT NULL"),
    "session": ("hash(v.session_id)", IN_SESSION),
    "group": ("hash(e.group_id)", "e.group_id IS NOT NULL"),
}


def owners(
    project: str,
    period: Period,
    seq: str,
    *,
    session: bool,
    customer: bool,
    attributes: Sequence[str],
    bind: Callable[[Any], str],
) -> str:
    """The joins that find the session `v` and the customer `p` of the event `e`, as they are asked for."""
    since, until = bind(period.since), bind(period.until)
    found = ""
    if customer:
        names = dict.fromkeys(attributes)
        values = "".join(
            f",\n        max(a.value ->> '$') FILTER (a.name = {bind(name)}) AS \"{alias(name)}\""
            for name in names
        )
        found += statement(
            "insights/people",
            project=project,
            since=since,
            until=until,
            seq=seq,
            attributes=statement("insights/attributes", project=project, values=values) if names else "",
            shown="a.*" if names else "NULL AS nothing",
        )
    if session:
        found += statement("insights/visits", project=project, since=since, until=until)
    return found
