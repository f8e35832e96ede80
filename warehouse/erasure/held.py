"""Which rows of the lake's tables are a person's: by load_seq in events, by keys and ids in all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from sdk_contract.keys import identity_key
from warehouse.erasure.looking import Looked
from warehouse.erasure.people import ERASE, Person
from warehouse.erasure.statements import run, text
from warehouse.erasure.subject import Subject
from warehouse.lake import Lake

# So many ids are looked for in a scan each, which reads what may hold the one; more of them in one over all.
_SCANS: Final = 8
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
    run(lake, "their_sessions", sessions=_sessions(keys, kept))


def _sessions(keys: Sequence[int], kept: Sequence[int]) -> str:
    """SQL that gives session ids of visits by these ids, or on devices that are the person's alone."""
    if len(keys) + len(kept) <= _SCANS:
        tests = [f"identity_key = {key}" for key in (*keys, *kept)] + [f"subject_key = {key}" for key in keys]
    else:
        tests = [
            "identity_key IN (SELECT key FROM person_keys UNION ALL SELECT key FROM kept_keys)",
            "subject_key IN (SELECT key FROM person_keys)",
        ]
    return "UNION\n".join(f"SELECT session_id FROM sessions WHERE {test}\n" for test in tests or ["false"])


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
    """Make the temp table `theirs`: load_seq, message id, day and subject of the person's events."""
    users, devices = _values(subject, "user_id"), _values(subject, "anonymous_id")
    keys = [identity_key(subject.project, "anonymous_id", device) for device in devices]
    values: dict[str, Any] = {
        "project": subject.project,
        "either": [id.value for id in subject.ids],
        "keys": subject.keys,
        "kept": subject.kept_keys,
    }
    if len(users) + len(devices) <= _SCANS:
        tests = [f"user_id = $user_{number}" for number in range(len(users))]
        tests += [f"subject_key = {key} AND anonymous_id = $device_{n}" for n, key in enumerate(keys)]
        values |= {f"user_{number}": user for number, user in enumerate(users)}
        values |= {f"device_{number}": device for number, device in enumerate(devices)}
    else:
        tests = [
            f"{column} IN (SELECT unnest(${column}s::VARCHAR[]))" for column in ("user_id", "anonymous_id")
        ]
        values |= {"user_ids": users, "anonymous_ids": devices}
    run(
        lake,
        "theirs",
        values,
        named="UNION\n".join(text("named").format(test=test) for test in tests or ["false"]),
    )


def _values(subject: Subject, kind: str) -> list[str]:
    return [id.value for id in subject.ids if id.kind == kind]


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
