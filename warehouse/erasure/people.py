"""The people of one pass, by what becomes of them, and which landed rows are theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from warehouse.erasure.needles import Mask, Needles, whole
from warehouse.erasure.subject import Subject

ERASE: Final = "erase"
PSEUDONYMISE: Final = "pseudonymise"
MODES: Final = (ERASE, PSEUDONYMISE)
# Which columns of a landed row name a person, and as what kind of id. An alias's previous id may be of any.
NAMING: Final = {"user_id": "user_id", "anonymous_id": "anonymous_id", "previous_id": None}


_NAMED: Final = re.compile(rb'"(?:userId|anonymousId|previousId)"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9]+)')


def named_in(text: bytes) -> set[str]:
    """The ids that an event, a batch, or what is left of one names as its own."""
    return {str(id) for found in _NAMED.findall(text) if (id := _json(found)) is not None}


def _json(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class Person(msgspec.Struct, frozen=True):
    """Somebody who is to be erased. `load_seqs` are rows of theirs that only the lake can tell: those of a
    device that others use too; `message_ids` are the names of these.
    """

    mode: str
    subject: Subject
    load_seqs: tuple[int, ...] = ()
    message_ids: tuple[str, ...] = ()


class People:
    """Everybody of one pass."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.all = list(people)
        self.needles = Needles(name for person in self.all for name in person.subject.names())

    def of(self, mode: str) -> list[Person]:
        return [person for person in self.all if person.mode == mode]

    def values(self, project: str | None) -> set[str]:
        """The ids of the people of a project; of all where damage took the project."""
        people = (person.subject for person in self.all if project in (None, person.subject.project))
        return {id.value for subject in people for id in subject.ids}

    def theirs(self, mode: str, rows: pa.Table, first: int | None) -> Mask:
        """Which rows are of people of this mode; `first`: load_seq of the first row where it is loaded."""
        found = np.zeros(rows.num_rows, bool)
        for project, people in _by_project(self.of(mode)).items():
            of_project = whole(_column(rows, "project"), [project])
            if of_project.any():
                found |= of_project & _names(rows, people, first)
        return found


def _by_project(people: Iterable[Person]) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = {}
    for person in people:
        found.setdefault(person.subject.project, []).append(person)
    return found


def _names(rows: pa.Table, people: list[Person], first: int | None) -> Mask:
    found = np.zeros(rows.num_rows, bool)
    ids = [id for person in people for id in person.subject.ids]
    for column, kind in NAMING.items():
        found |= whole(_column(rows, column), {id.value for id in ids if kind in (None, id.kind)})
    known = [seq for person in people for seq in person.load_seqs]
    if first is not None and known:
        at = np.asarray(known) - first
        found[at[(at >= 0) & (at < rows.num_rows)]] = True
    names = {name for person in people for name in person.message_ids}
    return found | whole(_column(rows, "message_id"), names) if names else found


def _column(rows: pa.Table, name: str) -> pa.Array:
    column = rows.column(name)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
