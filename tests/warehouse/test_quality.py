"""The quality report: planted faults are found, and nothing else is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdk_contract.plan import read_plan
from tests.warehouse.faulty import END, TODAY, day_before, every, more, one, quiet, with_property
from tests.warehouse.lakes import DAY, HOUR, NOON, Row, Site
from tests.warehouse.shop_lake import shop_lake
from warehouse.cli.quality import quality as command
from warehouse.load import move_cursor
from warehouse.quality import Asked, Finding, Quality, quality
from warehouse.quality.properties import MOST_PROPERTIES

PLAN = """
- event: Ordered
  properties:
    type: object
    required: [order_id, currency]
    properties: {order_id: {type: string}, total: {type: number}, currency: {type: string}}
- event: Viewed
  properties: {type: object, properties: {price: {type: number}, product_id: {}, color: {}}}
"""


def lake_of(root: Path, rows: list[Row]) -> Site:
    site = Site(root)
    site.land(rows)
    site.load_all()
    return site


def asked(site: Site, days: int = 14, plan: bool = False, event: str | None = None) -> Quality:
    with site.reader() as lake:
        return quality(lake, site.registry if plan else None, Asked(days, "shop", event), END)


def faulty() -> list[Row]:
    """Each fault on events of its own, or on days of its own."""
    rows = quiet()
    rows = list(every(rows, "Searched", range(3, 4), 0.8))
    rows = list(every(rows, "Signed Up", range(2, 4), 1.0))
    rows = list(every(rows, "Ordered", range(5), 0.5, properties=with_property("total", "120")))
    rows = list(every(rows, "Viewed", range(3), 0.1, properties=with_property("gift", True)))
    rows = list(every(rows, "Viewed", range(4, 6), 0.5, properties=with_property("color", ...)))
    rows = list(every(rows, None, range(4, 5), 0.4, received_at=lambda row: row["timestamp"] + 3 * HOUR))
    rows = list(every(rows, "Played", range(2), 0.3, library_version="2.0-beta"))
    copies = [row for row in rows if row["event"] == "Viewed" and row["timestamp"] > NOON - 3 * DAY][::5]
    refused = {"verdict": "rejected", "reason": "plan_violation", "pointer": "/properties/total"}
    late_copies = [row | {"received_at": row["received_at"] + 60_000_000} for row in copies]
    rows += more("Played", 5, 90) + more("Ordered", 1, 20, **refused) + late_copies
    for back in range(3):
        rows += more("Gift Wrapped", back, 30)
    return rows


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return lake_of(tmp_path_factory.mktemp("clean"), quiet())


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = lake_of(tmp_path_factory.mktemp("broken"), faulty())
    plan = read_plan({"plan.yaml": "version: 1.0.0\n", "events/shop.yaml": PLAN})
    site.registry.publish_plan("shop", plan.version, plan.to_json(), "test")
    return site


@pytest.fixture(scope="module")
def told(broken: Site) -> Quality:
    return asked(broken)


def found(told: Quality, kind: str) -> Finding:
    """The one finding of a kind."""
    [finding] = [one for one in told.findings if one.kind == kind]
    return finding


def test_a_quiet_lake_gives_no_finding(clean: Site) -> None:
    told = asked(clean, days=21)
    assert told.findings == []
    assert {row.status for row in told.events} == {"ok"}
    assert {row.event for row in told.events} == {
        "Viewed", "Ordered", "Searched", "Signed Up", "Played", None,
    }  # fmt: skip


@pytest.mark.parametrize(("customers", "seed"), [(150, 4), (220, 1)])
def test_the_seeded_shop_gives_no_finding(customers: int, seed: int, tmp_path: Path) -> None:
    site = shop_lake(tmp_path, customers=customers, seed=seed)
    told = asked(site, days=22)
    assert told.findings == []
    assert len({(row.type, row.event) for row in told.events}) == 13


def test_every_planted_fault_is_found_and_nothing_else(told: Quality) -> None:
    assert sorted(finding.kind for finding in told.findings) == [
        "drift", "duplicates", "high", "late", "low", "missing", "new", "new_property", "new_sdk", "nulls",
        "rejects", "spike",
    ]  # fmt: skip
    severities = [finding.severity for finding in told.findings]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)


@pytest.mark.parametrize(
    ("kind", "says", "days"),
    [
        ("low", "Searched: 17 on 2026-11-18, about 75 expected", [3]),
        ("missing", "Signed Up: none on", [3, 2]),
        ("new", "Gift Wrapped: new since 2026-11-19, 90 events", [2, 1, 0]),
        ("drift", "Ordered: total is 50% number, 50% string on 2026-11-17, was 100% number", [4, 3, 2, 1]),
        ("nulls", "Viewed: color is missing in 50%", [5, 4]),
        ("new_property", "Viewed: new property gift (boolean) in 10%", [2]),
        ("rejects", "Ordered: 20 refused on 2026-11-20 (23.5%), most for plan_violation", [1]),
        ("late", "page calls: 39% of 2026-11-17 came more than an hour late", [4]),
        ("duplicates", "Viewed: 17% of 2026-11-20 came more than once", [2, 1]),
        ("new_sdk", "analytics.js 2.0-beta: a new version", [1]),
        ("spike", "Played: 95 in the hour from 2026-11-16 10:00, 2 is usual", [5]),
        ("high", "Played: 154 on 2026-11-16, about 61 expected", [5]),
    ],
)
def test_a_finding_says_what_and_when(told: Quality, kind: str, says: str, days: list[int]) -> None:
    finding = found(told, kind)
    assert finding.what.startswith(says)
    assert finding.days == tuple(day_before(back) for back in days)
    assert finding.look


def test_refused_events_are_looked_at_with_their_own_command(told: Quality) -> None:
    assert found(told, "rejects").look == "sojourn rejected --project shop --event Ordered"


def test_what_to_look_at_runs_as_it_stands(broken: Site, told: Quality) -> None:
    looks = [one.look for one in told.findings if one.look.startswith("SELECT")]
    assert looks
    with broken.reader() as lake:
        assert all(lake.query(look) for look in looks)


def test_the_days_have_their_numbers(told: Quality) -> None:
    days = {(row.event or row.type, row.day): row for row in told.events}
    ordered = days["Ordered", day_before(1)]
    assert ordered.rejected == 20
    assert ordered.reject_rate == pytest.approx(20 / (20 + ordered.volume), abs=1e-4)
    assert ordered.top_reason
    assert (ordered.top_reason.reason, ordered.top_reason.pointer) == ("plan_violation", "/properties/total")
    late = days["page", day_before(4)]
    assert late.late_hour == pytest.approx(0.4, abs=0.02)
    assert late.late_day == 0
    assert days["Viewed", day_before(1)].duplicate_share > 0.1
    assert days["Searched", day_before(3)].status == "low"
    assert days["Signed Up", day_before(2)].volume == 0
    assert not days["Viewed", TODAY].whole


def test_a_day_that_is_not_over_is_compared_with_the_same_hours(tmp_path: Path) -> None:
    every_six_minutes = range(0, 20 * DAY, HOUR // 10)
    rows = [one(f"m-{back}", "Viewed", NOON - back) for back in every_six_minutes if back]
    told = asked(lake_of(tmp_path, rows)).events
    assert [(row.volume, row.expected, row.whole) for row in told[-2:]] == [
        (240, 240, True),
        (120, 120, False),
    ]
    assert {row.status for row in told} == {"ok"}


def test_with_a_plan_unplanned_properties_and_missing_ones_are_told(broken: Site) -> None:
    told = asked(broken, plan=True)
    [fresh] = told.new_properties
    assert (fresh.name, fresh.in_plan, fresh.example_type) == ("gift", False, "boolean")
    kinds = {(one.kind, one.severity) for one in told.findings}
    assert ("new_property", "warning") in kinds
    assert ("nulls", "error") in kinds  # currency is required and was never sent
    currency = [row for row in told.properties if row.name == "currency"]
    assert {(row.null_share, row.planned, row.required) for row in currency} == {(1.0, True, True)}
    assert {row.planned for row in told.properties if row.name == "coupon"} == {False}


def test_only_one_event_can_be_asked_about(broken: Site) -> None:
    assert {row.event for row in asked(broken, event="Searched").events} == {"Searched"}
    assert {row.type for row in asked(broken, event="page").events} == {"page"}


def test_many_findings_of_one_sort_are_one(tmp_path: Path) -> None:
    rows = [row for row in quiet() if not NOON - 2 * DAY < row["timestamp"] < NOON - DAY // 4]
    told = asked(lake_of(tmp_path, rows))
    assert len(told.findings) < 6
    assert any("more of this sort" in one.what for one in told.findings)


def test_the_load_cursor_says_until_when(tmp_path: Path) -> None:
    site = lake_of(tmp_path, quiet(9))
    with site.writer() as lake, lake.transaction():
        move_cursor(lake, "load", 1, NOON - DAY, NOON)
    told = asked(site)
    assert told.complete_until == END - timedelta(days=1)
    assert told.until == day_before(1)


def test_a_whole_hour_is_needed_for_a_day(tmp_path: Path) -> None:
    site = lake_of(tmp_path, quiet(3))
    midnight = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    with site.reader() as lake:
        told = quality(lake, None, Asked(2), midnight)
    assert (told.since, told.until) == (day_before(2), day_before(1))
    assert all(row.whole for row in told.events)


def test_contradictory_attributes_are_told(tmp_path: Path) -> None:
    site = lake_of(tmp_path, quiet(1))
    with site.writer() as lake:
        values = "SELECT 'shop', 'birthday', number < 3 FROM range(10) AS numbers (number)"
        lake.execute(f"INSERT INTO customer_attributes (project, name, contradictory) {values}")
    [said] = asked(site).contradictions
    assert (said.attribute, said.customers, said.contradictory) == ("birthday", 10, 3)
    assert found(asked(site), "contradictory").what.startswith("attribute birthday: contradictory for 3")


def test_projects_are_told_of_one_by_one(tmp_path: Path) -> None:
    rows = quiet()
    other = [row | {"project": "app", "message_id": f"app-{row['message_id']}"} for row in rows]
    site = lake_of(tmp_path, rows + list(every(other, "Viewed", range(3, 4), 1.0)))
    with site.reader() as lake:
        told = quality(lake, None, Asked(), END)
    [missing] = told.findings
    assert (missing.kind, missing.project) == ("missing", "app")
    assert {row.project for row in told.events} == {"app", "shop"}


def test_a_past_that_was_imported_at_once_gives_no_finding(tmp_path: Path) -> None:
    """Every event is late then, and all of them were received today."""
    told = asked(lake_of(tmp_path, [row | {"received_at": NOON} for row in quiet()]), days=27)
    assert told.findings == []


def test_the_command_prints_findings_and_json(broken: Site) -> None:
    data = ["--data", str(broken.settings.folders.root)]
    site_until = END
    with broken.writer() as lake, lake.transaction():
        move_cursor(lake, "load", 1, int(site_until.timestamp()) * 1_000_000, NOON)
    text = CliRunner().invoke(command, data)
    assert text.exit_code == 0, text.output
    first, second, look, *_ = text.output.splitlines()
    assert "complete until 2026-11-21 12:00 UTC" in first
    assert second.startswith("error")
    assert look.strip().startswith("look at:")
    told = CliRunner().invoke(command, [*data, "--json", "--since", "1w", "--event", "Ordered"])
    answer = json.loads(told.output)
    assert answer["since"] == "2026-11-15"
    assert {row["event"] for row in answer["events"]} == {"Ordered"}


def test_names_of_events_cannot_steer_a_terminal(tmp_path: Path) -> None:
    rows = quiet()
    for back in range(3):
        rows += [row | {"event": "\x1b[2JGone"} for row in more("Gone", back, 30)]
    site = lake_of(tmp_path, rows)
    with site.writer() as lake, lake.transaction():
        move_cursor(lake, "load", 1, NOON, NOON)
    told = CliRunner().invoke(command, ["--data", str(site.settings.folders.root)])
    assert "\ufffd[2JGone: new since" in told.output
    assert "\x1b[2J" not in told.output


def test_properties_that_are_data_are_bounded(tmp_path: Path) -> None:
    rows = [
        row | {"properties": json.dumps({"price": 1, f"user {number}": 1})}
        for number, row in enumerate(quiet(9))
    ]
    told = asked(lake_of(tmp_path, rows), days=1)
    names = {row.name for row in told.properties if row.event == "Viewed"}
    assert len(names) == MOST_PROPERTIES
    assert "price" in names


def test_a_span_that_is_none_is_refused(broken: Site) -> None:
    for given in ("soon", "0d", "9999d"):
        told = CliRunner().invoke(command, ["--since", given, "--data", str(broken.settings.folders.root)])
        assert told.exit_code == 2
        assert "is no span of days" in told.output
