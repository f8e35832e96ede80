"""What is asked of saved cohorts: which there are, and who is or was in one."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from warehouse.cohorts.errors import BadCohort
from warehouse.insights.errors import unknown
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.tags.answers import Day, days_of
from warehouse.times import iso

MOST_LISTED = 100_000


class Cohort(Struct, frozen=True):
    """A saved cohort. `kind`: static, or question (its question can be asked again); `members`: customers in
    it now, each once; `saved_at`: ISO 8601, UTC.
    """

    project: str
    cohort: str
    kind: str
    description: str
    insight: str | None
    question: msgspec.Raw | None
    saved_at: str
    saved_by: str
    members: int


class CohortMember(Struct, frozen=True):
    """A customer and since when; `left`: until when, null who is in it."""

    customer: str
    entered: str
    left: str | None


def cohorts(lake: Lake) -> list[Cohort]:
    """All of them, by project and name."""
    return [
        Cohort(
            *(project, name, kind, told or "", insight),
            None if question is None else msgspec.Raw(question.encode()),
            *(iso(saved), by, members),
        )
        for project, name, kind, told, insight, question, saved, by, members in lake.query(
            statement("cohorts/list")
        )
    ]


def cohort(lake: Lake, name: str, project: str | None = None) -> Cohort:
    """One of them. UnknownName offers those that are written nearly so; BadCohort: two projects have it."""
    found = [one for one in cohorts(lake) if project in (None, one.project)]
    named = [one for one in found if one.cohort == name]
    if not named:
        raise unknown("cohort", name, [one.cohort for one in found])
    if len(named) > 1:
        raise BadCohort(f"cohort {name!r} is of {' and '.join(one.project for one in named)}; name a project")
    return named[0]


def members(lake: Lake, of: Cohort, limit: int) -> list[CohortMember]:
    """Who is in it, then who was. BadCohort for a limit beyond 100,000."""
    if not 0 <= limit <= MOST_LISTED:
        raise BadCohort(f"limit {limit}: 0 to {MOST_LISTED} would do")
    rows = lake.query(statement("cohorts/members"), [of.project, of.cohort, limit])
    return [
        CohortMember(customer, iso(entered), None if left is None else iso(left))
        for customer, entered, left in rows
    ]


def history(lake: Lake, of: Cohort, since: str, until: str | None, now: int) -> list[Day]:
    """How a cohort's members changed, by days of UTC. BadQuestion."""
    return days_of(lake, "cohorts/changes", {"project": of.project, "cohort": of.cohort}, since, until, now)
