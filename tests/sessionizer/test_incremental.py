"""However the load order is cut into runs, the tables are those of one rebuild and of the plain oracles."""

import random
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionizer import rereading
from sessionizer.identity import USUAL, Decisions, IdentityRules
from sessionizer.identity.kinds import KINDS
from sessionizer.incremental import cursors, stitch
from sessionizer.rebuild import rebuild
from tests.sessionizer.ids import world_of
from tests.sessionizer.world import (
    CUSTOMER_COLUMNS,
    EDGE_COLUMNS,
    HOUR,
    IDENTITY_COLUMNS,
    LIFE_COLUMNS,
    SESSION_COLUMNS,
    START,
    Event,
    arrivals,
    contents,
    cuts,
    loaded,
    plain_lake,
    resolved,
    rows,
    store,
)
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings

NOW = partial(int, 1_793_900_000_000_000)


def stitched(
    events: list[Event],
    ends: Iterable[int],
    lake: Lake | None = None,
    decisions: Decisions = (),
    ids: IdentityRules = USUAL,
) -> Lake:
    lake = lake or plain_lake()
    if events:
        store(lake, events)
    for end in ends:
        loaded(lake, end)
        stitch(lake, now=NOW, decisions=decisions, ids=ids)
    return lake


def rebuilt(events: list[Event], lake: Lake | None = None) -> Lake:
    lake = lake or plain_lake()
    store(lake, events)
    loaded(lake, len(events))
    rebuild(lake, now=NOW)
    return lake


def check_against_oracles(lake: Lake, events: list[Event]) -> None:
    ids, visits = world_of(events)
    assert rows(lake, "sessions", SESSION_COLUMNS) == visits
    assert rows(lake, "identity_edges", EDGE_COLUMNS) == ids.edge_rows()
    assert rows(lake, "identities", IDENTITY_COLUMNS) == ids.identities()
    assert rows(lake, "customers", CUSTOMER_COLUMNS) == ids.customers(visits)


# Worlds of 30 and of 60 events, close together and far apart.
QUICK = (0, 3, 7)
SEEDS = [seed if seed in QUICK else pytest.param(seed, marks=pytest.mark.slow) for seed in range(50)]
MORE = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))]


@pytest.mark.parametrize("seed", SEEDS)
def test_any_cut_gives_the_rows_of_one_rebuild(seed: int) -> None:
    random_ = random.Random(seed)
    events = arrivals(random_, random_.choice((30, 60, 120)), random_.choice((6, 40, 400)))
    whole = rebuilt(events)
    check_against_oracles(whole, events)
    for _ in range(1 if seed in QUICK else 4):
        assert contents(stitched(events, cuts(random_, len(events)))) == contents(whole)


