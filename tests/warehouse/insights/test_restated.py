"""What PostHog's documentation and tests say of retention, lifecycle, stickiness and paths, restated."""

from typing import Any

import pytest

from tests.warehouse.insights.asked_lake import NOW, complete
from tests.warehouse.insights.restated import cases, known, lake_with
from warehouse.insights.lifecycle import Lifecycle, lifecycle
from warehouse.insights.paths import Paths, paths
from warehouse.insights.retention import Retention, retention
from warehouse.insights.stickiness import Stickiness, stickiness
from warehouse.lake import Lake

RETENTION = cases("retention.yaml")
OTHERS = cases("others.yaml")


@pytest.fixture(scope="module")
def lake() -> Lake:
    return lake_with([*RETENTION, *OTHERS])


def asked(lake: Lake, case: dict[str, Any]) -> dict[str, Any]:
    complete(lake, known(case))
    return {"project": case["project"], "since": "2020-06-10", **case["ask"]}


@pytest.mark.parametrize("case", RETENTION, ids=[case["name"] for case in RETENTION])
def test_retention(lake: Lake, case: dict[str, Any]) -> None:
    answer = retention(lake, Retention(**asked(lake, case)), NOW)
    rows = [row for row in answer.rows if "value" not in case or row.by == [case["value"]]]
    found = [" ".join(str(one.units) for one in row.cells if one.units is not None) for row in rows]
    assert found == [str(row) for row in case["is"]]


def stages(lake: Lake, fields: dict[str, Any]) -> list[str]:
    found = lifecycle(lake, Lifecycle(**fields), NOW).stages
    kinds = ("new", "returning", "resurrecting", "dormant")
    return [" ".join(str(getattr(one, kind)) for one in found) for kind in kinds]


def bars(lake: Lake, fields: dict[str, Any]) -> str:
    return " ".join(str(one.units) for one in stickiness(lake, Stickiness(**fields), NOW).bars)


def edges(lake: Lake, fields: dict[str, Any]) -> list[str]:
    found = paths(lake, Paths(**fields), NOW).edges
    return sorted(f"{one.step} {one.source} {one.target} {one.units} {one.seconds / 60:g}" for one in found)


@pytest.mark.parametrize("case", OTHERS, ids=[f"{case['of']}: {case['name']}" for case in OTHERS])
def test_others(lake: Lake, case: dict[str, Any]) -> None:
    case["ask"].setdefault("until", "2020-06-10")
    told = {"lifecycle": stages, "stickiness": bars, "paths": edges}[case["of"]]
    assert told(lake, asked(lake, case)) == case["is"]


def test_there_are_enough_of_them() -> None:
    assert (len(RETENTION) >= 40, len(OTHERS) >= 30) == (True, True)
