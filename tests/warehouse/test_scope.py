"""What two salespeople see of one lake: their own customers, in whatever way they ask."""

from __future__ import annotations

import itertools
import json
import sys
from random import Random

import msgspec
import pytest

from tests.warehouse.insights.asked_lake import NOW, complete, lake_of, owners, random_events
from warehouse.access.scope import Scope, scope
from warehouse.access.views import confine_to
from warehouse.errors import LakeError, RegistryError
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.reading import from_texts
from warehouse.lake import Lake

Shop = tuple[Lake, dict[int, str], dict[str, str]]
SELLERS = ("li", "wang")
COLUMNS = "project, customer_id, name, value"


@pytest.fixture(scope="module")
def shop() -> Shop:
    """A lake, whose each event is, and which seller a customer belongs to."""
    random = Random(5)
    events = [
        msgspec.structs.replace(
            one,
            properties=json.dumps(
                {"price": 5, "note": "mail mei@example.cn or 13912345678", "Email": "a@b.cn"}
            ),
        )
        for one in random_events(random, 60)
    ]
    lake = lake_of(events)
    complete(lake, NOW)
    sellers = {}
    for (customer,) in lake.query("SELECT customer_id FROM customers ORDER BY customer_id"):
        sellers[customer] = random.choice((*SELLERS, "nobody"))
        for name, value in (("owner", sellers[customer]), ("email", "mei@example.cn"), ("city", "Xi'an")):
            row = ["shop", customer, name, json.dumps(value)]
            lake.execute(f"INSERT INTO customer_attributes ({COLUMNS}) VALUES (?, ?, ?, ?)", row)
    return lake, owners(lake, events), sellers


def seen_by(lake: Lake, **attributes: tuple[str, ...]) -> Lake:
    cursor = lake.cursor()
    confine_to(cursor, Scope(attributes=attributes))
    return cursor


@pytest.mark.parametrize("seller", SELLERS)
def test_a_seller_sees_the_rows_of_own_customers_and_no_others(shop: Shop, seller: str) -> None:
    lake, whose, sellers = shop
    mine = {customer for customer, one in sellers.items() if one == seller}
    cursor = seen_by(lake, owner=(seller,))
    assert {one for (one,) in cursor.query("SELECT customer_id FROM customers")} == mine
    shown = {one for (one,) in cursor.query("SELECT load_seq FROM events")}
    assert shown == {number for number, customer in whose.items() if customer in mine}
    assert len(shown) == cursor.query("SELECT count(*) FROM events")[0][0], "an event is shown once"
    for table in ("identities", "sessions JOIN lake.identities USING (identity_key)", "customer_attributes"):
        assert {one for (one,) in cursor.query(f"SELECT customer_id FROM {table}")} <= mine


def test_two_sellers_share_no_event_though_they_share_a_tablet(shop: Shop) -> None:
    lake, _, _ = shop
    li, wang = (
        {n for (n,) in seen_by(lake, owner=(one,)).query("SELECT load_seq FROM events")} for one in SELLERS
    )
    assert li
    assert wang
    assert not li & wang
    both = seen_by(lake, owner=SELLERS)
    assert {n for (n,) in both.query("SELECT load_seq FROM events")} >= li | wang


def test_what_cannot_be_tied_to_a_customer_is_empty(shop: Shop) -> None:
    lake, _, _ = shop
    cursor = seen_by(lake, owner=("li",))
    for table in ("rejected", "duplicates", "objects", "junk_ids", "replays"):
        assert cursor.query(f"SELECT count(*) FROM {table}") == [(0,)]
    assert cursor.query("SELECT count(*) FROM cursors")[0][0] > 0
    with pytest.raises(LakeError):
        cursor.cursor()


def test_tags_and_cohorts_are_known_and_have_only_own_customers(shop: Shop) -> None:
    lake, _, sellers = shop
    lake.execute("INSERT INTO tags (project, tag, version) VALUES ('shop', 'keen', 1), ('other', 'keen', 1)")
    for customer in sellers:
        lake.execute(
            "INSERT INTO tag_members (project, tag, customer_id, version, entered_at) "
            "VALUES ('shop', 'keen', ?, 1, '2020-01-01')",
            [customer],
        )
    cursor = seen_by(lake, owner=("li",))
    mine = {customer for customer, one in sellers.items() if one == "li"}
    assert {one for (one,) in cursor.query("SELECT customer_id FROM tag_members")} == mine
    question = from_texts(
        INSIGHTS["trend"].question,
        {"project": ["shop"], "since": ["2026-11-01"], "until": ["2026-11-20"], "where": ["tag: keen"]},
    )
    assert INSIGHTS["trend"].ask(cursor, question, NOW).n > 0
    bounded = lake.cursor()
    confine_to(bounded, Scope(projects=("other",)))
    assert bounded.query("SELECT project FROM tags") == [("other",)]


def test_a_project_is_a_scope_too(shop: Shop) -> None:
    lake, _, _ = shop
    cursor = lake.cursor()
    confine_to(cursor, Scope(projects=("elsewhere",)))
    assert cursor.query("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM sessions)") == [(0, 0)]
    assert cursor.query("SELECT count(*) FROM identity_intervals") == [(0,)]


