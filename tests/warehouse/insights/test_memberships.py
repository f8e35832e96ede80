"""`tag:` and `cohort:` in every insight: who has it and who has not are together everybody."""

from typing import Any

import msgspec
import pytest

from sessionizer.tagging import keep_up
from tests.warehouse.insights.asked_lake import NOW, complete, owners, random_lake
from warehouse.insights.asked import asking
from warehouse.insights.errors import UnknownName
from warehouse.insights.filters import Filter
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake
from warehouse.tags import read_tags
from warehouse.tags.rules import Versioned

RULES = """
tags:
  cart:
    when: {did: Added, at_least: 2}
  looked and bought:
    when: {all: [{did: Viewed}, {did: Ordered}]}
"""

STEPS = {"steps": ("Viewed", "Added")}
ORDERS = {"event": "Ordered", "value": "properties.price"}
EVENTS = ("Viewed", "Added", "Ordered")
# What each is asked; those that cannot be answered by so few are asked in their own tests.
QUESTIONS: dict[str, dict[str, Any]] = {
    "anomaly": {},
    "attribution": ORDERS,
    "bottleneck": STEPS,
    "campaigns": ORDERS,
    "cause": {"event": "Viewed"},
    "churn_rules": {},
    "correlation": STEPS,
    "dropoff": STEPS,
    "engagement": {"events": EVENTS, "items": "event"},
    "funnel": STEPS,
    "lifecycle": {},
    "paths": {},
    "retention": {},
    "rfm": ORDERS,
    "service": {"opened": "Viewed", "answered": "Added", "resolved": "Ordered", "ticket": "message_id"},
    "stickiness": {},
    "stuck": STEPS,
    "survey": {"event": "Ordered", "field": "properties.price"},
    "trend": {"events": EVENTS},
}


@pytest.fixture(scope="module")
def lake() -> Lake:
    lake, _ = random_lake(61, 30)
    complete(lake, NOW)
    tags = [Versioned(tag, 1) for tag in read_tags(RULES)]
    keep_up(lake, {"shop": tags}, NOW)
    lake.execute(
        "INSERT INTO cohorts (project, cohort, kind, saved_at)"
        " VALUES ('shop', 'saved', 'static', ?::TIMESTAMPTZ)",
        ["2026-11-24"],
    )
    lake.execute(
        "INSERT INTO cohort_members SELECT 'shop', 'saved', identity_key, make_timestamptz(?), NULL"
        " FROM identities WHERE kind = 'user_id' AND value < 'u2'",
        [NOW],
    )
    return lake


def ask(lake: Lake, name: str, *where: str, **more: Any) -> Any:
    question = msgspec.convert(
        {"since": "2026-11-05", "until": "2026-11-25", "where": where, **QUESTIONS[name], **more},
        INSIGHTS[name].question,
    )
    return INSIGHTS[name].ask(lake, question, NOW)


@pytest.mark.parametrize("group", ["cohort: saved", 'tag: "looked and bought"'])
@pytest.mark.parametrize("name", QUESTIONS)
def test_in_and_out_are_all(lake: Lake, name: str, group: str) -> None:
    whole, inside, outside = (ask(lake, name, *where).n for where in ((), (group,), (f"not {group}",)))
    assert inside + outside == whole
    assert 0 < inside < whole


def test_the_members_are_those_who_are_counted(lake: Lake) -> None:
    sql = "SELECT DISTINCT customer_id FROM tag_members WHERE tag = 'cart'"
    members = {customer for (customer,) in lake.query(sql)}
    events = lake.query("SELECT load_seq, event FROM events WHERE is_bot IS NOT TRUE")
    assert members
    customers = whose(lake)
    for event in EVENTS:
        expected = {customers[seq] for seq, name in events if name == event} & members
        found = ask(lake, "trend", "tag: cart", events=(event,), measure="units")
        assert found.n == len(expected)


def whose(lake: Lake) -> dict[int, str]:
    """load_seq -> customer."""
    return owners(lake, random_lake(61, 30)[1])


def test_a_breakdown_is_by_true_and_false(lake: Lake) -> None:
    for group in ("tag: cart", "tag.cart", "cohort: saved"):
        found = ask(lake, "trend", events=("*",), measure="units", by=(group,), every="whole")
        totals = {one.by[0]: one.values[0] for one in found.totals if one.by}
        assert set(totals) == {"true", "false"}
        assert sum(totals.values()) == found.n


def test_a_tag_is_a_cohort_and_the_statement_runs_as_it_is_shown(lake: Lake) -> None:
    by_tag, by_cohort = (ask(lake, "trend", f"{kind}: cart") for kind in ("tag", "cohort"))
    assert by_tag.n == by_cohort.n
    assert len(lake.query(by_tag.sql)) > 1


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("tag: kart", "tag 'kart' is not known here; near it: 'cart'"),
        ("cohort: savd", "near it: 'saved'"),
        ("tag: saved", "tag 'saved' is not known"),
        ("tag: cart'; DROP TABLE events", "is not known here"),
    ],
)
def test_an_unknown_name_offers_near_ones(lake: Lake, where: str, text: str) -> None:
    field, _, name = where.partition(": ")
    question = Trend(where=(Filter(f"{field}: {name}", "=", True),))
    with pytest.raises(UnknownName, match=text):
        trend(lake, question, NOW)


def test_events_of_a_tag_are_asked_with_other_filters(lake: Lake) -> None:
    both = ask(lake, "trend", "tag: cart and country = DE").n
    assert 0 < both < ask(lake, "trend", "tag: cart").n
    with asking(lake, msgspec.convert({"where": ["not tag: cart and country = DE"]}, Trend), NOW) as asked:
        assert [one.value for one in asked.where] == [False, "DE"]