@pytest.mark.parametrize("examples", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_few_events_one_at_a_time(examples: int) -> None:
    @given(st.randoms(use_true_random=False), st.integers(1, 8), st.sampled_from((4, 12, 60)))
    @settings(max_examples=examples, deadline=None)
    def check(random_: random.Random, size: int, span: int) -> None:
        events = arrivals(random_, size, span)
        check_against_oracles(stitched(events, list(range(1, size + 1))), events)

    check()


def test_a_value_that_one_alias_names_in_two_fields_is_first_a_device() -> None:
    first = Event(1, START, "a", type="alias", anonymous_id="x", user_id="x", previous_id="u4")
    then = Event(2, START, "b", type="alias", user_id="u1", previous_id="x")
    for lake in (stitched([first, then], [1, 2]), rebuilt([first, then])):
        check_against_oracles(lake, [first, then])


@pytest.mark.parametrize("named", [0, 200])
def test_a_large_lake_which_is_read_day_by_day_gives_the_same(
    monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    """Every look is at one day, for a few subjects by name or for all."""
    monkeypatch.setattr(rereading, "_A_LOOK", 1)
    monkeypatch.setattr(rereading, "MOST_NAMED", named)
    random_ = random.Random(named)
    events = arrivals(random_, 120, 6_000)
    assert contents(stitched(events, cuts(random_, len(events)))) == contents(rebuilt(events))


def test_in_the_real_lake_cuts_give_the_rows_of_one_rebuild(tmp_path: Path) -> None:
    random_ = random.Random(99)
    events = arrivals(random_, 100)
    with connect(WarehouseSettings(data=str(tmp_path)), read_only=False) as lake:
        stitched(events, [60, 61, 100], lake)
        check_against_oracles(lake, events)
        in_runs = contents(lake)
        rebuild(lake, now=NOW)
        assert contents(lake) == in_runs


@pytest.mark.parametrize("seed", MORE)
def test_sessions_do_not_depend_on_the_order_of_arrival(seed: int) -> None:
    random_ = random.Random(seed)
    events = arrivals(random_, 80)
    order = random_.sample(range(1, 81), 80)
    shuffled = [msgspec.structs.replace(e, load_seq=order[e.load_seq - 1]) for e in events]
    lake = stitched(shuffled, cuts(random_, 80))
    assert rows(lake, "sessions", SESSION_COLUMNS) == world_of(shuffled)[1]


@pytest.mark.parametrize(
    ("seed", "step"), [(0, 10), *(pytest.param(seed, 4, marks=pytest.mark.slow) for seed in range(4))]
)
def test_every_id_that_was_ever_given_leads_to_what_it_became(seed: int, step: int) -> None:
    random_ = random.Random(seed)
    events = arrivals(random_, 80, 12)
    lake = plain_lake()
    firsts: dict[str, int] = {}
    customers: dict[str, int] = {}
    store(lake, events)
    for end in range(step, 81, step):
        loaded(lake, end)
        stitch(lake, now=NOW)
        firsts |= dict(lake.query("SELECT session_id, subject_key FROM sessions"))
        sql = (  # a shared device's customer is one once something is done there without a user
            "SELECT customer_id, min(identity_key) FROM identities"
            " WHERE customer_id[1] = 'c' AND kind <> 'shared_device' GROUP BY ALL"
        )
        customers |= dict(lake.query(sql))
    for id, subject in firsts.items():
        now_in = resolved(lake, "session_aliases", "sessions", id)
        assert lake.query("SELECT subject_key FROM sessions WHERE session_id = ?", [now_in]) == [(subject,)]
    for id, key in customers.items():
        now_in = resolved(lake, "customer_redirects", "customers", id)
        assert lake.query("SELECT customer_id FROM identities WHERE identity_key = ?", [key]) == [(now_in,)]
    assert len(firsts) > lake.query("SELECT count(*) FROM sessions")[0][0]
    shared = "SELECT customer_id FROM identities WHERE kind = 'shared_device'"
    now_there = lake.query(f"SELECT count(*) FROM customers WHERE customer_id NOT IN ({shared})")[0][0]
    assert len(customers) > now_there


def test_a_backlog_goes_in_slices() -> None:
    events = arrivals(random.Random(5), 60)
    lake = plain_lake()
    store(lake, events)
    loaded(lake, 60)
    reports = [stitch(lake, now=NOW, batch=25) for _ in range(4)]
    assert [(r.after, r.until, r.behind) for r in reports] == [
        (0, 25, 35),
        (25, 50, 10),
        (50, 60, 0),
        (60, 60, 0),
    ]
    assert sum(r.events for r in reports) == 60
    check_against_oracles(lake, events)


def test_after_each_run_the_tables_are_those_of_the_events_so_far() -> None:
    """Although the events to come are in the lake already."""
    events = arrivals(random.Random(6), 80, 12)
    lake = plain_lake()
    store(lake, events)
    for end in (20, 30, 50, 51, 80):
        loaded(lake, end)
        stitch(lake, now=NOW)
        check_against_oracles(lake, events[:end])


def test_the_cursor_is_complete_until_what_was_loaded_only_once_it_has_caught_up() -> None:
    lake = plain_lake()
    store(lake, arrivals(random.Random(5), 30))
    loaded(lake, 30)
    stitch(lake, now=NOW, batch=20)
    assert cursors(lake)["stitch"].complete_until is None
    stitch(lake, now=NOW, batch=20)
    assert cursors(lake)["stitch"] == cursors(lake)["load"]


def test_load_seqs_that_hold_no_event_only_move_the_cursor() -> None:
    lake = plain_lake()
    loaded(lake, 7)
    assert stitch(lake, now=NOW).until == 7
    assert cursors(lake)["stitch"].load_seq == 7
    assert not any(contents(lake).values())


def test_an_event_that_names_nobody_is_passed_over() -> None:
    lake = plain_lake()
    store(
        lake, [Event(1, START, "a", anonymous_id="d"), Event(2, START, "b"), Event(3, START, "c", user_id="")]
    )
    lake.execute("UPDATE events SET subject_key = NULL WHERE message_id IN ('b', 'c')")
    loaded(lake, 3)
    assert stitch(lake, now=NOW).events == 1
    assert lake.query("SELECT events FROM sessions") == [(1,)]
    rebuild(lake, now=NOW)
    assert lake.query("SELECT events FROM sessions") == [(1,)]


NARROW = IdentityRules(
    kinds=tuple(
        msgspec.structs.replace(kind, limit=1, window_days=3 if kind.name == "email" else None)
        if kind.name in ("email", "phone")
        else kind
        for kind in KINDS
    ),
    most_ids=5,
    most_links=4,
    logged_out="last_user",
)


ENDING = {"email": 1, "phone": 2, "crm_id": 3, "device_id": 1}
MORTAL = IdentityRules(
    kinds=tuple(
        msgspec.structs.replace(
            kind, ttl_days=ENDING.get(kind.name), limit=2 if kind.name == "email" else kind.limit
        )
        for kind in KINDS
    )
)
BOTH = msgspec.structs.replace(
    NARROW,
    kinds=tuple(msgspec.structs.replace(kind, ttl_days=ENDING.get(kind.name)) for kind in NARROW.kinds),
)


def loaded_late(random_: random.Random, events: Iterable[Event]) -> list[Event]:
    """The same events, some of which were received days before or after those loaded beside them."""
    moved = [one.received_at or 0 for one in events]
    return [
        msgspec.structs.replace(one, received_at=at + random_.choice((0, 0, 0, -50, 50, 90)) * HOUR)
        for one, at in zip(events, moved, strict=True)
    ]


@pytest.mark.parametrize("seed", [*MORE, *SEEDS[11:]])
@pytest.mark.parametrize("rules", [NARROW, MORTAL, BOTH], ids=["limits", "ttl", "both"])
def test_limits_within_days_caps_lives_and_last_users_do_not_depend_on_the_cut(
    seed: int, rules: IdentityRules
) -> None:
    random_ = random.Random(seed)
    events = loaded_late(random_, arrivals(random_, 50, random_.choice((6, 40))))
    ids, visits = world_of(events, rules)
    lake = plain_lake()
    store(lake, events)
    for end in cuts(random_, 50):
        loaded(lake, end)
        stitch(lake, now=NOW, ids=rules)
    assert rows(lake, "identity_lives", LIFE_COLUMNS) == ids.life_rows()
    assert rows(lake, "identity_edges", EDGE_COLUMNS) == ids.edge_rows()
    assert rows(lake, "identities", IDENTITY_COLUMNS) == ids.identities()
    assert rows(lake, "sessions", SESSION_COLUMNS) == visits
    assert rows(lake, "customers", CUSTOMER_COLUMNS) == ids.customers(visits)
    in_runs = contents(lake)
    rebuild(lake, now=NOW, ids=rules)
    assert contents(lake) == in_runs