QUESTIONS = {
    "trend": {"measure": ["units"], "by": ["country"]},
    "funnel": {"steps": ["Viewed", "Ordered"]},
    "retention": {"intervals": ["3"]},
    "paths": {"depth": ["3"]},
    "lifecycle": {},
    "stickiness": {},
    "engagement": {"items": ["event"]},
    "correlation": {"steps": ["Viewed", "Ordered"], "least": ["1"]},
    "stuck": {"steps": ["Viewed", "Ordered"], "longer": ["1d"]},
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("seller", SELLERS)
def test_an_answer_within_a_scope_is_that_of_a_filter_without_one(shop: Shop, name: str, seller: str) -> None:
    lake, _, _ = shop
    texts = {"project": ["shop"], "since": ["2026-11-01"], "until": ["2026-11-20"], **QUESTIONS[name]}
    insight = INSIGHTS[name]
    scoped = insight.ask(seen_by(lake, owner=(seller,)), from_texts(insight.question, texts), NOW)
    filtered = from_texts(insight.question, texts | {"where": [f"customer.owner = {seller}"]})
    whole = insight.ask(lake, filtered, NOW)
    assert scoped.n == whole.n > 0
    assert insight.table(scoped) == insight.table(whole)


@pytest.mark.parametrize("name", ["funnel", "paths"])
def test_so_is_one_over_many_events(shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    lake, _, _ = shop
    monkeypatch.setattr(sys.modules[f"warehouse.insights.{name}"], "MANY", 0)
    texts = {"project": ["shop"], "since": ["2026-11-01"], "until": ["2026-11-20"], **QUESTIONS[name]}
    insight = INSIGHTS[name]
    scoped = insight.ask(seen_by(lake, owner=("li",)), from_texts(insight.question, texts), NOW)
    filtered = from_texts(insight.question, texts | {"where": ["customer.owner = li"]})
    assert insight.table(scoped) == insight.table(insight.ask(lake, filtered, NOW))


def test_the_roll_up_and_the_events_agree_within_a_scope(shop: Shop) -> None:
    lake, _, _ = shop
    texts = {"project": ["shop"], "since": ["2026-11-01"], "until": ["2026-11-20"], "measure": ["units"]}
    question = from_texts(INSIGHTS["trend"].question, texts)
    for seller, unit in itertools.product(SELLERS, ("customer", "device")):
        cursor = seen_by(lake, owner=(seller,))
        question = msgspec.structs.replace(question, unit=unit)
        rolled = INSIGHTS["trend"].ask(cursor, question, NOW)
        raw = INSIGHTS["trend"].ask(cursor, msgspec.structs.replace(question, raw=True), NOW)
        assert (rolled.source, raw.source) == ("rollup", "raw")
        assert rolled.points == raw.points
        assert rolled.totals == raw.totals


def test_masks_hide_fields_by_name_and_what_looks_like_one(shop: Shop) -> None:
    lake, _, _ = shop
    cursor = lake.cursor()
    confine_to(cursor, Scope(masks=("email", "phone")))
    shown = json.dumps(cursor.query("SELECT properties, properties ->> '$.price' FROM events"))
    assert "mei@" not in shown
    assert "1391" not in shown
    assert "a@b.cn" not in shown
    assert {row[1] for row in cursor.query("SELECT properties, properties ->> '$.price' FROM events")} == {
        "5"
    }
    values = dict(cursor.query("SELECT name, any_value(value ->> '$') FROM customer_attributes GROUP BY ALL"))
    assert values["email"] == "•••"
    assert values["city"] == "Xi'an"
    assert lake.query("SELECT value ->> '$' FROM customer_attributes WHERE name = 'email'")[0] == (
        "mei@example.cn",
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"email":"a@b.cn","x":1}', '{"email":"•••","x":1}'),
        ('{"user":{"Work_Email": ["a@b.cn","c@d.cn"],"n":2}}', '{"user":{"Work_Email":"•••","n":2}}'),
        ('{"phone":13912345678,"n":1}', '{"phone":"•••","n":1}'),
        ('{"phone":{"home":"1"},"n":1}', '{"phone":"•••","n":1}'),
        ('{"text":"say \\"hi\\" to a.b+c@mail.example.com"}', '{"text":"say \\"hi\\" to •••"}'),
        ('{"url":"/?q=a%40b.cn"}', '{"url":"/?q=•••"}'),
        ('{"order":"20261122000139123456789"}', '{"order":"20261122000139123456789"}'),
        ("null", "null"),
    ],
)  # fmt: skip
def test_masked_json_stays_json(shop: Shop, text: str, shown: str) -> None:
    lake, _, _ = shop
    lake.execute("UPDATE customer_attributes SET value = ? WHERE name = 'city'", [text])
    cursor = lake.cursor()
    confine_to(cursor, Scope(masks=("email", "phone")))
    (value,) = {
        one for (one,) in cursor.query("SELECT value::VARCHAR FROM customer_attributes WHERE name = 'city'")
    }
    assert value == shown
    json.loads(value)
    lake.execute("UPDATE customer_attributes SET value = ? WHERE name = 'city'", ['"Xi\'an"'])


def test_hostile_values_are_values(shop: Shop) -> None:
    lake, _, _ = shop
    hostile = "x') OR TRUE --"
    assert seen_by(lake, owner=(hostile,)).query("SELECT count(*) FROM customers") == [(0,)]
    cursor = lake.cursor()
    confine_to(cursor, Scope(projects=(hostile,)))
    assert cursor.query("SELECT count(*) FROM customers") == [(0,)]


def test_what_cannot_be_a_scope_is_told() -> None:
    with pytest.raises(RegistryError, match="owner has 0 values"):
        scope([], {"owner": []}, [])
    with pytest.raises(RegistryError, match="field 'a\\|b'"):
        scope([], {}, ["a|b"])
    assert scope(["b", "a", "a"], {"owner": ["x", "x"]}, ["phone", "email"]) == Scope(
        ("a", "b"), {"owner": ("x",)}, ("email", "phone")
    )
    assert Scope().everything
    assert not Scope(masks=("ip",)).everything
