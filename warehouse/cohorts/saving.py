"""Cohorts put into the lake, by whoever writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from warehouse.cohorts.copies import keep
from warehouse.cohorts.errors import BadCohort
from warehouse.lake import Lake
from warehouse.registry import Command, Registry
from warehouse.statements import statement

KIND = "cohort"
MOST = 1_000_000


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cohort to save, with the identity keys of its members; or to drop. `keys` is None once it was done:
    who is in it stands in the lake alone.
    """

    project: str
    cohort: str
    kind: str = "static"
    description: str = ""
    insight: str | None = None
    question: dict[str, Any] | None = None
    keys: list[int] | None = None
    drop: bool = False


class Done(msgspec.Struct, frozen=True):
    """What came of it: members now, and how many of them entered and others left by it."""

    cohort: str
    members: int = 0
    entered: int = 0
    left: int = 0


def obey(lake: Lake, registry: Registry, command: Command, *, now: Callable[[], int]) -> dict[str, Any]:
    """Save or drop a cohort; twice does no harm. BadCohort for arguments that will not do."""
    try:
        wish = msgspec.convert(command.args, Wish)
    except msgspec.ValidationError as error:
        raise BadCohort(f"cohort: {error}") from None
    if wish.drop:
        registry.forget_cohort(wish.project, wish.cohort)
    with lake.transaction():
        done = drop(lake, wish) if wish.drop else save(lake, wish, command.filed_by, now())
    if not wish.drop:
        keep(lake, registry, wish.project, wish.cohort)
    registry.trim_command(command.id, "keys")
    told = "dropped" if wish.drop else f"{done.members} members, {wish.description}"
    registry.audit(command.filed_by, "cohort.drop" if wish.drop else "cohort.save", f"{wish.cohort}: {told}")
    return msgspec.structs.asdict(done)


def save(lake: Lake, wish: Wish, by: str, now: int) -> Done:
    """Its members are these from now (µs UTC) on; of who was in it and is not any more the time is kept."""
    place = [wish.project, wish.cohort]
    if wish.keys is None:
        return Done(wish.cohort, _members(lake, place))
    lake.execute(statement("cohorts/given"), [wish.project, wish.keys])
    ((left,),) = lake.query(statement("cohorts/leave", moment=now), place)
    named = {"project": wish.project, "cohort": wish.cohort}
    ((entered,),) = lake.query(statement("cohorts/enter", moment=now), named)
    lake.execute("DELETE FROM cohorts WHERE project = ? AND cohort = ?", place)
    question = None if wish.question is None else msgspec.json.encode(wish.question).decode()
    lake.execute(
        "INSERT INTO cohorts VALUES (?, ?, ?, ?, ?, ?, make_timestamptz(?), ?)",
        [*place, wish.kind, wish.description, wish.insight, question, now, by],
    )
    return Done(wish.cohort, _members(lake, place), int(entered), int(left))


def drop(lake: Lake, wish: Wish) -> Done:
    """There is no such cohort any more, and nobody was ever in it."""
    place = [wish.project, wish.cohort]
    members = _members(lake, place)
    for table in ("cohorts", "cohort_members"):
        lake.execute(f"DELETE FROM {table} WHERE project = ? AND cohort = ?", place)
    return Done(wish.cohort, left=members)


def _members(lake: Lake, place: list[str]) -> int:
    sql = statement("insights/in_cohort", project="?", cohort="?")
    return int(lake.query(f"SELECT count(*) FROM ({sql})", place)[0][0])
