"""The rule of sessions by example: where one ends, what it says, and what becomes of its id."""

from typing import Any

import pytest

from sessionizer.incremental import stitch
from tests.sessionizer.test_incremental import NOW, check_against_oracles, stitched
from tests.sessionizer.world import GAP, MINUTE, START, Event, loaded, plain_lake, resolved, store
from warehouse.lake import Lake

DAY = 24 * 60 * MINUTE
YEAR = 365 * DAY
Say = tuple[float, str | None]


def device(*said: Say, first: int = 1, prefix: str = "m") -> list[Event]:
    """Events of one device at these minutes, each with its user."""
    return [
        Event(first + i, START + int(minute * MINUTE), f"{prefix}{i}", anonymous_id="d", user_id=user)
        for i, (minute, user) in enumerate(said)
    ]


def sizes(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.query("SELECT user_id, events FROM sessions ORDER BY started_at, first_message_id")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([(0, None), (30, None)], [(None, 2)]),
        ([(0, None), (30 + 1 / MINUTE, None)], [(None, 1), (None, 1)]),
        ([(0, None), (1, "a"), (2, None)], [("a", 3)]),
        ([(0, "a"), (1, None), (2, "b"), (3, None)], [("a", 2), ("b", 2)]),
        ([(0, "a"), (1, "b"), (2, "a")], [("a", 1), ("b", 1), ("a", 1)]),
        ([(0, "a"), (31, None)], [("a", 1), (None, 1)]),
        ([(0, "a"), (0, "b"), (0, "a")], [("a", 1), ("b", 1), ("a", 1)]),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_where_a_session_ends(said: list[Say], expected: list[tuple[Any, ...]], at_once: bool) -> None:
    events = device(*said)
    ends = [len(events)] if at_once else range(1, len(events) + 1)
    assert sizes(stitched(events, ends)) == expected


def test_a_late_event_joins_two_sessions_and_both_ids_lead_on() -> None:
    lake = plain_lake()
    store(lake, [*device((0, None), (50, None)), Event(3, START + 25 * MINUTE, "late", anonymous_id="d")])
    loaded(lake, 2)
    stitch(lake, now=NOW)
    (first,), (second,) = lake.query("SELECT session_id FROM sessions ORDER BY started_at")
    loaded(lake, 3)
    assert stitch(lake, now=NOW).reread == 1
    assert sizes(lake) == [(None, 3)]
    assert resolved(lake, "session_aliases", "sessions", first) == first
    assert resolved(lake, "session_aliases", "sessions", second) == first


def test_an_earlier_first_event_gives_a_new_id_that_the_old_one_leads_to() -> None:
    lake = plain_lake()
    store(lake, [*device((10, None), (12, None)), Event(3, START, "earlier", anonymous_id="d")])
    loaded(lake, 2)
    stitch(lake, now=NOW)
    ((old,),) = lake.query("SELECT session_id FROM sessions")
    loaded(lake, 3)
    stitch(lake, now=NOW)
    ((new,),) = lake.query("SELECT session_id FROM sessions")
    assert new != old
    assert resolved(lake, "session_aliases", "sessions", old) == new


def test_events_that_come_in_order_are_never_read_again() -> None:
    events = device(*[(minute, None) for minute in range(0, 200, 7)])
    lake = plain_lake()
    store(lake, events)
    for end in range(1, len(events) + 1):
        loaded(lake, end)
        assert stitch(lake, now=NOW).reread == 0
    assert sizes(lake) == [(None, len(events))]


def test_a_late_event_inside_a_session_of_many_days() -> None:
    """The next session, of another user, begins days later and has to be joined."""
    long = [(minute, "a" if minute < 20 else None) for minute in range(0, 5 * 24 * 60, 20)]
    after = [(long[-1][0] + 10, "b"), (long[-1][0] + 11, None)]
    events = [*device(*long, *after), Event(len(long) + 3, START + 15 * MINUTE, "late", "track", "d", "b")]
    lake = stitched(events, [len(long), len(long) + 2, len(long) + 3])
    assert sizes(lake) == [("a", 1), ("b", len(long) + 2)]
    check_against_oracles(lake, events)


def test_a_session_that_begins_where_another_ends_is_told_from_it_by_message_id() -> None:
    said: list[Say] = [(0, "a"), (20, "b"), (20, "c"), (40, "c"), (60, "c"), (80, "d"), (80, "e")]
    events = [*device(*said), Event(8, START + 60 * MINUTE, "m9", "track", "d", "c")]
    lake = stitched(events, [7, 8])
    assert sizes(lake) == [("a", 1), ("b", 1), ("c", 4), ("d", 1), ("e", 1)]


def test_gaps_of_years_and_times_of_other_ages() -> None:
    moments = [-56 * YEAR, -56 * YEAR + MINUTE, -YEAR, 0, 40 * YEAR, 200 * YEAR]
    events = [Event(i + 1, START + at, f"m{i}", anonymous_id="d") for i, at in enumerate(reversed(moments))]
    lake = stitched(events, [2, 6])
    assert sizes(lake) == [(None, 2), (None, 1), (None, 1), (None, 1), (None, 1)]
    check_against_oracles(lake, events)


@pytest.mark.parametrize("size", [20_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_one_device_with_very_many_events(size: int) -> None:
    lake = plain_lake()
    lake.execute(
        f"""
        INSERT INTO events BY NAME
        SELECT i + 1 AS load_seq, 'shop' AS project, identity_key('shop', 'anonymous_id', 'd') AS subject_key,
            make_timestamp(t)::DATE AS event_day, make_timestamptz(t) AS timestamp, 'm' || i AS message_id,
            'track' AS type, 'd' AS anonymous_id
        FROM (
            SELECT i, {START} + (i * 7919 % {size}) * {GAP + 1} // (1 + i % 2) AS t FROM range({size}) r(i)
        )"""
    )
    for end in (size // 2, size):
        loaded(lake, end)
        stitch(lake, now=NOW)
    ((events, sessions),) = lake.query("SELECT sum(events), count(*) FROM sessions")
    assert (events, sessions) == (size, lake.query(BREAKS)[0][0])


BREAKS = f"""
    SELECT count(*) FROM (
        SELECT epoch_us(timestamp) - lag(epoch_us(timestamp)) OVER (ORDER BY timestamp) AS apart FROM events
    ) WHERE apart IS NULL OR apart > {GAP}"""
