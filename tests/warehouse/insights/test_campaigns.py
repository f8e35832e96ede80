"""Campaigns by hand and against plain Python, and the costs that are set against them."""

import csv
import io
import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of
from warehouse.cli.cost import cost
from warehouse.errors import SpendingUnreadable
from warehouse.insights.errors import BadQuestion
from warehouse.insights.marketing.campaigns import Campaign, Campaigns, CampaignsAnswer, campaigns
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.costs import Cost, read_costs
from warehouse.spending import read_spending

DAY = 24 * HOUR


def did(seq: int, person: str, day: float, source: str | None = None, price: float | None = None) -> Event:
    return Event(
        seq,
        START + int(day * DAY),
        f"m{seq}",
        "track",
        person,
        event="Ordered" if price is not None else "Viewed",
        properties=json.dumps({"price": price}),
        campaign_source=source,
        channel="Paid Search" if source else None,
    )


EVENTS = [
    # Bought before the range: no new customer. Comes again by an ad, and buys.
    did(1, "d1", 0, "mail"),
    did(2, "d1", 0.01, None, 10),
    did(3, "d1", 3, "ads"),
    did(4, "d1", 3.01, None, 20),
    # New by the ad, buys twice in the range and once after it.
    did(5, "d2", 3, "ads"),
    did(6, "d2", 3.01, None, 30),
    did(7, "d2", 4, None, 40),
    did(8, "d2", 9, None, 50),
    # New by mail, for nothing that is a number; and one who only looks.
    did(9, "d3", 4, "mail"),
    did(10, "d3", 4.01, None, 0),
    did(11, "d4", 4, "mail"),
]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    found = lake_of(EVENTS)
    found.registry = tmp_path / "registry.sqlite"
    registry = Registry.open(found.registry, now=lambda: NOW)
    registry.put_costs(
        "shop",
        [
            Cost("2026-11-08", "", "ads", "", "", "CNY", 60),
            Cost("2026-11-09", "", "ads", "", "", "CNY", 40),
            Cost("2026-11-11", "", "ads", "", "", "CNY", 1000),
            Cost("2026-11-09", "", "tv", "", "", "CNY", 5),
            Cost("2026-11-09", "Paid", "", "", "", "CNY", 7),
        ],
        "tests",
    )
    registry.close()
    return found


def asked(lake: Lake, **fields: Any) -> CampaignsAnswer:
    given = {"event": "Ordered", "value": "properties.price", "touch": "source", **fields}
    return campaigns(lake, Campaigns(**{"since": "2026-11-08", "until": "2026-11-10", **given}), NOW)


def test_by_hand(lake: Lake) -> None:
    answer = asked(lake)
    found = {one.campaign: one for one in answer.campaigns}
    # d2's second purchase comes by a visit of its own: direct, so credited to the ad before it.
    assert found["ads"] == Campaign("ads", 2, 2, 3, 90, 1, 120, 100, 100, 0.9, -0.1)
    assert found["mail"] == Campaign("mail", 2, 2, 1, 0, 1, 0, None, None, None, None)
    assert found["tv"] == Campaign("tv", 0, 0, 0, 0, 0, None, 5, None, 0, -1)
    assert found["(not set)"].sessions == 1
    assert set(found) == {"ads", "mail", "tv", "(not set)"}
    totals = answer.totals
    assert (totals.sessions, totals.customers, totals.conversions, totals.revenue) == (5, 4, 4, 90)
    assert (totals.cost, totals.new_customers, totals.cac) == (112, 2, 56)
    assert (answer.unnamed_cost, answer.currency, answer.n) == (7, "CNY", 3)


@pytest.mark.parametrize("model", ["first", "last", "linear", "position", "time_decay"])
def test_what_is_credited_adds_up(lake: Lake, model: str) -> None:
    answer = asked(lake, model=model, top=1)
    sums: dict[str, float] = defaultdict(float)
    for one in answer.campaigns:
        for name in ("conversions", "revenue", "new_customers", "sessions"):
            sums[name] += getattr(one, name)
    assert sums == pytest.approx({name: getattr(answer.totals, name) for name in sums})
    assert "(other)" in {one.campaign for one in answer.campaigns}


def test_no_costs_are_null_and_no_zeros(lake: Lake) -> None:
    assert asked(lake, touch="medium").totals.cost == 112
    lake.registry = None
    answer = asked(lake)
    assert {(one.cost, one.cac, one.roas, one.roi) for one in [*answer.campaigns, answer.totals]} == {
        (None, None, None, None)
    }
    assert answer.currency is None


