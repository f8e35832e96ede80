"""Shares are taken within a round, and the keys differ in nothing but their rules."""

from pathlib import Path

import msgspec
import pytest

from loadtest.rules import KEYS, PLANNED, SIZES, WITH_PLAN, figures, make_keys, shop_plan, write_bodies
from sdk_contract.plan import compile
from warehouse.registry import Registry

NOW = 1_795_300_000_000_000


def test_a_share_compares_within_its_round() -> None:
    cells = {(name, size): [100.0, 10.0, 50.0] for name in KEYS for size in SIZES}
    cells |= {("planned", size): [90.0, 8.0, 40.0] for size in SIZES}
    found = figures(cells)
    assert found.kept["planned"] == {"1": 0.8, "20": 0.8}
    assert found.kept["strict"] == {"1": 1.0, "20": 1.0}
    assert found.door["planned"] == {"1": 40, "20": 40}


def test_every_event_of_the_bodies_is_planned_and_good(tmp_path: Path) -> None:
    plan = shop_plan(PLANNED)
    assert len(plan.events) == PLANNED
    checked = compile(plan)
    for (name, size), path in write_bodies(tmp_path, NOW).items():
        events = msgspec.json.decode(path.read_bytes())["batch"]
        assert len(events) == size
        for event in events:
            assert event["type"] == "track"
            properties = msgspec.json.encode(event["properties"])
            assert checked.check("track", event["event"], properties) is None
            assert ("consent" in event["context"]) == (name == "both")


def test_an_event_that_breaks_the_plan_is_not_good() -> None:
    fault = compile(shop_plan(PLANNED)).check("track", "Feature 3 Used", b'{"feature":"x"}')
    assert fault is not None
    assert fault.pointer == "/properties/seconds"


@pytest.mark.parametrize("name", list(KEYS))
def test_each_key_has_its_rules(tmp_path: Path, name: str) -> None:
    make_keys(tmp_path / "data", lambda: NOW)
    registry = Registry.open(tmp_path / "data" / "registry.sqlite", now=lambda: NOW)
    key = registry.keys()[list(KEYS).index(name)]
    assert {rule: getattr(key, rule) for rule in KEYS[name]} == KEYS[name]
    published = [plan.project for plan in registry.plans()]
    registry.close()
    assert published == [WITH_PLAN]
