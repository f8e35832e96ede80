"""Who is to be erased or written out: the ids of one customer, and which of them others use too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sdk_contract.keys import identity_key
from warehouse.customers import find_customer
from warehouse.erasure.errors import BadErasure
from warehouse.erasure.statements import run
from warehouse.errors import UnknownId
from warehouse.lake import Lake


class Id(msgspec.Struct, frozen=True, order=True):
    """One id of a person: its kind, such as user_id, and its value as sent."""

    kind: str
    value: str


class Subject(msgspec.Struct, frozen=True):
    """A person in one project. `ids` are theirs alone; `kept` are ids that somebody else uses too.

    `elsewhere` are values that somebody else has too, in another project or as another kind of id.
    `customer_id` is None where the lake knows nothing of the ids.
    """

    project: str
    ids: tuple[Id, ...]
    kept: tuple[Id, ...] = ()
    elsewhere: tuple[str, ...] = ()
    customer_id: str | None = None

    @property
    def keys(self) -> list[int]:
        """The identity keys of `ids`."""
        return [identity_key(self.project, id.kind, id.value) for id in self.ids]

    @property
    def kept_keys(self) -> list[int]:
        return [identity_key(self.project, id.kind, id.value) for id in self.kept]

    def names(self) -> Iterator[str]:
        """Every text that is this person and nobody else: values, customer ids, keys."""
        for id, key in zip(self.ids, self.keys, strict=True):
            yield from (f"c_{key:016x}", str(key))
            if id.value not in self.elsewhere:
                yield id.value


def find_subject(lake: Lake, asked: str, project: str | None = None, kind: str | None = None) -> Subject:
    """The person known under an id of any kind, or a customer id, merged-away ones too.

    BadErasure where several people are meant, or the id is used by others too; UnknownId where nobody is.
    With `project` and `kind` an id that the lake does not know is a person too.
    """
    customer = find_customer(lake, asked) if asked.startswith("c_") else None
    found = [(customer, project)] if customer else _known(lake, asked, project, kind)
    if len(found) > 1:
        raise BadErasure(
            f"{asked!r} is {len(found)} customers: {_told(found)}; give --project, --kind or one of them"
        )
    if not found:
        return _placed(lake, _unknown(asked, project, kind))
    subject = _subject(lake, found[0][0])
    if not subject.ids:
        raise BadErasure(f"{asked!r} is used by several people; give an id that is the person's alone")
    return subject


def grown(lake: Lake, subject: Subject, load_seq: int) -> Subject:
    """The same person with ids that were first seen after this load_seq and are theirs by now."""
    if subject.customer_id is None:
        return subject
    rows = run(lake, "ids_since", [subject.keys + subject.kept_keys, load_seq]).fetchall()
    new = {Id(kind, value) for project, kind, value in rows if project == subject.project}
    return msgspec.structs.replace(subject, ids=tuple(sorted({*subject.ids, *new} - {*subject.kept})))


def _known(lake: Lake, value: str, project: str | None, kind: str | None) -> list[tuple[str, str | None]]:
    rows = run(lake, "known", [value, project, project, kind, kind]).fetchall()
    return [(customer, of) for customer, of in rows]


def _told(found: list[tuple[str, str | None]]) -> str:
    return ", ".join(f"{customer} (project {project})" for customer, project in found[:5])


def _unknown(asked: str, project: str | None, kind: str | None) -> Subject:
    if project is None or kind is None or asked.startswith("c_"):
        raise UnknownId(
            f"nobody is known as {asked!r}; --project and --kind together name an id that is not known"
        )
    return Subject(project, (Id(kind, asked),))


def _subject(lake: Lake, customer: str) -> Subject:
    rows: list[tuple[Any, ...]] = run(lake, "ids_of", [customer]).fetchall()
    own = [Id(kind, value) for _, kind, value, shared in rows if not shared]
    kept = [Id(kind, value) for _, kind, value, shared in rows if shared]
    return _placed(lake, Subject(rows[0][0], tuple(sorted(own)), tuple(sorted(kept)), customer_id=customer))


def _placed(lake: Lake, subject: Subject) -> Subject:
    """With the values that are not this person's alone."""
    values = [id.value for id in subject.ids]
    found = run(lake, "elsewhere", [values, subject.keys + subject.kept_keys]).fetchall()
    return msgspec.structs.replace(subject, elsewhere=tuple(value for (value,) in found))
