"""How findings are told: grouped, shortened, and with a question for `sojourn sql` to go on with."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from warehouse.quality.answer import Finding, Kind

SEVERITIES = ("error", "warning", "info")
_TOGETHER = 4


def kind_of(row: Any) -> Kind:
    return Kind(row.project, row.type, row.event)


def by_kind(rows: Iterable[Any], *more: str) -> Iterator[tuple[Kind, list[Any]]]:
    """Rows of each kind (and of equal `more`) together."""
    key = attrgetter("project", "type", "event", *more)

    def order(row: Any) -> str:
        return repr(key(row))

    for _, group in groupby(sorted(rows, key=order), order):
        found = list(group)
        yield kind_of(found[0]), found


def shortened(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; many of one sort on the same day are one."""
    grouped: dict[tuple[Any, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.severity, finding.kind, finding.project, finding.days[:1])
        grouped.setdefault(key, []).append(finding)
    told: list[Finding] = []
    for group in grouped.values():
        group.sort(key=lambda one: (-one.weight, one.what))
        told += [_together(group)] if len(group) > _TOGETHER else group
    return sorted(told, key=lambda one: (SEVERITIES.index(one.severity), one.kind, -one.weight, one.what))


def _together(group: list[Finding]) -> Finding:
    """The first few in words, the others as a number."""
    first, days = group[0], sorted({day for one in group for day in one.days})
    what = "; ".join(one.what for one in group[:3]) + f"; and {len(group) - 3} more of this sort"
    return Finding(
        first.severity, first.kind, first.project, what, tuple(days), first.look,
        sum(one.weight for one in group),
    )  # fmt: skip


def finding(
    severity: str, kind: str, of: Kind, what: str, days: list[Any], look: str, weight: float = 0.0
) -> Finding:
    shown = tuple(sorted(day.day for day in days))
    others = len(shown) - 1
    more = f" (and on {others} other day{'s' * (others > 1)})" if others and kind != "new" else ""
    return Finding(severity, kind, of.project, what + more, shown, look, weight)


def by_version(kind: Kind, day: date) -> str:
    """A question for `sojourn sql`: who sent these events that day and in the week before."""
    columns = "event_day, library_name, library_version, app_version"
    days = f"event_day BETWEEN '{day - timedelta(7)}' AND '{day}'"
    return _sql(kind, days, columns, "event_day DESC, n DESC")


def by_device(kind: Kind, day: date) -> str:
    """A question for `sojourn sql`: which devices sent most of these events that day."""
    return _sql(kind, f"event_day = '{day}'", "anonymous_id, user_agent", "n DESC")


def rejected_command(kind: Kind) -> str:
    """The command that lists why these events were refused."""
    event = [] if kind.event is None else ["--event", kind.event]
    return shlex.join(["sojourn", "rejected", "--project", kind.project, *event])


def _sql(kind: Kind, days: str, columns: str, order: str) -> str:
    name = f"event = {_text(kind.event)}" if kind.event is not None else f"type = {_text(kind.type or '')}"
    where = f"{days} AND project = {_text(kind.project)} AND {name}"
    return f"SELECT {columns}, count(*) AS n FROM events WHERE {where} GROUP BY ALL ORDER BY {order} LIMIT 50"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