def test_currencies_are_not_added_up(lake: Lake) -> None:
    assert lake.registry is not None
    with_euros = Registry.open(lake.registry, now=lambda: NOW)
    with_euros.put_costs("shop", [Cost("2026-11-09", "", "ads", "", "", "EUR", 3)], "tests")
    with_euros.close()
    with pytest.raises(BadQuestion, match="costs are in CNY and EUR; --currency CNY would do"):
        asked(lake)
    assert asked(lake, currency="eur").totals.cost == 3
    with pytest.raises(BadQuestion, match="currency 'USD' has no costs"):
        asked(lake, currency="USD")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event": "Orderd"}, "near it: 'Ordered'"),
        ({"top": 0}, "top: 1 to 1000 would do"),
        ({"lookback": "0d"}, "lookback '0d' is no length of time"),
        ({"unit": "group"}, "has no sessions of its own"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(lake: Lake, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(lake, **fields)
    assert text in str(refused.value)


def test_costs_from_a_file_through_the_command(tmp_path: Path) -> None:
    (data := tmp_path / "data").mkdir()
    registry = Registry.open(data / "registry.sqlite", now=lambda: NOW)
    registry.create_key("shop")
    file = tmp_path / "ads.csv"
    file.write_text("﻿Day,Campaign,Cost\n2026-11-08,双11,10.5\n2026-11-08,双11,2\n2026-11-09,,1\n", "utf-8")

    def said(*arguments: str) -> str:
        done = CliRunner().invoke(cost, [*arguments, "--data", str(data)])
        assert done.exception is None, done.exception
        return done.stdout

    told = [json.loads(said("import", str(file), "--currency", "cny", "--json")) for _ in range(2)]
    assert [(one["rows"], one["new"], one["replaced"]) for one in told] == [(2, 2, 0), (2, 0, 2)]
    assert [one["cost"] for one in json.loads(said("list", "--json"))] == [12.5, 1]
    assert said("list", "--since", "2026-11-09").splitlines()[2].split() == ["2026-11-09", "CNY", "1.0"]
    assert registry.audited()[0].detail == "shop: 2 rows of ads.csv"
    assert registry.costs("shop", "2026-11-08", "2026-11-08")[0].campaign == "双11"
    assert read_costs(tmp_path / "nothing", "shop", "2026-11-08", "2026-11-08") == []
    refused = CliRunner().invoke(cost, ["import", str(file), "--project", "x", "--data", str(data)])
    assert "there is 'shop'" in str(refused.exception)
    registry.close()


CHINESE = '日期,花费,币种,广告系列\n2026年11月8日,"1,200.5",CNY,双11\n2026/11/9,¥3,CNY,双11\n'
LINES = (
    '{"day": "2026-11-08", "cost": 1200.5, "campaign": "双11"}\n'
    '{"day": "20261109", "cost": "3", "campaign": "双11"}\n'
)


@pytest.mark.parametrize("form", ["gb18030", "utf-16", "utf-8-sig", "tsv", "jsonl", "parquet"])
def test_costs_in_every_form_that_other_rows_may_have(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"costs.{form if form in ('tsv', 'jsonl', 'parquet') else 'csv'}"
    if form == "parquet":
        columns = {"day": [date(2026, 11, 8), date(2026, 11, 9)], "cost": [Decimal("1200.50"), Decimal(3)]}
        pq.write_table(pa.table({**columns, "campaign": ["双11"] * 2}), file)
    elif form == "jsonl":
        file.write_text(LINES, "utf-8")
    elif form == "tsv":
        file.write_text(CHINESE.replace(",", "\t").replace('"1\t200.5"', "1200.5"), "utf-8")
    else:
        file.write_text(CHINESE, form)
    found = [(one.day, one.cost, one.currency, one.campaign) for one in read_spending(file, "CNY")]
    assert found == [("2026-11-08", 1200.5, "CNY", "双11"), ("2026-11-09", 3.0, "CNY", "双11")]


GOOD = {"day": "2026-11-08", "campaign": "a", "currency": "CNY", "cost": "1"}


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({**GOOD, "day": "8.11.2026"}, "line 2: day '8.11.2026' is none; 2026-11-21 would do"),
        ({**GOOD, "cost": "-1"}, "cost '-1' is no amount; 12.50 would do"),
        ({**GOOD, "cost": "inf"}, "cost 'inf' is no amount"),
        ({**GOOD, "cost": "1,50"}, "cost '1,50' is no amount"),
        ({**GOOD, "currency": "元"}, "currency '元' is none; CNY or EUR would do"),
        ({**GOOD, "campaign": "x" * 401}, "campaign is longer than 400 letters"),
        ({**GOOD, "clicks": "4"}, "has a column 'clicks'"),
        ({"day": "2026-11-08", "cost": "1", "campaign": "a"}, "no column 'currency'"),
        ({"day": "2026-11-08", "cost": "1", "currency": "CNY"}, "one of channel, source, medium, campaign"),
        ({"campaign": "a", "cost": "1", "currency": "CNY"}, "has no column 'day'"),
        (None, "fields than the header"),
        ("", "is empty; a header and rows below it would do"),
        (b"\xff\xfe", "is empty; a header and rows below it would do"),
    ],
    ids=range(13),
)
def test_a_table_that_is_none(tmp_path: Path, row: Any, text: str) -> None:
    file = tmp_path / "costs.csv"
    if isinstance(row, dict):
        written = io.StringIO()
        writer = csv.DictWriter(written, [*row])
        writer.writeheader()
        writer.writerow(row)
        file.write_text(written.getvalue(), "utf-8")
    elif row is None:
        file.write_text("day,campaign,currency,cost\n2026-11-08,a,CNY\n", "utf-8")
    else:
        file.write_bytes(row or b"")
    with pytest.raises(SpendingUnreadable) as refused:
        read_spending(file, None)
    assert text in str(refused.value)
    with pytest.raises(SpendingUnreadable, match="cannot read"):
        read_spending(tmp_path / "missing.csv", None)
