"""What is decided again equals what a rebuild makes of the same events and decisions."""

import random
from typing import Any

import msgspec
import pytest

from sessionizer.identity import USUAL, Decision, IdentityRules
from sessionizer.rebuild import rebuild
from sessionizer.redecision import redecide
from tests.sessionizer.test_incremental import MORTAL, NOW, loaded_late, stitched
from tests.sessionizer.world import Event, arrivals, contents, cuts, loaded, plain_lake, store
from warehouse.lake import Lake

SIZE = 50
JOINED = """
    SELECT project, left_kind, left_value, right_kind, right_value
    FROM identity_edges WHERE state = 'joined' AND left_kind NOT IN ('uscc', 'group_id') ORDER BY ALL"""
PEOPLE = """
    SELECT kind, value FROM identities
    WHERE starts_with(customer_id, 'c_') AND kind <> 'shared_device' ORDER BY ALL"""


def rebuilt(events: list[Event], decisions: list[Decision], rules: IdentityRules = USUAL) -> Lake:
    lake = plain_lake()
    store(lake, events)
    loaded(lake, SIZE)
    rebuild(lake, now=NOW, decisions=decisions, ids=rules)
    return lake


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 30))]
RULES = pytest.mark.parametrize("rules", [USUAL, MORTAL], ids=["usual", "ttl"])


@RULES
@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_decisions_the_tables_are_those_of_a_rebuild_with_them(
    seed: int, rules: IdentityRules
) -> None:
    random_ = random.Random(seed)
    events = loaded_late(random_, arrivals(random_, SIZE, random_.choice((6, 40))))
    lake = stitched(events, cuts(random_, SIZE - 10), ids=rules)
    edges, ids = lake.query(JOINED), lake.query(PEOPLE)
    decisions: list[Decision] = []
    until = lake.query("SELECT load_seq FROM cursors WHERE name = 'stitch'")[0][0]
    for kind in ("block", "block", "merge"):
        left, right = random_.sample(ids, 2)
        merged = ["shop", *left, *right]
        pair: list[Any] = merged if kind == "merge" else list(random_.choice(edges))
        said = dict(zip(Decision.__struct_fields__, [*pair, kind, until], strict=False))
        decisions.append(msgspec.convert(said, Decision))
        with lake.transaction():
            keys = decisions[-1].left_key, decisions[-1].right_key
            redecide(lake, keys, until, decisions=decisions, ids=rules)
    stitched([], [SIZE], lake, decisions, rules)
    assert contents(lake) == contents(rebuilt(events, decisions, rules))


@RULES
@pytest.mark.parametrize("seed", SEEDS)
def test_ids_whose_events_are_gone_are_gone_and_nobody_else_changes(seed: int, rules: IdentityRules) -> None:
    random_ = random.Random(10 + seed)
    events = loaded_late(random_, arrivals(random_, SIZE, 12))
    lake = stitched(events, [SIZE], ids=rules)
    gone = "d1", "u1"
    keys = [key for (key,) in lake.query("SELECT identity_key FROM identities WHERE value IN ('d1', 'u1')")]
    left = [e for e in events if not {e.anonymous_id, e.user_id, e.previous_id} & {*gone}]
    whole = rebuilt(left, [], rules)
    with lake.transaction():
        lake.execute("DELETE FROM events")
        store(lake, left)
        redecide(lake, keys, SIZE, ids=rules)
    assert of_people(lake, "identities") == of_people(whole, "identities")
    assert of_people(lake, "identity_edges") == of_people(whole, "identity_edges")
    assert contents(lake)["identity_lives"] == contents(whole)["identity_lives"]


def of_people(lake: Lake, table: str) -> list[tuple[Any, ...]]:
    """Without accounts, which stay, and without shared devices, which are told by sessions."""
    return [row for row in contents(lake)[table] if not {"uscc", "group_id", "shared_device"} & {*row[2:4]}]
