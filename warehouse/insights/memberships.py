"""Customers by tag or saved cohort, as a question sees them: at the moment of which its snapshot tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from warehouse.insights.errors import unknown
from warehouse.lake import Lake
from warehouse.statements import statement

_AS_OF: Final = "SELECT epoch_us(coalesce(complete_until, updated_at)) FROM cursors WHERE name = 'stitch'"
_TAGS: Final = "SELECT tag FROM tags WHERE project = ?"
_COHORTS: Final = "SELECT cohort FROM cohorts WHERE project = ?"


def as_of(lake: Lake) -> int:
    """The moment (µs UTC) of which members are told: that until which everything received is in the lake, or
    at which it was last stitched where that is not known; 0 before.
    """
    rows = lake.query(_AS_OF)
    return int(rows[0][0]) if rows else 0


def membership(lake: Lake, project: str, kind: str, name: str, bind: Callable[[Any], str]) -> str:
    """SELECT of the `customer_id` of those who have a tag, or are in a cohort; a tag is a cohort, too.

    UnknownName offers those that are written nearly so.
    """
    tags = [tag for (tag,) in lake.query(_TAGS, [project])]
    saved = [cohort for (cohort,) in lake.query(_COHORTS, [project])] if kind == "cohort" else []
    if name in saved:
        return statement("insights/in_cohort", project=bind(project), cohort=bind(name))
    if name not in tags:
        raise unknown(kind, name, [*saved, *tags])
    return statement("insights/tagged", project=bind(project), tag=bind(name), moment=bind(as_of(lake)))
