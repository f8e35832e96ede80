"""Which rows of the lake's tables are a person's: by load_seq in events, by keys and ids in all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pyarrow as pa

from warehouse.erasure.looking import Looked
from warehouse.erasure.people import ERASE, Person
from warehouse.erasure.statements import run
from warehouse.erasure.subject import Subject
from warehouse.lake import Lake

# Tables whose rows are known by their place in landing.
LOADED: Final = ("events", "rejected", "duplicates", "replays", "objects")
_OF_NOBODY: Final = ("cursors", "schema_migrations")


def gather(lake: Lake, people: Iterable[Subject]) -> None:
    """Make the temp tables by which `conditions` know the rows of these people."""
    subjects = list(people)
    keys = sorted({key for subject in subjects for key in subject.keys})
    customers = {f"c_{key:016x}" for key in keys}
    customers |= {subject.customer_id for subject in subjects if subject.customer_id}
    kept = sorted({key for subject in subjects for key in subject.kept_keys})
    for name, column, values in (
        ("person_keys", "key", pa.array(keys, pa.int64())),
        ("kept_keys", "key", pa.array(kept, pa.int64())),
        ("person_customers", "id", pa.array(sorted(customers), pa.string())),
    ):
        with lake.table("person_given", pa.table({column: values})):
            lake.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {column} FROM person_given")
    run(lake, "their_sessions")


def conditions(lake: Lake) -> Iterator[tuple[str, str]]:
    """(table, condition) of every table that tells of people, whoever made it."""
    columns: dict[str, list[str]] = {}
    for table, column, kind in run(lake, "columns").fetchall():
        if table in LOADED or table in _OF_NOBODY:
            continue
        if column.endswith("_key") and kind == "BIGINT":
            columns.setdefault(table, []).append(f"{column} IN (SELECT key FROM person_keys)")
        for word in ("customer", "session_id"):
            if word in column and kind == "VARCHAR":
                people = f"person_{word.removesuffix('_id')}s"
                columns.setdefault(table, []).append(f"{column} IN (SELECT id FROM {people})")
    for table, tests in columns.items():
        yield table, " OR ".join(tests)


def find_events(lake: Lake, subject: Subject) -> None:
    """Make the temp table `theirs`: load_seq and message id of the person's events."""
    values = {
        "project": subject.project,
        "users": [id.value for id in subject.ids if id.kind == "user_id"],
        "devices": [id.value for id in subject.ids if id.kind == "anonymous_id"],
        "either": [id.value for id in subject.ids],
        "keys": subject.keys,
        "kept": subject.kept_keys,
    }
    run(lake, "theirs", values)


def shared_rows(lake: Lake, subject: Subject) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """load_seqs and message ids of the person's events that only their visits of a shared device tell."""
    if not subject.kept:
        return (), ()
    find_events(lake, subject)
    rows = lake.query("SELECT load_seq, message_id FROM theirs WHERE is_shared ORDER BY load_seq")
    return tuple(seq for seq, _ in rows), tuple(name for _, name in rows)


def must_stitch_anew(lake: Lake, people: Sequence[Person], found: Looked) -> bool:
    """Whether the rows of others in the stitched tables may be others without these people."""
    changed = any(rows.clear or rows.pseudonymise for rows in found.landing.values())
    if changed or any(person.subject.kept or person.mode != ERASE for person in people):
        return True
    gather(lake, [person.subject for person in people])
    return bool(run(lake, "outside").fetchall())


def counts(lake: Lake, subject: Subject) -> dict[str, int]:
    """Rows by table, without those that only landing tells of."""
    find_events(lake, subject)
    gather(lake, [subject])
    found = {"events": _count(lake, "theirs", "true")}
    return found | {table: _count(lake, table, of) for table, of in conditions(lake)}


def _count(lake: Lake, table: str, condition: str) -> int:
    return int(lake.query(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])
