"""Tags kept up: customers who did something, or became somebody else, are evaluated again, and only they.

A stay in a tag follows from events alone, also where it will end, so the passing of time changes no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from sessionizer.statements import run, statement
from warehouse.actions.published import conditions
from warehouse.cohorts.copies import restore
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.tags.published import in_use
from warehouse.tags.rules import Versioned

Wanted = Mapping[str, Sequence[Versioned]]  # by project
SLICE: Final = 100_000  # customers evaluated at once, so that memory is bounded
MANY: Final = 20_000  # so many are found sooner by reading everything
_IN_USE: Final = "SELECT project, tag, version, rule::VARCHAR FROM lake.main.tags"


class TagReport(msgspec.Struct, frozen=True):
    """What one run did: tags whose rule is new, customers evaluated, stays that changed, and those gone."""

    tags: int = 0
    customers: int = 0
    changed: int = 0
    gone: int = 0


class Tagger:
    """Knows the rules in use; they are read again when the registry's rules change."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._generation: int | None = None
        self._wanted: Wanted = {}

    def step(self, lake: Lake, now: int) -> TagReport:
        """Evaluate what is due, and put saved cohorts back that the lake lacks. `now`: µs UTC."""
        generation = self._registry.rules_generation()
        if generation != self._generation:
            self._wanted = _merged(in_use(self._registry), conditions(self._registry))
            self._generation = generation
        restore(lake, self._registry)
        return keep_up(lake, self._wanted, now)


def touch(lake: Lake, *, recount: bool = False) -> None:
    """At the end of a run that stitched: the customers it changed are evaluated next time."""
    if _in_use(lake):
        also = "UNION SELECT customer_id FROM recount" if recount else ""
        run(lake, "tags/touched", recounted=also)


def touch_decided(lake: Lake) -> None:
    """The same for the customers of the temp table `touched_customers`."""
    if _in_use(lake):
        lake.execute("INSERT INTO lake.main.tag_queue SELECT customer_id FROM touched_customers")


def touch_all(lake: Lake) -> None:
    """The same for everybody."""
    if _in_use(lake):
        lake.execute("DELETE FROM lake.main.tag_queue")
        lake.execute("INSERT INTO lake.main.tag_queue VALUES (NULL)")


def keep_up(lake: Lake, wanted: Wanted, now: int) -> TagReport:
    """Bring the tags to the rules that are wanted, and the customers that changed to their tags; in one
    transaction, and none where there is nothing to do. `now`: µs UTC.
    """
    known = {(project, tag): rule for project, tag, *rule in lake.query(_IN_USE)}
    if not known and not any(wanted.values()):
        return TagReport()
    asked = {(project, one.tag.name): one for project, some in wanted.items() for one in some}
    gone = known.keys() - asked.keys()
    fresh = [place for place, one in asked.items() if known.get(place) != [one.version, one.tag.text]]
    waiting = lake.query("SELECT count(*) > 0 FROM lake.main.tag_queue")[0][0]
    if not (gone or fresh or waiting):
        return TagReport()
    with lake.transaction():
        report = _evaluate_queue(lake, wanted, now) if waiting else TagReport()
        for place in {*gone, *fresh}:
            _take_out(lake, *place)
        for project in dict.fromkeys(project for project, _ in fresh):
            some = [asked[place] for place in fresh if place[0] == project]
            report = _sum(report, _evaluate_all(lake, project, some, now))
            _enter(lake, project, some, now)
    return msgspec.structs.replace(report, tags=len(fresh), gone=len(gone))


def _evaluate_queue(lake: Lake, wanted: Wanted, now: int) -> TagReport:
    ((size, everybody),) = lake.query(
        "SELECT count(DISTINCT customer_id), count(*) > count(customer_id) FROM lake.main.tag_queue"
    )
    report = TagReport()
    for project, tags in _still(lake, wanted).items():
        if everybody:
            report = _sum(report, _evaluate_all(lake, project, tags, now))
            continue
        run(lake, "tags/queued")
        report = _sum(report, _evaluate(lake, project, tags, now, everybody=size > MANY))
    lake.execute("DELETE FROM lake.main.tag_queue")
    return report


def _merged(one: Wanted, other: Wanted) -> Wanted:
    return {project: [*one.get(project, ()), *other.get(project, ())] for project in {**one, **other}}


def _still(lake: Lake, wanted: Wanted) -> dict[str, list[Versioned]]:
    """Of the tags that are wanted, those in use; new ones are evaluated by themselves."""
    known = set(lake.query(_IN_USE))
    found = {
        project: [one for one in tags if (project, one.tag.name, one.version, one.tag.text) in known]
        for project, tags in wanted.items()
    }
    return {project: tags for project, tags in found.items() if tags}


def _evaluate_all(lake: Lake, project: str, tags: Sequence[Versioned], now: int) -> TagReport:
    sql = "SELECT count(*) // ? + 1 FROM lake.main.customers WHERE project = ?"
    ((slices,),) = lake.query(sql, [SLICE, project])
    report = TagReport()
    for number in range(slices):
        part = {"project": project, "slices": slices, "number": number}
        lake.execute(statement("tags/everybody"), part)
        report = _sum(report, _evaluate(lake, project, tags, now, everybody=True))
    return report


def _evaluate(lake: Lake, project: str, tags: Sequence[Versioned], now: int, *, everybody: bool) -> TagReport:
    from warehouse.tags.evaluation import evaluate

    if not lake.query("SELECT 1 FROM lake.main.customers WHERE project = ? LIMIT 1", [project]):
        lake.execute("DELETE FROM lake.main.tag_members WHERE project = ?", [project])
        return TagReport()
    stays = evaluate(lake, project, tags, everybody=everybody)
    names = [one.tag.name for one in tags]
    lake.execute(statement("tags/before"), [project])
    lake.execute("DELETE FROM stays_before WHERE NOT list_contains(?::VARCHAR[], tag)", [names])
    with lake.table("stays_now", stays):
        ((deleted,),) = run(lake, "tags/delete").fetchall()
        ((inserted,),) = run(lake, "tags/insert", moment=now).fetchall()
    ((customers,),) = lake.query("SELECT count(*) FROM tag_customers")
    return TagReport(customers=int(customers), changed=max(int(deleted), int(inserted)))


def _take_out(lake: Lake, project: str, tag: str) -> None:
    for table in ("tags", "tag_members"):
        lake.execute(f"DELETE FROM lake.main.{table} WHERE project = ? AND tag = ?", [project, tag])


def _enter(lake: Lake, project: str, tags: Sequence[Versioned], now: int) -> None:
    for one in tags:
        lake.execute(
            "INSERT INTO lake.main.tags VALUES (?, ?, ?, ?, ?, make_timestamptz(?))",
            [project, one.tag.name, one.version, one.tag.description, one.tag.text, now],
        )


def _in_use(lake: Lake) -> bool:
    return bool(lake.query("SELECT count(*) > 0 FROM lake.main.tags")[0][0])


def _sum(one: TagReport, other: TagReport) -> TagReport:
    return TagReport(customers=one.customers + other.customers, changed=one.changed + other.changed)
