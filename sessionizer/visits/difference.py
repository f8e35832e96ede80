"""The same events cut by two sets of rules, and why the numbers of sessions differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from sessionizer.sessions import VisitRules, read_moments
from sessionizer.statements import run
from sessionizer.visits.cut import Why
from sessionizer.visits.finding import found_in_all
from sessionizer.visits.rules import SessionRules
from sessionizer.visits.stream import Longs
from sessionizer.visits.successes import Success
from sessionizer.visits.summary import bounced
from warehouse.lake import Lake

_TEXTS: Final = {
    Why.GAP: "a pause",
    Why.DAY: "midnight",
    Why.SDK: "another session of the SDK",
    Why.USER: "another user",
    Why.CAMPAIGN: "another campaign",
    Why.REFERRER: "a page opened from another site",
    Why.ENDED: "an event that ends a session",
    Why.LENGTH: "the session was too long",
    Why.LONE: "a pause after a single event",
}


class Counted(msgspec.Struct, frozen=True):
    """What one set of rules gives; `uncounted` events make no session, `pageless` sessions are left out."""

    rules: str
    sessions: int
    events: int
    uncounted: int
    pageless: int
    bounced: int
    pages_per_session: float
    minutes: float


class Difference(msgspec.Struct, frozen=True):
    """`both`: sessions that begin with the same event. `only_a`, `only_b`: why others begin -> how many."""

    first_day: date
    last_day: date
    a: Counted
    b: Counted
    both: int
    only_a: dict[str, int]
    only_b: dict[str, int]


def difference(
    lake: Lake,
    a: SessionRules,
    b: SessionRules,
    successes: Sequence[Success],
    first_day: date,
    last_day: date,
) -> Difference:
    """Cut the events of these days (UTC, both included) both ways; a session is cut off at their ends."""
    asked = next((rules for rules in (a, b) if rules.sdk_sessions), a)
    read_moments(lake, VisitRules(asked, tuple(successes)))
    run(lake, "days", first_day=first_day.isoformat(), last_day=last_day.isoformat())
    ((events,),) = lake.query("SELECT count(*) FROM whole")
    found = found_in_all(lake, (a, b), events)
    (of_a, told_a), (of_b, told_b) = (_counted(*one, events) for one in zip((a, b), found, strict=True))
    same = np.isin(told_a["opening"], told_b["opening"])
    other = ~np.isin(told_b["opening"], told_a["opening"])
    only_a, only_b = _why(told_a["why"][~same]), _why(told_b["why"][other])
    return Difference(first_day, last_day, of_a, of_b, int(same.sum()), only_a, only_b)


def _counted(rules: SessionRules, visits: pa.Table, events: int) -> tuple[Counted, dict[str, Any]]:
    told = {name: visits[name].to_numpy() for name in ("opening", "why", "events", "pages")}
    keep = told["pages"] > 0 if rules.needs_page else np.ones(len(visits), dtype=bool)
    told = {name: column[keep] for name, column in told.items()}
    kept = visits.filter(pa.array(keep))
    sessions = len(kept)
    counted = Counted(
        rules.name,
        sessions,
        int(told["events"].sum()),
        events - int(told["events"].sum()),
        len(visits) - sessions,
        int(bounced(kept).sum()),
        round(float(told["pages"].sum()) / max(sessions, 1), 3),
        round(float(kept["lasted"].to_numpy().sum()) / 6e7 / max(sessions, 1), 3),
    )
    return counted, told


def _why(reasons: Longs) -> dict[str, int]:
    """Beginnings by reason; one of two reasons is told by both, one that the other rules left out by none."""
    told = {text: int((reasons & int(why) != 0).sum()) for why, text in _TEXTS.items()}
    first = int((reasons == int(Why.FIRST)).sum())
    told["the first event of a device"] = first
    return {text: number for text, number in told.items() if number}
