"""Identity by example, and its components against a plain union-find."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionizer.identity.graph import components, places, survivors
from sessionizer.incremental import stitch
from tests.sessionizer.ids import key_of
from tests.sessionizer.test_incremental import NOW, stitched
from tests.sessionizer.world import START, Event, loaded, plain_lake, resolved, store
from warehouse.lake import Lake


def track(load_seq: int, device: str | None = None, user: str | None = None, type: str = "track") -> Event:
    return Event(load_seq, START + load_seq, f"m{load_seq}", type, device, user)


def alias(load_seq: int, previous: str, user: str) -> Event:
    return Event(load_seq, START + load_seq, f"m{load_seq}", "alias", None, user, previous)


def groups(lake: Lake) -> set[frozenset[str]]:
    """The ids that belong together, devices as they are and users in capitals."""
    rows = lake.query(
        "SELECT list(if(kind = 'user_id', upper(value), value)) FROM identities"
        " WHERE kind <> 'shared_device' GROUP BY customer_id"
    )
    return {frozenset(values) for (values,) in rows}


def together(*names: str) -> set[frozenset[str]]:
    return {frozenset(name.split()) for name in names}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([track(1, "d"), track(2, "d", "u")], together("d U")),
        ([track(1, "d", "u"), track(2, "e", "u")], together("d e U")),
        ([track(1, "d", "u"), track(2, "d", "v")], together("d U", "V")),
        ([track(1, "d", "u"), track(2, "d", "v"), track(3, "e", "v")], together("d U", "e V")),
        ([track(1, "d"), alias(2, "d", "u")], together("d U")),
        ([alias(1, "d", "u"), track(2, "d", "v")], together("d U", "V")),
        ([track(1, None, "u"), alias(2, "u", "v")], together("U V")),
        ([alias(1, "u", "v"), track(2, None, "u")], together("u V", "U")),
        ([track(1, "x"), track(2, None, "x"), alias(3, "x", "v")], together("x V", "X")),
        ([track(1, None, "x"), track(2, "x"), alias(3, "x", "v")], together("X V", "x")),
        ([alias(1, "u", "u")], together("U")),
        (
            [
                *(track(i + 1, None, "abc"[i]) for i in range(3)),
                alias(4, "a", "b"),
                alias(5, "b", "c"),
                alias(6, "c", "a"),
            ],
            together("A B C"),
        ),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_who_belongs_together(events: list[Event], expected: set[frozenset[str]], at_once: bool) -> None:
    last = max(event.load_seq for event in events)
    assert groups(stitched(events, [last] if at_once else range(1, last + 1))) == expected


def test_a_blocked_edge_is_kept_with_its_rule() -> None:
    lake = stitched([track(1, "d", "u"), track(2, "d", "v", "identify"), track(3, "d", "v")], [3])
    edges = lake.query("SELECT right_value, evidence, state, rule FROM identity_edges ORDER BY load_seq")
    assert edges == [("u", "same_event", "joined", None), ("v", "identify", "blocked", "unique_user_id")]


def test_evidence_of_each_id() -> None:
    lake = stitched(
        [track(1, "d"), track(2, "d", "u", "identify"), track(3, "e", "u"), alias(4, "u", "w")], [4]
    )
    rows = lake.query("SELECT value, evidence FROM identities ORDER BY value")
    assert rows == [("d", "first_seen"), ("e", "same_event"), ("u", "identify"), ("w", "alias")]


def test_the_older_customer_survives_and_the_younger_leads_to_it() -> None:
    lake = plain_lake()
    store(
        lake, [track(1, "d"), track(2, "e", "u"), track(3, "f", "v"), alias(4, "u", "v"), track(5, "d", "v")]
    )
    named: list[Any] = []
    for end in (3, 4, 5):
        loaded(lake, end)
        stitch(lake, now=NOW)
        named += lake.query("SELECT customer_id FROM identities WHERE value = 'v'")
    oldest = f"c_{key_of(('anonymous_id', 'd')):016x}"
    assert [name for (name,) in named][2] == oldest
    assert len(set(named)) == 3
    assert {resolved(lake, "customer_redirects", "customers", name) for (name,) in named} == {oldest}
    assert lake.query("SELECT devices, user_ids, sessions, events FROM customers") == [(3, 2, 4, 5)]
    evidence = lake.query(
        "SELECT value, evidence FROM identities WHERE customer_id = ? ORDER BY ALL", [oldest]
    )
    assert evidence == [
        ("d", "first_seen"),
        ("e", "same_event"),
        ("f", "same_event"),
        ("u", "same_event"),
        ("v", "same_event"),
    ]


def test_a_session_on_a_shared_device_is_its_users() -> None:
    lake = stitched([track(1, "d", "u"), track(2, "d", "v"), track(3, "d")], [3])
    owners = lake.query(
        "SELECT user_id, s.events, c.sessions FROM sessions s JOIN identities USING (identity_key)"
        " JOIN customers c USING (customer_id) ORDER BY ALL"
    )
    assert owners == [("u", 1, 1), ("v", 2, 1)]


def test_a_customer_whose_only_session_went_to_another_is_counted_anew() -> None:
    """The session of a shared device was its owner's until somebody else logged in during it."""
    hour = 60 * 60 * 1_000_000
    events = [
        Event(1, START, "a", "track", "d", "u"),
        Event(2, START + hour, "b", "track", "d"),
        Event(3, START + hour + 1, "c", "track", "d", "v"),
    ]
    lake = stitched(events, [2, 3])
    rows = lake.query(
        "SELECT epoch_us(first_seen), epoch_us(last_seen), sessions FROM customers ORDER BY ALL"
    )
    assert rows == [(START, START, 1), (START + hour, START + hour + 1, 1)]


