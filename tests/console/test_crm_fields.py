"""What a CRM's file said of customers, as filters, breakdowns and segments, through each door."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.console.conftest import Visitor
from tests.warehouse.lakes import NOON
from warehouse.cli import insight
from warehouse.insights.funnel import Funnel, funnel
from warehouse.insights.retention import Retention, retention
from warehouse.insights.stickiness import Stickiness, stickiness
from warehouse.insights.trend import Trend, trend
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings
from warehouse.tags import read_tags
from warehouse.tags.evaluation import evaluate
from warehouse.tags.rules import Versioned

BY, EAST = "customer.region", "customer.region = 华东"
SOURCE = "library_name != sojourn-import"


def sums(answer: Any) -> dict[str, int]:
    """Units of each region."""
    told = json.loads(answer) if isinstance(answer, str | bytes) else answer
    return {one["by"][0]: one["values"][0] for one in told["totals"] if one["by"]}


def test_an_imported_field_breaks_down_and_filters_alike_through_three_doors(
    crm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight, "now", lambda: NOON)
    asked = f"events=*&since=7d&measure=units&by={BY}&where={SOURCE}"
    visitor = Visitor(crm)
    visitor.clock = NOON
    by_http = visitor.get(f"/api/insights/trend?{asked}").json()
    visitor.registry.close()
    words = ["trend", "*", "--since", "7d", "--measure", "units", "--by", BY, "--where", SOURCE]
    by_command = CliRunner().invoke(insight.insight, [*words, "--data", str(crm), "--json"])
    with connect(WarehouseSettings(data=str(crm)), read_only=True) as lake:
        question = Trend(events=("*",), since="7d", measure="units", by=(BY,), where=(SOURCE,))
        by_python = trend(lake, question, NOON)
        pages: dict[str, Any] = {"since": "7d", "where": (EAST,)}
        steps = funnel(lake, Funnel(steps=("page:*", "page:*"), **pages), NOON)
        back = retention(lake, Retention(start="page:*", **pages), NOON)
        days = stickiness(lake, Stickiness(event="page:*", **pages), NOON)
    assert sums(by_http) == sums(by_command.stdout) == {"华东": 3, "华南": 3}
    assert by_python.n == by_http["n"] == 6
    assert (steps.n, back.n, days.n) == (3, 3, 3)


def test_an_imported_field_is_a_condition_of_segments(crm: Path) -> None:
    rule = "tags:\n  east:\n    when: {attribute: 'region = 华东'}\n"
    with connect(WarehouseSettings(data=str(crm)), read_only=True) as lake:
        lake.execute("CREATE TEMP TABLE tag_customers AS SELECT customer_id FROM customers")
        stays = evaluate(lake, "shop", [Versioned(tag, 1) for tag in read_tags(rule)]).to_pylist()
        wanted = lake.query(
            "SELECT customer_id FROM customer_attributes WHERE name = 'region' AND (value ->> '$') = '华东'"
        )
    assert {one["customer_id"] for one in stays if one["left_at"] is None} == {id for (id,) in wanted}
    assert len(wanted) == 3
