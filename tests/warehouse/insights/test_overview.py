"""The overview against plain arithmetic over the sessions, and what stands in it by hand."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.sessionizer.world import MINUTE, START
from tests.warehouse.insights.asked_lake import NOW, complete, random_lake
from warehouse.insights.errors import BadQuestion, UnknownName
from warehouse.insights.overview import Numbers, Overview, overview, overview_table
from warehouse.lake import Lake

DAY = 24 * 60 * MINUTE


@pytest.fixture(scope="module")
def shop() -> Lake:
    """A random lake whose visits are worth something, in two currencies."""
    lake, _ = random_lake(3, 40)
    rng = random.Random(7)
    for (session,) in lake.query("SELECT session_id FROM sessions ORDER BY session_id"):
        sold = rng.random() < 0.3
        values = [
            int(sold),
            5.0 * rng.randint(1, 9) if sold else 0.0,
            rng.choice(("CNY", "CNY", "EUR")) if sold else None,
        ]
        place = rng.choice(("Direct", "Paid Search", None))
        lake.execute(
            "UPDATE sessions SET conversions = ?, order_value = ?, currency = ?, channel = ?, bounced = ? "
            "WHERE session_id = ?",
            [*values, place, rng.random() < 0.4, session],
        )
    complete(lake, NOW)
    return lake


def iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e6, UTC).isoformat()


def asked(**changes: Any) -> Overview:
    return Overview(
        **{"project": "shop", "since": iso(START + 5 * DAY), "until": iso(START + 10 * DAY), **changes}
    )


def visits(lake: Lake, since: int, until: int) -> list[dict[str, Any]]:
    rows = lake.records("SELECT *, epoch_us(started_at) AS at FROM sessions ORDER BY session_id")
    of = dict(lake.query("SELECT identity_key, customer_id FROM identities"))
    return [row | {"customer": of[row["identity_key"]]} for row in rows if since <= row["at"] < until]


def counted(rows: list[dict[str, Any]], currency: str) -> Numbers:
    n = len(rows)
    near: Any = pytest.approx
    converted = sum(row["conversions"] > 0 for row in rows)
    bounced = sum(row["bounced"] for row in rows)
    return Numbers(
        n,
        len({row["subject_key"] for row in rows}),
        len({row["customer"] for row in rows}),
        sum(row["pages"] for row in rows),
        bounced,
        converted,
        near(sum(row["order_value"] for row in rows if row["currency"] == currency)),
        near(sum(row["seconds"] for row in rows) / n if n else 0),
        near(bounced / n) if n else None,
        near(converted / n) if n else None,
    )


def unowned(numbers: Numbers) -> Numbers:
    """As parts have them."""
    return msgspec.structs.replace(numbers, visitors=None, customers=None)


def test_numbers_days_and_values_are_those_of_the_visits(shop: Lake) -> None:
    answer = overview(shop, asked(by=("channel", "country"), top=100), NOW)
    now, before = visits(shop, START + 5 * DAY, START + 10 * DAY), visits(shop, START, START + 5 * DAY)
    assert answer.currency == "CNY"
    assert answer.now == counted(now, "CNY")
    assert answer.before == counted(before, "CNY")
    assert answer.n == answer.n_mature == answer.now.customers
    assert answer.n > 0
    days: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in now:
        days[iso(row["at"] // DAY * DAY)].append(row)
    earlier: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in before:
        earlier[iso((row["at"] + 5 * DAY) // DAY * DAY)].append(row)
    assert {one.at for one in answer.moments} == days.keys() | earlier.keys()
    for one in answer.moments:
        assert one.numbers == counted(days[one.at], "CNY")
        assert (one.before or counted([], "CNY")) == counted(earlier[one.at], "CNY")
        assert one.complete
    for field in ("channel", "country"):
        values: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
        for row in now:
            values[row[field]].append(row)
        found = {one.value: one.numbers for one in answer.parts if one.field == field}
        assert found == {value: unowned(counted(rows, "CNY")) for value, rows in values.items()}


def test_filters_currency_and_top(shop: Lake) -> None:
    rows = [row for row in visits(shop, START + 5 * DAY, START + 10 * DAY) if row["channel"] == "Direct"]
    answer = overview(
        shop, asked(where=("channel = Direct",), currency="EUR", by=("session.country",), top=1), NOW
    )
    assert answer.now == counted(rows, "EUR")
    assert len(answer.parts) == 1
    assert answer.parts[0].numbers.visits == max(
        sum(row["country"] == value for row in rows) for value in {row["country"] for row in rows}
    )
    nobody = overview(shop, asked(where=("channel is not set",), by=()), NOW)
    assert nobody.now.visits == sum(
        row["channel"] is None for row in visits(shop, START + 5 * DAY, START + 10 * DAY)
    )
    assert nobody.parts == []


def test_by_hour_in_a_time_zone(shop: Lake) -> None:
    answer = overview(shop, asked(since=iso(START + 9 * DAY), timezone="Asia/Shanghai", by=()), NOW)
    assert {one.at[-6:] for one in answer.moments} == {"+08:00"}
    assert sum(one.numbers.visits for one in answer.moments) == answer.now.visits > 0
    assert sum(one.before.visits for one in answer.moments if one.before) == answer.before.visits


def test_where_nobody_came_everything_is_nothing(shop: Lake) -> None:
    answer = overview(shop, asked(where=("channel = Nowhere",)), NOW)
    assert (answer.n, answer.moments, answer.parts, answer.now.conversion) == (0, [], [], None)


def test_what_is_not_complete_is_said(shop: Lake) -> None:
    try:
        complete(shop, START + 7 * DAY)
        answer = overview(shop, asked(by=()), NOW)
        assert answer.n_mature == 0
        assert [one.complete for one in answer.moments] == [
            one.at <= iso(START + 6 * DAY) for one in answer.moments
        ]
    finally:
        complete(shop, NOW)


def test_the_table_has_every_row_and_the_sql_runs(shop: Lake) -> None:
    answer = overview(shop, asked(), NOW)
    table = overview_table(answer)
    assert len(table.rows) == 2 + len(answer.moments) + len(answer.parts)
    assert len(shop.query(answer.sql)) > 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"by": ("chanel",)}, "session.channel"),
        ({"where": ("properties.price > 5",)}, "session"),
        ({"by": ("channel",) * 9}, "by: 0 to 8"),
        ({"top": 0}, "top: 1 to 100"),
        ({"bots": True}, "bots and unit"),
        ({"unit": "device"}, "bots and unit"),
        ({"where": ("tag: nobody",)}, "nobody"),
        ({"where": ("channel = a\0b",)}, "NUL"),
    ],
)
def test_what_cannot_be_asked_is_told(shop: Lake, changes: dict[str, Any], says: str) -> None:
    with pytest.raises((BadQuestion, UnknownName), match=says):
        overview(shop, asked(**changes), NOW)
