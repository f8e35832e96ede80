"""However the load order is cut into runs, the tables are those of one rebuild and of the plain oracles."""

import random
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from tests.sessionizer.world import (
    CUSTOMER_COLUMNS,
    EDGE_COLUMNS,
    IDENTITY_COLUMNS,
    SESSION_COLUMNS,
    Event,
    Ids,
    arrivals,
    contents,
    cuts,
    loaded,
    plain_lake,
    rows,
    sessions_of,
    store,
)
from warehouse.lake import Lake

NOW = partial(int, 1_793_900_000_000_000)


def stitched(events: list[Event], ends: Iterator[int] | list[int]) -> Lake:
    lake = plain_lake()
    store(lake, events)
    for end in ends:
        loaded(lake, end)
        stitch(lake, now=NOW)
    return lake


def rebuilt(events: list[Event]) -> Lake:
    lake = plain_lake()
    store(lake, events)
    loaded(lake, len(events))
    rebuild(lake, now=NOW)
    return lake


def check_against_oracles(lake: Lake, events: list[Event]) -> None:
    ids, visits = Ids(events), sessions_of(events)
    assert rows(lake, "sessions", SESSION_COLUMNS) == visits
    assert rows(lake, "identity_edges", EDGE_COLUMNS) == ids.edge_rows()
    assert rows(lake, "identities", IDENTITY_COLUMNS) == ids.identities()
    assert rows(lake, "customers", CUSTOMER_COLUMNS) == ids.customers(visits)


@pytest.mark.parametrize("seed", range(10))
def test_any_cut_gives_the_rows_of_one_rebuild(seed: int) -> None:
    random_ = random.Random(seed)
    events = arrivals(random_, random_.choice((40, 120, 250)), random_.choice((6, 40, 400)))
    whole = rebuilt(events)
    check_against_oracles(whole, events)
    for _ in range(4):
        assert contents(stitched(events, cuts(random_, len(events)))) == contents(whole)


@given(st.randoms(use_true_random=False), st.integers(1, 30), st.sampled_from((4, 12, 60)))
@settings(max_examples=40, deadline=None)
def test_few_events_one_at_a_time(random_: random.Random, size: int, span: int) -> None:
    events = arrivals(random_, size, span)
    check_against_oracles(stitched(events, list(range(1, size + 1))), events)
