"""The plans by which the sink cleans: each version as it was published, compiled once."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from collector.planned import PlannedVersions
from sdk_contract.plan import read_plan
from tests.collector.segments_made import WORKER, batch, request, segment, track
from warehouse.registry import Registry
from warehouse.rows import convert
from warehouse.segments import segment_id

NAME = segment_id(WORKER, 1_795_298_592_515, 1)
PLAN = """
version: "{version}"
"""
EVENT = """
event: Seen
description: A thing was seen.
owner: shop
properties:
  type: object
  properties:
    price: {type: number}
    currency: {type: string, x-clean: currency}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 0)
    yield registry
    registry.close()


def publish(registry: Registry, version: str) -> None:
    plan = read_plan({"plan.yaml": PLAN.format(version=version), "events/seen.yaml": EVENT})
    registry.publish_plan("shop", version, plan.to_json(), "ann")


def test_events_are_cleaned_by_the_version_that_judged_them(registry: Registry) -> None:
    publish(registry, "1.0.0")
    plans = PlannedVersions(registry, lambda event, facts: None)
    event = track("m", properties={"price": "1,200.50", "currency": "rmb"})
    data = segment(
        [(request(plan_version=version), batch([event]), 1) for version in ("1.0.0", "1.0.1", None)]
    )
    table = pq.read_table(io.BytesIO(partial(convert, plans=plans)(data, NAME).parquet))
    assert table.column("properties").to_pylist() == [
        '{"price":1200.5,"currency":"CNY"}',
        *('{"price": "1,200.50", "currency": "rmb"}',) * 2,
    ]


def test_a_plan_is_compiled_once_and_found_when_it_comes_later(registry: Registry) -> None:
    plans = PlannedVersions(registry, lambda event, facts: None)
    assert plans("shop", "1.0.0") is None
    publish(registry, "1.0.0")
    found = plans("shop", "1.0.0")
    assert found is not None
    assert found.version == "1.0.0"
    assert plans("shop", "1.0.0") is found
    assert plans("blog", "1.0.0") is None


def test_a_plan_that_cannot_be_read_is_told_once_and_cleans_nothing(registry: Registry) -> None:
    reports: list[tuple[str, Mapping[str, object]]] = []
    registry.publish_plan("shop", "1.0.0", "no plan", "ann")
    plans = PlannedVersions(registry, lambda event, facts: reports.append((event, facts)))
    assert plans("shop", "1.0.0") is None
    assert plans("shop", "1.0.0") is None
    [(event, facts)] = reports
    assert (event, facts["version"]) == ("events are not cleaned by this plan", "1.0.0")
