"""What is asked of tags: which there are, who has one, how that changed, and why a customer does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from warehouse.customers import find_customer
from warehouse.errors import UnknownId
from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.memberships import as_of
from warehouse.insights.period import Period, period
from warehouse.insights.values import Values
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso

MOST_LISTED = 100_000
_MOST_DAYS = 1000
_DAY_US = 86_400_000_000
_IN_USE = """
    SELECT project, tag, version, description, rule::VARCHAR, epoch_us(evaluated_at)
    FROM tags ORDER BY project, tag"""


class InUse(Struct, frozen=True):
    """A tag that is kept up. `members`: customers who have it at `as_of`. Times are ISO 8601, UTC."""

    project: str
    tag: str
    version: int
    description: str
    members: int
    as_of: str
    evaluated_at: str
    rule: msgspec.Raw


class Member(Struct, frozen=True):
    """One who has a tag. `leaves`: when it will end if nothing happens before, null where never."""

    customer: str
    entered: str
    leaves: str | None
    evidence: list[str]
    version: int
    evaluated_at: str


class Day(Struct, frozen=True):
    """A day of a tag: who entered, who left, and how many had it when the day was over (or now)."""

    day: str
    entered: int
    left: int
    members: int


class Explained(Struct, frozen=True):
    """A customer and one tag. `holds` at `as_of`; `stays` are all, the last may lie ahead."""

    tag: str
    version: int
    description: str
    holds: bool
    since: str | None
    until: str | None
    evidence: list[str]
    stays: list[Stay]


class Stay(Struct, frozen=True):
    """From `entered` on, until just before `left`; null: no passing of time ends it."""

    entered: str
    left: str | None
    evidence: list[str]
    evaluated_at: str


def in_use(lake: Lake, moment: int | None = None) -> list[InUse]:
    """All tags, with their sizes at a moment (µs UTC), else at the moment of `as_of`."""
    at = as_of(lake) if moment is None else moment
    sizes: dict[tuple[str, str], int] = {}
    found = lake.query(_IN_USE)
    for project in dict.fromkeys(row[0] for row in found):
        values = Values()
        sql = statement("tags/sizes", project=values.bind(project), moment=values.bind(at))
        sizes |= {(project, tag): size for tag, size in lake.query(sql, values.named)}
    return [
        InUse(project, tag, version, told, sizes.get((project, tag), 0), iso(at), iso(evaluated), _raw(rule))
        for project, tag, version, told, rule, evaluated in found
    ]


def known(lake: Lake, tag: str, project: str | None = None) -> InUse:
    """One tag. UnknownName offers those that are written nearly so; BadQuestion: two projects have it."""
    found = [one for one in in_use(lake) if project in (None, one.project)]
    named = [one for one in found if one.tag == tag]
    if not named:
        raise unknown("tag", tag, [one.tag for one in found])
    if len(named) > 1:
        raise BadQuestion(f"tag {tag!r} is of {' and '.join(one.project for one in named)}; name a project")
    return named[0]


def members(lake: Lake, tag: InUse, limit: int, moment: int | None = None) -> list[Member]:
    """Who has it, the newest first. BadQuestion for a limit beyond 100,000."""
    if not 0 <= limit <= MOST_LISTED:
        raise BadQuestion(f"limit {limit}: 0 to {MOST_LISTED} would do")
    values, at = Values(), as_of(lake) if moment is None else moment
    bound = {"project": tag.project, "tag": tag.tag, "moment": at}
    sql = statement("tags/members", limit=limit, **{key: values.bind(one) for key, one in bound.items()})
    return [
        Member(customer, iso(entered), _iso(left), _list(evidence), version, iso(evaluated))
        for customer, entered, left, evidence, version, evaluated in lake.query(sql, values.named)
    ]


def history(lake: Lake, tag: InUse, since: str, until: str | None, now: int) -> list[Day]:
    """How a tag's members changed, by days of UTC. BadQuestion."""
    return days_of(lake, "tags/changes", {"project": tag.project, "tag": tag.tag}, since, until, now)


def days_of(
    lake: Lake, sql: str, of: Mapping[str, str], since: str, until: str | None, now: int
) -> list[Day]:
    """The days of what a statement tells by `days` and their `ends`; `of`: its other values. BadQuestion."""
    asked = period(since, until, "UTC", now)
    begins = _days(asked)
    values = Values()
    named = {**of, "days": begins, "ends": [*begins[1:], asked.until]}
    text = statement(sql, **{name: values.bind(value) for name, value in named.items()})
    return [Day(iso(begin), *counts) for begin, *counts in lake.query(text, values.named)]


def explain(lake: Lake, any_id: str) -> tuple[str, str, list[Explained]]:
    """(customer, as of, each tag of the project): whether the customer has it, since when, and by which
    events. UnknownId where nobody is known under this id.
    """
    customer = find_customer(lake, any_id)
    if customer is None:
        raise UnknownId(f"nothing is known under {any_id[:80]!r}")
    rows = lake.query("SELECT project FROM customers WHERE customer_id = ?", [customer])
    stays: dict[str, list[Any]] = {}
    for tag, *rest in lake.query(statement("tags/stays_of"), [customer]):
        stays.setdefault(tag, []).append(rest)
    at = as_of(lake)
    tags = [one for one in in_use(lake) if rows and one.project == rows[0][0]]
    return customer, iso(at), [_explained(one, stays.get(one.tag, []), at) for one in tags]


class Held(Struct, frozen=True):
    """A tag that a customer has: since when, until when where time ends it, and by which events."""

    tag: str
    since: str
    until: str | None
    evidence: list[str]


def held(lake: Lake, customer_id: str) -> list[Held]:
    """The tags that a customer has at the moment of `as_of`, by name; nothing but their rows is read."""
    rows, at = lake.query(statement("tags/stays_of"), [customer_id]), as_of(lake)
    return [
        Held(tag, iso(entered), _iso(left), _list(evidence))
        for tag, _, entered, left, evidence, _ in rows
        if entered <= at and (left is None or left > at)
    ]


def _explained(tag: InUse, stays: Sequence[Sequence[Any]], at: int) -> Explained:
    now = next((one for one in stays if one[1] <= at and (one[2] is None or one[2] > at)), None)
    return Explained(
        tag=tag.tag,
        version=tag.version,
        description=tag.description,
        holds=now is not None,
        since=iso(now[1]) if now else None,
        until=_iso(now[2]) if now else None,
        evidence=_list(now[3]) if now else [],
        stays=[Stay(iso(one[1]), _iso(one[2]), _list(one[3]), iso(one[4])) for one in stays],
    )


def _days(asked: Period) -> list[int]:
    count = (asked.until - asked.since + _DAY_US - 1) // _DAY_US
    if count > _MOST_DAYS:
        raise BadQuestion(f"since and until are {count} days apart; {_MOST_DAYS} would do")
    return [asked.since + number * _DAY_US for number in range(count)]


def _iso(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)


def _list(evidence: str) -> list[str]:
    return msgspec.json.decode(evidence, type=list[str])


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())
