"""Whose an event is: the customer, the session, the device, the user or the group behind it.

An event belongs to the customer of its device, but during a session of somebody else's on that device to the
customer of that session. Such sessions are few, so they alone are matched with events one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from warehouse.insights.fields import IN_SESSION, Field, alias
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
    fields: Sequence[Field],
    groups: Mapping[str, str],
    bind: Callable[[Any], str],
) -> tuple[str, str]:
    """(WITH …, joins) that find the session `v` and the customer `p` of the event `e`, as they are asked for.

    `fields`: those of customers that are looked at; `groups`: the SELECT of their members by column.
    """
    range_ = {"project": project, "since": bind(period.since), "until": bind(period.until)}
    tables, joins = "", ""
    if customer:
        owned = statement("insights/owned", project=project)
        tables = f"WITH {statement('insights/abroad', owned=owned, seq=seq, **range_)}"
        joins += _people(project, fields, groups, bind)
    if session:
        joins += statement("insights/visits", **range_)
    return tables, joins


def _people(
    project: str, fields: Sequence[Field], groups: Mapping[str, str], bind: Callable[[Any], str]
) -> str:
    """The join of customers, with no more of them than is looked at."""
    names = dict.fromkeys(one.attribute for one in fields if one.attribute)
    shown, joined = "", ""
    if any(one.attribute is None and one.group is None for one in fields):
        shown += ", c.* EXCLUDE (project, customer_id)"
        joined += "JOIN customers AS c ON c.customer_id = i.customer_id AND c.project = i.project\n"
    if names:
        values = "".join(
            f",\n        max(a.value ->> '$') FILTER (a.name = {bind(name)}) AS \"{alias(name)}\""
            for name in names
        )
        shown += ", a.* EXCLUDE (of_customer)"
        joined += statement("insights/attributes", project=project, values=values)
    for number, (column, members) in enumerate(groups.items()):
        shown += f', g{number}.customer_id IS NOT NULL AS "{column}"'
        joined += f"LEFT JOIN (\n{members}) AS g{number} ON g{number}.customer_id = i.customer_id\n"
    return statement("insights/people", project=project, shown=shown, joined=joined)
