"""Who is to be in a cohort: the ids of a file, or those that an answer lists."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from warehouse.cohorts.errors import BadCohort
from warehouse.cohorts.saving import MOST
from warehouse.insights.question import Answer, Question
from warehouse.lake import Lake
from warehouse.statements import statement

Q = TypeVar("Q", bound=Question)
_NAME: Final = re.compile(r"\w[\w .-]{0,59}")
_KINDS: Final = {"customer": None, "device": "anonymous_id", "user": "user_id"}
_LISTS: Final = ("who", "customers")
_HEADERS: Final = ("id", "customer", "customer_id", "user_id", "anonymous_id", "email", "phone")


class Gathered(msgspec.Struct, frozen=True):
    """Identity keys, and ids that nobody is known under."""

    keys: list[int]
    unknown: list[str]


def checked(name: str) -> str:
    """The name of a cohort. BadCohort where it cannot be written in a filter."""
    if not _NAME.fullmatch(name):
        raise BadCohort(
            f"cohort {name[:80]!r}: 1 to 60 letters, digits, blanks, _ - and . would do as a name"
        )
    return name


def of_file(lake: Lake, project: str, file: Path, kind: str | None) -> Gathered:
    """One id a line, or the first column of a CSV file: ids of any kind or of one, or of customers."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            values = [row[0].strip() for row in csv.reader(lines) if row and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadCohort(f"cannot read {file}: {error}; a file with one id a line would do") from None
    if values and values[0].lower() in _HEADERS:
        values = values[1:]
    return of_values(lake, project, values, kind)


def of_answer(lake: Lake, answer: Answer) -> Gathered:
    """Those whom an answer lists. BadCohort where it lists nobody, or sessions and groups."""
    listed = next((getattr(answer, name) for name in _LISTS if hasattr(answer, name)), None)
    if listed is None:
        raise BadCohort("the answer lists nobody; dropoff, stuck, rfm and clv list customers")
    return of_ids(lake, answer, [str(found) for one in listed if (found := _id(one)) is not None])


def of_ids(lake: Lake, answer: Answer, ids: Sequence[str]) -> Gathered:
    """The keys of ids of the answer's unit. BadCohort where that is none of customers."""
    if answer.unit not in _KINDS:
        raise BadCohort(f"a cohort is of customers, and unit {answer.unit!r} is not; customer would do")
    return of_values(lake, answer.project, ids, _KINDS[answer.unit])


def of_values(lake: Lake, project: str, values: Sequence[str], kind: str | None) -> Gathered:
    """The keys of ids. BadCohort for too many."""
    if len(values) > MOST:
        raise BadCohort(f"there are {len(values)} ids; {MOST} would do")
    asked = {"values": list(values), "project": project, "kind": kind}
    pairs = lake.query(statement("cohorts/ids"), asked)
    keys = sorted({key for _, key in pairs if key is not None})
    return Gathered(keys, [value for value, key in pairs if key is None])


def listing(question: Q) -> Q:
    """The question, so asked that its answer lists as many as it can, unless it says how many."""
    usual = {field.name: field.default for field in msgspec.structs.fields(question)}
    named = (name for name in ("limit", "customers") if name in usual)
    most = {name: question.most_listed for name in named if getattr(question, name) == usual[name]}
    return msgspec.structs.replace(question, **most)


def _id(one: Any) -> str | None:
    found = getattr(one, "id", None)
    return found if found is not None else getattr(one, "customer", None)
