"""The roll-up says what the events say, however they came: each event counts for its hour, its name and the
customer whose it is.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sessionizer.identity import Decision, Decisions
from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from sessionizer.redecision import redecide
from sessionizer.statements import statement
from tests.sessionizer.test_redecision import JOINED
from tests.sessionizer.world import HOUR, Event, arrivals, cuts, loaded, plain_lake, store
from tests.warehouse.insights.asked_lake import owners
from tests.warehouse.lakes import lake_of_writer
from warehouse import rollup
from warehouse.lake import Lake
from warehouse.rollup import cells
from warehouse.settings import WarehouseSettings
from warehouse.upkeep import file_shapes, rewrite

NOW = partial(int, 1_793_900_000_000_000)


def stitched(lake: Lake, ends: Iterable[int], decisions: Decisions = ()) -> Lake:
    for end in ends:
        loaded(lake, end)
        stitch(lake, now=NOW, decisions=decisions)
    return lake


def filled(lake: Lake, portion: int) -> Lake:
    while rollup.fill(lake, NOW(), portion).behind:
        pass
    return lake


def told(lake: Lake) -> Counter[tuple[Any, ...]]:
    """What the roll-up says: how many events of an hour, type, name and customer."""
    customers = dict(lake.query("SELECT identity_key, customer_id FROM identities"))
    found: Counter[tuple[Any, ...]] = Counter()
    for *of, visitor, events in lake.query("SELECT hour, type, event, visitor_key, events FROM daily"):
        found[*of, customers.get(visitor, str(visitor))] += events
    return found


def expected(lake: Lake, events: Sequence[Event]) -> Counter[tuple[Any, ...]]:
    """The same by plain Python over the events."""
    whose = owners(lake, events)
    found: Counter[tuple[Any, ...]] = Counter()
    for one in events:
        if not one.is_bot:
            found[one.at // HOUR, one.type, one.event, whose[one.load_seq]] += 1
            found[one.at // HOUR, "*", None, whose[one.load_seq]] += 1
    return found


def world(seed: int) -> tuple[random.Random, list[Event], Lake]:
    random_ = random.Random(seed)
    events = arrivals(random_, random_.choice((30, 60, 90)), random_.choice((6, 40, 400)))
    lake = plain_lake()
    store(lake, events)
    return random_, events, lake


# Worlds of 30, 60 and 90 events; more of them are slow.
SEEDS = [seed if seed < 3 else pytest.param(seed, marks=pytest.mark.slow) for seed in range(150)]


@pytest.mark.parametrize("seed", SEEDS)
def test_each_run_keeps_it_in_step(seed: int) -> None:
    random_, events, lake = world(seed)
    for end in cuts(random_, len(events)):
        stitched(lake, [end])
        assert rollup.rolled_until(lake) == end
        assert told(lake) == expected(lake, events[:end])
    assert rollup.differences(lake) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_cells_of_many_devices_are_counted_together(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_NAMED", 1)
    random_, events, lake = world(seed)
    for end in cuts(random_, len(events)):
        stitched(lake, [end])
        assert told(lake) == expected(lake, events[:end])


def test_owners_of_visits_are_not_compared_with_one_another() -> None:
    """Of 12,000 owners, as 100,000 events have them, that took a minute and 40 GB."""
    lake = plain_lake()
    with lake.transaction():
        lake.execute("CREATE TEMP TABLE born AS FROM lake.main.sessions LIMIT 0")
        lake.execute("CREATE TEMP TABLE visit_owners AS SELECT identity_key, customer_id FROM identities")
        ((_, plan),) = lake.query(f"EXPLAIN {statement('rollup/visits')}")
    assert "HASH_JOIN" in plan
    assert not [kind for kind in ("NESTED_LOOP", "PIECEWISE", "CROSS_PRODUCT", "_NL_") if kind in plan]


@pytest.mark.parametrize("seed", SEEDS[1:])
def test_filled_in_portions_while_runs_go_on(seed: int) -> None:
    random_, events, lake = world(seed)
    ends = cuts(random_, len(events))
    for end in ends:
        stitched(lake, [end])
        if random_.random() < 0.3:
            rebuild(lake, now=NOW)
            assert rollup.rolled_until(lake) is None
        for _ in range(random_.randrange(3)):
            done = rollup.fill(lake, NOW(), random_.choice((3, 10)))
            assert told(lake) == expected(lake, events[: done.until])
    filled(lake, 7)
    assert told(lake) == expected(lake, events[: ends[-1]])


@pytest.mark.parametrize("seed", SEEDS[1:])
def test_what_people_decide_is_in_it_at_once(seed: int) -> None:
    random_, events, lake = world(seed)
    stitched(lake, cuts(random_, len(events)))
    until = len(events)
    decisions: list[Decision] = []
    for _ in range(3):
        edges = lake.query(JOINED)
        if not edges:
            return
        said = dict(zip(Decision.__struct_fields__, [*random_.choice(edges), "block", until], strict=False))
        decisions.append(msgspec.convert(said, Decision))
        with lake.transaction():
            redecide(lake, (decisions[-1].left_key, decisions[-1].right_key), until, decisions=decisions)
        assert told(lake) == expected(lake, events)


def test_a_wrong_count_is_told() -> None:
    _, events, lake = world(1)
    stitched(lake, [len(events)])
    lake.execute("UPDATE daily SET events = events + 2 WHERE rowid = (SELECT min(rowid) FROM daily)")
    (found,) = rollup.differences(lake)
    assert found.rolled == found.events + 2


def test_upkeep_adds_up_rows_that_agree(tmp_path: Path) -> None:
    with lake_of_writer(WarehouseSettings(data=str(tmp_path))) as lake:
        events = arrivals(random.Random(5), 40)
        store(lake, events)
        stitched(lake, [20, 40])
        before, rows = told(lake), lake.query("SELECT count(*) FROM daily")[0][0]
        (day,) = lake.query("SELECT day FROM daily GROUP BY day ORDER BY count(*) DESC, day LIMIT 1")[0]
        paths = [one.path for one in file_shapes(lake) if one.table == "daily" and one.partition == str(day)]
        assert len(paths) > 1
        rewrite(lake, "daily", WarehouseSettings(data=str(tmp_path)).folders.lake_data, paths)
        assert told(lake) == before == expected(lake, events)
        assert lake.query("SELECT count(*) FROM daily")[0][0] < rows
