"""What no honest client sends, in crowds: every run gets through, all events are counted, as in a rebuild."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
import pytest

from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from tests.sessionizer.test_incremental import NOW
from tests.sessionizer.world import START, contents, loaded, plain_lake
from warehouse.lake import Lake


class Crowd(msgspec.Struct, frozen=True):
    """Events number `i` of `n`, as SQL; `few` of them in the quick suite, `many` in the slow one."""

    few: int
    many: int
    device: str = "'d'"
    user: str = "NULL"
    previous: str = "NULL"
    traits: str = "NULL"
    at: str = f"{START} + i * 1000000"
    type: str = "track"


CROWDS: Final = {
    "one device that never rests": Crowd(20_000, 10_000_000),
    "one device, years between its events": Crowd(300, 50_000, at="i * (1728000000000000 // n)"),
    "an address that devices share": Crowd(
        1_500, 50_000, device="'d' || i", traits="""'{"email": "all@x.com"}'""", type="identify"
    ),
    "a user of all devices": Crowd(1_500, 50_000, device="'d' || i", user="'u'"),
    "all users of one device": Crowd(500, 50_000, user="'u' || i"),
    "addresses of one device": Crowd(
        500, 50_000, traits="""'{"email": "' || i || '@x.com"}'""", type="identify"
    ),
    "a cycle of aliases": Crowd(
        1_200, 50_000, device="NULL", user="'u' || (i % n)", previous="'u' || (i - 1)", type="alias"
    ),
    "aliases there and back": Crowd(
        300,
        50_000,
        device="NULL",
        user="'u' || (i % 2)",
        previous="'u' || (1 - i % 2)",
        type="alias",
    ),
    "ids of ten thousand letters": Crowd(60, 20_000, device="repeat('x', 10000) || i", user="'u' || i % 7"),
    "no ids at all": Crowd(
        300,
        200_000,
        device="['', ' ', 'null', NULL, '0', chr(0), 'NaN'][i % 7 + 1]",
        user="['', NULL, 'undefined', 'u'][i % 4 + 1]",
    ),
    "1970, and a time to come": Crowd(
        300,
        200_000,
        device="'d' || i % 9",
        at="CASE i % 3 WHEN 0 THEN i WHEN 1 THEN 253402300000000000 - i ELSE -i * 1000000 END",
    ),
}


def store_crowd(lake: Lake, name: str, size: int, place: int = 0, apart: int = 1) -> None:
    """Put a crowd's events into a project of its own. `place` and `apart` put several into one order."""
    crowd = CROWDS[name]
    lake.execute(f"""
        INSERT INTO events BY NAME
        SELECT
            (i - 1) * {apart} + {place} + 1 AS load_seq, '{name}' AS project, 'm' || i AS message_id,
            '{crowd.type}' AS type, device AS anonymous_id, user_id, {crowd.previous} AS previous_id,
            {crowd.traits} AS traits, make_timestamptz(micros) AS timestamp,
            make_timestamp(micros)::DATE AS event_day, make_timestamptz({START} + i * 1000000) AS received_at,
            CASE
                WHEN device <> '' THEN identity_key('{name}', 'anonymous_id', device)
                WHEN user_id <> '' THEN identity_key('{name}', 'user_id', user_id)
            END AS subject_key
        FROM (
            SELECT i, n, ({crowd.at})::BIGINT AS micros, {crowd.device} AS device, {crowd.user} AS user_id
            FROM (SELECT unnest(range(1, {size} + 1)) AS i, {size} AS n)
        )""")


def run_through(lake: Lake, ends: Iterable[int]) -> None:
    """Runs that end there, in slices where there is more."""
    for end in ends:
        loaded(lake, end)
        while stitch(lake, now=NOW).behind:
            pass


def check_counts(lake: Lake, name: str) -> None:
    """Every event that has a subject is in a session, every session of an id at its customer."""
    ((events, in_sessions, of_ids, of_customers, largest),) = lake.query(
        """
        SELECT
            (SELECT count(*) FROM events WHERE project = $project AND subject_key IS NOT NULL),
            (SELECT sum(events) FROM sessions WHERE project = $project),
            (SELECT sum(events) FROM sessions JOIN identities USING (project, identity_key)
                WHERE project = $project),
            (SELECT sum(events) FROM customers WHERE project = $project),
            (SELECT max(ids) FROM customers WHERE project = $project)
        """,
        {"project": name},
    )
    assert events == in_sessions
    assert of_ids == of_customers
    assert 1 <= largest <= 1_000


@pytest.fixture(scope="module")
def together() -> Lake:
    """All crowds in one lake, stitched in runs, one of them of few events."""
    lake, last = plain_lake(), 0
    for place, (name, crowd) in enumerate(CROWDS.items()):
        store_crowd(lake, name, crowd.few, place, len(CROWDS))
        last = max(last, crowd.few * len(CROWDS))
    run_through(lake, (2_000, 2_011, 9_000, last))
    return lake


@pytest.mark.parametrize("name", CROWDS)
def test_every_event_of_a_crowd_is_counted(together: Lake, name: str) -> None:
    check_counts(together, name)


def test_a_rebuild_of_all_crowds_agrees(together: Lake) -> None:
    in_runs = contents(together)
    rebuild(together, now=NOW)
    assert contents(together) == in_runs


@pytest.mark.slow
@pytest.mark.parametrize("name", CROWDS)
def test_a_large_crowd(name: str) -> None:
    lake, size = plain_lake(), CROWDS[name].many
    store_crowd(lake, name, size)
    run_through(lake, (size // 2, size // 2 + 1, size))
    check_counts(lake, name)
    in_runs = contents(lake)
    rebuild(lake, now=NOW)
    assert contents(lake) == in_runs
