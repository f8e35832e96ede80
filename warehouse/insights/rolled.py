"""Which questions the roll-up answers: those it has the hours, names and owners for, while it is in step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from warehouse.insights.asked import Asked
from warehouse.insights.filters import Selector
from warehouse.insights.period import Period
from warehouse.rollup import rolled_until
from warehouse.statements import statement
from warehouse.times import iso

HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * HOUR_US
_KEY: Final = {
    "customer": "coalesce(e.visitor_key, -1)",
    "device": "coalesce(e.subject_key, e.visitor_key, -1)",
}
_SOME: Final = """
    SELECT EXISTS (
        FROM events
        WHERE project = ? AND event_day = ?::DATE AND is_bot IS NOT TRUE AND load_seq <= ?
            AND timestamp >= make_timestamptz(?) AND timestamp < make_timestamptz(?)
    )"""


def why_raw(
    asked: Asked, selectors: Sequence[Selector], *, raw: bool, beyond: str | None, begins: Sequence[int] = ()
) -> str | None:
    """Why events have to be read; None where the roll-up says the same. `raw`: they are asked for; `beyond`:
    what else of the question it does not know; `begins`: when the intervals begin that it counts by (µs UTC),
    also those beside the period.
    """
    if raw:
        return "asked for"
    return _beyond(asked, selectors, beyond) or _between_hours(asked, begins) or _out_of_step(asked)


def key(asked: Asked) -> str:
    """SQL of the key of the id whose a row `e` of the roll-up is; -1: of none."""
    return _KEY[asked.question.unit]


def owner(asked: Asked) -> tuple[str, str]:
    """(SQL of the key of whose a row `e` of the roll-up is, the join that it needs)."""
    if asked.question.unit != "customer":
        return key(asked), ""
    people = statement("insights/rolled_people", project=asked.values.bind(asked.project))
    return f"coalesce(p.customer, {key(asked)})", people


def happened(asked: Asked, columns: Mapping[str, str], having: str, *, local: str, earlier: int) -> str:
    """SELECT of the rows of the roll-up, as `Asked.happened` has events.

    Also `events`, how many a row is, and `local`, SQL of an `hour`.
    """
    bind, reach = asked.values.bind, hours(asked.period, earlier)
    whose, joins = owner(asked)
    return statement(
        "insights/rolled",
        owner=whose,
        joins=joins,
        local=local,
        columns=",\n    ".join(f"{sql} AS {name}" for name, sql in columns.items()),
        since=bind(reach.start),
        until=bind(reach.stop),
        having=f"{within(asked, reach)}\n    AND {having}",
    )


def names(asked: Asked, reach: range) -> str | None:
    """SELECT of the types and names of all events on the days of some hours that are no robot's, and of other
    ones perhaps; None where the roll-up does not know.
    """
    if asked.question.bots or _out_of_step(asked):
        return None
    return f"SELECT DISTINCT e.type, e.event FROM daily AS e WHERE {within(asked, reach)} AND e.type <> '*'"


def within(asked: Asked, reach: range) -> str:
    """SQL: the rows `e` of the roll-up of the question's project on the days of some hours."""
    first, last = (iso(hour * HOUR_US)[:10] for hour in (reach.start, reach.stop - 1))
    return (
        f"e.project = {asked.values.bind(asked.project)} AND e.day BETWEEN DATE '{first}' AND DATE '{last}'"
    )


def star(asked: Asked, one: Selector, *, apart: bool = False) -> str:
    """SQL: whether a row `e` of the roll-up is of these events. All of them together have rows of their own;
    not if they are to be told `apart`.
    """
    if one.kind != (None, None):
        return asked.is_one(one)
    return "e.type <> '*'" if apart else "e.type = '*'"


def hours(period: Period, earlier: int = 0, later: int = 0) -> range:
    """The hours since 1970 of a period, and of so many µs before it and after it."""
    return range((period.since - earlier) // HOUR_US, -(-(period.until + later) // HOUR_US))


def _beyond(asked: Asked, selectors: Sequence[Selector], more: str | None) -> str | None:
    """What of the question the roll-up does not know."""
    question = asked.question
    if question.where or any(one.where for one in selectors):
        return "it has filters"
    if more:
        return more
    if question.bots:
        return "it counts robots"
    return None if question.unit in _KEY else f"it counts by {question.unit}"


def _between_hours(asked: Asked, begins: Sequence[int]) -> str | None:
    period, zone = asked.period, ZoneInfo(asked.question.timezone)
    days = range(period.since, period.until + _DAY_US, _DAY_US)
    offsets = (datetime.fromtimestamp(at // 1_000_000, zone).utcoffset() for at in days)
    cut = any(offset is None or offset.seconds % 3_600 for offset in offsets)
    if cut or any(begin % HOUR_US for begin in begins):
        return f"days of {asked.question.timezone} do not begin with an hour of UTC"
    if _some(asked, period.since - period.since % HOUR_US, period.since):
        return "since lies within an hour"
    end = -(-period.until // HOUR_US) * HOUR_US
    return "until lies within an hour" if _some(asked, period.until, end) else None


def _some(asked: Asked, since: int, until: int) -> bool:
    """Whether anything happened in a part of an hour, µs UTC."""
    if since == until:
        return False
    values = [asked.project, iso(since)[:10], asked.seq, since, until]
    return bool(asked.lake.query(_SOME, values)[0][0])


def _out_of_step(asked: Asked) -> str | None:
    return None if rolled_until(asked.lake) == asked.seq else "the roll-up is being filled"
