"""What an erasure would do, before it does it."""

from __future__ import annotations

import msgspec

from warehouse.erasure.held import counts
from warehouse.erasure.looking import Looked
from warehouse.erasure.subject import Subject
from warehouse.lake import Lake


class Planned(msgspec.Struct, frozen=True):
    """What would go. `kept`: ids that somebody else uses too. `elsewhere`: ids not looked for as
    text, as somebody else has the same. `lake` counts rows by table, `landing` what would change: objects,
    rows of the person, and rows of others in which an id stands; `files` names every other place with an id.
    """

    project: str
    customer_id: str | None
    ids: list[dict[str, str]]
    kept: list[dict[str, str]]
    elsewhere: list[str]
    lake: dict[str, int]
    landing: dict[str, int]
    files: list[str]


def planned(lake: Lake, subject: Subject) -> Planned:
    """What the lake tells; `with_look` adds the rest."""
    found = counts(lake, subject)
    ids, kept = ([msgspec.to_builtins(id) for id in some] for some in (subject.ids, subject.kept))
    return Planned(subject.project, subject.customer_id, ids, kept, list(subject.elsewhere), found, {}, [])


def with_look(plan: Planned, found: Looked) -> Planned:
    """With what a look at everything has found."""
    return msgspec.structs.replace(plan, landing=in_landing(found), files=found.files)


def in_landing(found: Looked) -> dict[str, int]:
    """What would change in landing: objects, rows of the person, and rows of others in which an id stands."""
    of = found.landing.values()
    return {
        "objects": len(found.landing),
        "rows": sum(len(rows.erase) + len(rows.pseudonymise) for rows in of),
        "mentions": sum(len(rows.clear) for rows in of),
    }
