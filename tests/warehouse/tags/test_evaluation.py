"""Tags of random histories: evaluated as they come, all at once, and in plain Python."""

import random

import pytest

from sessionizer.tagging import TagReport, keep_up, touch_all
from tests.sessionizer.world import cuts
from tests.warehouse.insights.asked_lake import NOW
from tests.warehouse.tags.world import (
    WANTED,
    erase,
    events_of,
    expected,
    run,
    split,
    stays,
    store_all,
)

SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 220))]


@pytest.mark.parametrize("seed", SEEDS)
def test_evaluated_as_they_come_tags_are_those_of_all_events_at_once(seed: int) -> None:
    """Late and equal events, customers who become one, are split by people, or are erased."""
    random_ = random.Random(seed)
    events = events_of(random_)
    lake = store_all(events)
    *ends, last = cuts(random_, len(events))
    for end in ends:
        run(lake, end)
    decisions = split(lake, random_) if seed % 2 else []
    run(lake, last, decisions=decisions)
    assert stays(lake) == expected(lake, events)
    if seed % 3:
        events = erase(lake, events, "u0", decisions)
        keep_up(lake, WANTED, NOW)
    found = stays(lake)
    assert found == expected(lake, events)
    with lake.transaction():
        touch_all(lake)
    report = keep_up(lake, WANTED, NOW)
    assert (report.changed, stays(lake)) == (0, found)


def test_a_project_without_customers_has_its_tags_and_no_stays() -> None:
    lake = store_all([])
    report = keep_up(lake, WANTED, NOW)
    assert (report.tags, report.customers, stays(lake)) == (len(WANTED["shop"]), 0, [])
    assert keep_up(lake, WANTED, NOW) == TagReport()
    assert keep_up(lake, {}, NOW).gone == len(WANTED["shop"])
