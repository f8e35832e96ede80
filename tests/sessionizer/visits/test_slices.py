"""All events some at a time: what is cut in slices of time is what is cut at once."""

import random
from typing import Any

import duckdb
import numpy as np
import pytest

from sessionizer.sessions import VisitRules, read_moments
from sessionizer.statements import run
from sessionizer.visits import finding
from sessionizer.visits.finding import find_all, found_in_all
from sessionizer.visits.pauses import spells
from sessionizer.visits.presets import PRESETS
from sessionizer.visits.reading import days, in_order
from sessionizer.visits.rules import SessionRules
from sessionizer.visits.slices import slices
from tests.sessionizer.visits.test_kept import KEPT, PAID, varied
from tests.sessionizer.world import GAP, MINUTE, START, Event, plain_lake, store
from warehouse.lake import Lake

EVERYTHING = SessionRules(
    "everything",
    gap=1_200,
    mobile_gap=600,
    lone_gap=1_900,
    day_of="Asia/Shanghai",
    user=True,
    campaign=True,
    referrer=True,
    longest=7_200,
    ends_after=("paid",),
    ignores=("seen",),
)
SETS = [*(PRESETS[name] for name in KEPT), EVERYTHING]
QUICK = ("universal-analytics", "everything")


def lake_of(events: list[Event], rules: SessionRules) -> Lake:
    lake = plain_lake()
    store(lake, events)
    read_moments(lake, VisitRules(rules, (PAID,)))
    run(lake, "whole", until=1 << 60)
    return lake


def found(lake: Lake, rules: SessionRules, at_once: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for _ in find_all(lake, rules, at_once):
        rows += lake.query("FROM closed_visits")
    return sorted(rows, key=repr)


@pytest.mark.parametrize(
    "rules",
    [pytest.param(one, marks=() if one.name in QUICK else pytest.mark.slow) for one in SETS],
    ids=lambda rules: rules.name,
)
def test_slices_of_any_size_give_the_visits_of_one(rules: SessionRules) -> None:
    random_ = random.Random(rules.name)
    events = varied(random_, 50 if rules.name in QUICK else 150)
    lake = lake_of(events, rules)
    whole = found(lake, rules, 1_000)
    assert len(list(slices(lake, 1_000))) == 1
    assert len(list(slices(lake, 4))) > 10
    for at_once in (1, 4, 40):
        assert found(lake, rules, at_once) == whole


def test_events_of_one_moment_keep_their_order() -> None:
    said = [("b", "u1"), ("a", "u2"), ("c", None), ("a", "u1"), ("a", None)]
    events = [
        Event(number, START + number // 3, message, anonymous_id="d", user_id=user)
        for number, (message, user) in enumerate(said * 3)
    ]
    rules = PRESETS["sojourn"]
    rows = found(lake_of(events, rules), rules, 1_000)
    random.Random(1).shuffle(events)
    assert found(lake_of(events, rules), rules, 1_000) == rows
    assert len(rows) == 4


def test_several_sets_from_one_reading_are_those_of_each_alone() -> None:
    events = varied(random.Random(8), 200)
    lake = lake_of(events, PRESETS["posthog"])
    for sets in (SETS, [*SETS, PRESETS["posthog"], PRESETS["snowplow"]]):
        for rules, together in zip(sets, found_in_all(lake, sets, 200), strict=True):
            ((alone),) = found_in_all(lake, [rules], 200)
            assert together.sort_by("opening").equals(alone.sort_by("opening"))


def test_a_device_that_never_stops_is_cut_by_minutes() -> None:
    """One visit over all slices, of which each holds a few minutes."""
    events = [Event(n, START + n * MINUTE // 10, f"m{n}", anonymous_id="d") for n in range(2_000)]
    lake = lake_of([*events, Event(9_999, START + 400 * MINUTE + GAP, "z", anonymous_id="d")], PRESETS["ga4"])
    assert len(list(slices(lake, 100))) > 15
    rows = found(lake, PRESETS["ga4"], 100)
    names = [name for name, *_ in lake.query("DESCRIBE lake.main.sessions")]
    assert [row[names.index("events")] for row in rows] in ([1, 2_000], [2_000, 1])


def test_events_are_cut_on_one_thread_and_all_else_has_its_own_again() -> None:
    lake = lake_of(varied(random.Random(9), 20), PRESETS["ga4"])
    lake.execute("SET threads = 3")
    threads = "SELECT current_setting('threads')"
    assert {lake.query(threads)[0][0] for _ in find_all(lake, PRESETS["ga4"], 4)} == {1}
    assert lake.query(threads) == [(3,)]
    with pytest.raises(duckdb.CatalogException):
        [lake.query("FROM nowhere") for _ in find_all(lake, PRESETS["ga4"], 4)]
    assert lake.query(threads) == [(3,)]


@pytest.mark.parametrize(("many", "kept"), [(4, "512.0 MiB"), (1_000, "0 bytes")])
def test_where_events_are_many_duckdb_keeps_its_blocks(
    many: int, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "AT_ONCE", many)
    lake = lake_of(varied(random.Random(0), 50), PRESETS["ga4"])
    assert list(find_all(lake, PRESETS["ga4"], 4))
    assert lake.query("SELECT current_setting('block_allocator_memory')") == [(kept,)]


@pytest.mark.parametrize("at_once", [1, 7, 1_000])
def test_pauses_alone_give_the_sessions_of_ga4(at_once: int) -> None:
    events = varied(random.Random(9), 150)
    lake = lake_of(events, PRESETS["ga4"])
    sql = "SELECT subject_key, epoch_us(started_at), epoch_us(ended_at), events FROM closed_visits"
    rows: list[tuple[Any, ...]] = []
    for _ in find_all(lake, PRESETS["ga4"]):
        rows += lake.query(sql)
    parts = list(spells(lake, GAP, at_once))
    found = [tuple(row.values()) for part in parts for row in part.table().to_pylist()]
    assert sorted(found) == sorted(rows)
    assert len(found) > 30


@pytest.mark.parametrize("span", [1, 10, 1 << 40, 1 << 62])
def test_events_in_runs_come_in_order(span: int) -> None:
    """By subject, then time, whatever numbers they are; `span` is what times differ by at most."""
    chance = np.random.default_rng(span)
    subject = np.sort(chance.integers(-(1 << 62), 1 << 62, 40))[chance.integers(0, 40, (5, 100))]
    columns = {"subject": np.sort(subject).ravel(), "at": chance.integers(0, span, 500) - span // 2}
    order = in_order(columns)
    assert sorted(order) == [*range(500)]
    rows = [(columns["subject"][at], columns["at"][at]) for at in order]
    assert rows == sorted(rows)


def test_nothing_is_in_order() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert not len(in_order({"subject": nothing, "at": nothing}))


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns"]
)
def test_days_are_those_of_duckdb(zone: str) -> None:
    """Also around the hours at which clocks are put forward and back, and before 1970."""
    lake, spring = plain_lake(), 1_774_745_000_000_000
    at = np.concatenate([spring + np.arange(-90, 90) * 731_000_000, np.arange(-50, 50) * 40_000_000_007])
    of_duckdb = "datediff('day', DATE '1970-01-01', timezone($zone, make_timestamptz(moment))::DATE)"
    wanted = lake.query(
        f"SELECT {of_duckdb} FROM (SELECT unnest($at) AS moment)", {"zone": zone, "at": at.tolist()}
    )
    assert days(lake, at, zone).tolist() == [day for (day,) in wanted]