def test_a_device_that_is_shared_already_is_not_looked_at_again() -> None:
    day = 24 * 60 * 60 * 1_000_000
    events = [track(1, "d", "u"), track(2, "d", "v"), Event(3, START + day, "a", "track", "d", "v")]
    events.append(Event(4, START - day, "b", "track", "d", "v"))
    lake = plain_lake()
    store(lake, events)
    looked_at = []
    for end in (2, 3, 4):
        lake.execute("CREATE OR REPLACE TEMP TABLE devices_asked (identity_key BIGINT)")
        loaded(lake, end)
        stitch(lake, now=NOW)
        looked_at += lake.query("SELECT count(*) FROM devices_asked")
    assert looked_at == [(1,), (0,), (1,)]  # the last one came before the first login that was known


@given(st.sets(st.integers(0, 2**63 - 1), min_size=1, max_size=80), st.integers(0, 63), st.data())
def test_places_are_those_of_the_sorted_labels(hashes: set[int], shift: int, data: st.DataObject) -> None:
    """However they lie: hashes, numbers from 0 on, or many that are near each other and one far away."""
    labels = sorted({one >> shift for one in hashes} | {2**63 - 1 for one in hashes if one % 2})
    values = data.draw(st.lists(st.sampled_from(labels), max_size=100))
    found = places(np.array(labels), np.array(values, dtype=np.int64))
    assert found.tolist() == [labels.index(value) for value in values]


PAIRS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40)


@given(PAIRS, st.randoms(use_true_random=False))
def test_survivors_are_the_oldest_of_their_component(pairs: list[tuple[int, int]], random_: Any) -> None:
    labels = list(range(0, 62, 2))
    ages = [random_.randrange(10) for _ in labels]
    group = {label: {label} for label in labels}
    for left, right in pairs:
        both = group[2 * left] | group[2 * right]
        group |= dict.fromkeys(both, both)
    expected = [min(group[label], key=lambda one: (ages[one // 2], one)) for label in labels]
    ends = 2 * np.array(pairs, dtype=np.int64).reshape(-1, 2)
    at = (places(np.array(labels), column) for column in (ends[:, 0], ends[:, 1]))
    _, component = components(len(labels), *at)
    assert survivors(np.array(labels), np.array(ages), component).tolist() == expected
