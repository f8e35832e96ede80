"""A drafted plan: it says what was sent, lints clean, and accepts what it was drafted from."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.plan import compile, lint, read_plan
from tests.warehouse.lakes import NOON, Site, event
from tests.warehouse.shop_lake import shop_lake
from warehouse.cli.plan_infer import infer as command
from warehouse.errors import PlanRefused
from warehouse.infer import Draft, infer
from warehouse.infer.personal import class_of_name, class_of_value
from warehouse.infer.schemas import Rules, schema_of
from warehouse.infer.seen import MOST_FIELDS, PATTERNS, Seen
from warehouse.infer.written import comment, mapping, quoted

END = datetime.fromtimestamp(NOON / 1e6, UTC)
IDS = [f"{number:08x}-aaaa-4bbb-8ccc-{number:012x}" for number in range(300)]


def drafted(site: Site, least: float = 0.001, days: int = 30) -> Draft:
    with site.reader() as lake:
        return infer(lake, "shop", END, days, least)


def schema(values: list[Any], rules: Rules | None = None, *, of_person: bool = False) -> dict[str, Any]:
    """The drafted schema of the property `p` that had these values; ... stands for none."""
    seen = Seen()
    for value in values:
        seen.add({} if value is ... else {"p": value})
    found: dict[str, Any] = schema_of(seen, rules or Rules(), of_person=of_person)
    return found


def of_values(values: list[Any], rules: Rules | None = None) -> dict[str, Any]:
    found = dict(schema(values, rules)["properties"]["p"])
    del found["#"]
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return shop_lake(tmp_path_factory.mktemp("shop"), customers=300)


def test_the_shops_plan_accepts_what_it_was_drafted_from_and_lints_clean(shop: Site) -> None:
    made = drafted(shop)
    assert [one for one in lint(made.files) if one.severity == "error"] == []
    plan = compile(read_plan(made.files))
    with shop.reader() as lake:
        rows = lake.query("SELECT type, event, coalesce(traits, properties)::VARCHAR FROM events")
    assert len(rows) > 5_000
    judged = [plan.check(type, name, (text or "{}").encode()) for type, name, text in rows if type != "alias"]
    assert sum(fault is None for fault in judged) >= 0.99 * len(judged)
    assert {one.event or one.type for one in made.events} == {
        "group", "identify", "page", "screen", "Checkout Started", "Lesson Completed", "Lesson Started",
        "Order Completed", "Order Shipped", "Product Added", "Product Viewed", "搜索 Products Searched",
    }  # fmt: skip


def test_the_shops_plan_says_what_the_shop_sends(shop: Site) -> None:
    plan = read_plan(drafted(shop).files)
    events = {planned.event or planned.type: planned for planned in plan.events}
    order = events["Order Completed"].properties
    assert set(order["required"]) == {"order_id", "revenue", "total", "currency", "coupon", "products"}
    assert order["properties"]["currency"] == {"enum": ["CNY", "EUR"]}
    assert order["properties"]["products"]["items"]["properties"]["price"] == {"type": "number"}
    traits = events["identify"].properties["properties"]
    assert traits["email"] == {"type": "string", "x-pii": "email", "pattern": PATTERNS["email"]}
    assert traits["phone"]["x-pii"] == "phone"
    assert traits["name"]["x-pii"] == "name"
    assert traits["plan"] == {"enum": ["free", "plus", "team"]}
    assert {planned.description for planned in plan.events} == {""}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["a", "b"] * 9, {"type": "string"}),
        ([1, 2], {"type": "integer"}),
        ([1, 2.5], {"type": "number"}),
        ([True], {"type": "boolean"}),
        ([None, None], {}),
        (["a", None], {"type": ["string", "null"]}),
        ([1] * 50 + ["a"] * 30, {"type": ["integer", "string"]}),
        (["red", "blue"] * 100, {"enum": ["blue", "red"]}),
        (["red", "blue", None] * 100, {"enum": ["blue", "red", None]}),
        ([*(f"v{n}" for n in range(13))] * 20, {"type": "string"}),
        (["red", "blue"] * 99, {"type": "string"}),
        (
            [f"p{n}@x.org" for n in range(30)],
            {"type": "string", "x-pii": "email", "pattern": PATTERNS["email"]},
        ),
        (["2026-11-21"] * 300, {"type": "string", "pattern": PATTERNS["date"]}),
        (["2026-11-21T10:00:00Z"] * 30, {"type": "string", "pattern": PATTERNS["time"]}),
        (["https://a.example/x"] * 30, {"type": "string", "pattern": PATTERNS["url"]}),
        (IDS, {"type": "string", "pattern": PATTERNS["uuid"]}),
        ([*IDS, "none"], {"type": "string"}),
        ([f"sj:hash:k1:{n:022}" for n in range(9)] * 30, {"type": "string"}),
        (["s***@x.org"] * 300, {"type": "string"}),
        (["13800138000", "13912345678"] * 100, {"type": "string", "x-pii": "phone"}),
        (["11010519491231002X"] * 300, {"type": "string", "x-pii": "id_number"}),
        ([[1, 2], []], {"type": "array", "items": {"type": "integer"}}),
        ([[]], {"type": "array"}),
    ],
)
def test_a_property_is_drafted_from_its_values(values: list[Any], says: dict[str, Any]) -> None:
    assert of_values(values) == says


def test_required_is_what_nearly_all_have() -> None:
    assert "required" in schema(["a"] * 995 + [...] * 5)
    assert "required" not in schema(["a"] * 994 + [...] * 6)


def test_what_is_rarer_than_the_least_share_is_left_out() -> None:
    rules = Rules(least=0.1)
    assert of_values(["a"] * 95 + [1] * 5, rules) == {"type": "string"}
    found = schema(["a"] * 5 + [...] * 95, rules)
    assert found["properties"] == {}
    assert "left out: p" in found["#"]


def test_fields_that_are_data_are_no_plan() -> None:
    assert schema([{f"k{n}": n} for n in range(MOST_FIELDS + 5)])["properties"]["p"].keys() <= {"type", "#"}


def test_a_draft_that_refuses_its_own_events_is_drafted_again(tmp_path: Path) -> None:
    """Each property is there in 99.6 %, but together they are not."""
    rng = Random(3)
    names = [f"p{number}" for number in range(10)]
    site = Site(tmp_path)
    site.land(
        [
            event(f"m{number}", properties=json.dumps({name: 1 for name in names if rng.random() < 0.996}))
            for number in range(3000)
        ]
    )
    site.load_all()
    made = drafted(site)
    [only] = made.events
    assert only.accepted >= 0.995
    assert "required" not in read_plan(made.files).events[0].properties


def test_rare_events_and_those_without_a_name_are_left_out_and_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    rows = [event(f"m{number}", event="Seen") for number in range(9)]
    site.land([*rows, event("once", event="Once"), event("none", event=" ")])
    site.load_all()
    made = drafted(site)
    assert [one.event for one in made.events] == ["Seen"]
    assert made.left_out == 2
    assert "# Left out, too rare or without a name: without a name (1), Once (1)" in made.files["plan.yaml"]


def test_names_that_make_the_same_file_do_not_meet(tmp_path: Path) -> None:
    site = Site(tmp_path)
    names = ("Order Done", "order_done", "../../etc", "页/面", 'q"\\\n')
    site.land([event(f"{name}{number}", event=name) for name in names for number in range(6)])
    site.load_all()
    made = drafted(site)
    assert {planned.event for planned in read_plan(made.files).events} == set(names)
    assert all(".." not in name and name.count("/") <= 1 for name in made.files)


def test_no_events_are_told_of(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.load_all()
    with pytest.raises(PlanRefused, match="project 'shop' has no events in these 30 days"):
        drafted(site)


@pytest.mark.parametrize(
    ("name", "of_person", "of_class"),
    [
        ("email", False, "email"),
        ("workEmail", False, "email"),
        ("手机号", False, "phone"),
        ("name", True, "name"),
        ("name", False, None),
        ("product_name", False, None),
        ("birthDate", True, "birthday"),
        ("client_ip", False, "ip"),
        ("shipping", False, None),
    ],
)
def test_a_name_can_be_personal(name: str, of_person: bool, of_class: str | None) -> None:
    assert class_of_name(name, of_person=of_person) == of_class


@pytest.mark.parametrize(
    ("text", "of_class"),
    [
        ("mei@example.com", "email"),
        ("write to mei@example.com", None),
        ("+86 138 0013 8000", "phone"),
        ("4111111111111111", "card"),
        ("91350100M000100Y43", "uscc"),
        ("O-1795298592515-12", None),
        ("", None),
    ],
)
def test_a_value_can_be_personal(text: str, of_class: str | None) -> None:
    assert class_of_value(text) == of_class


@given(st.text(max_size=20))
@settings(deadline=None)
def test_every_text_is_read_back_as_it_was(text: str) -> None:
    assert yaml.safe_load(f"x: {quoted(text)} {comment(text)}") == {"x": text}


def test_a_schema_is_read_back_as_it_was() -> None:
    given = {
        "a b": {"type": ["string", "null"], "#": "in all"},
        "no": {},
        "o": {"properties": {"x": {"enum": [None, "yes"]}}},
    }
    lines = "\n".join(mapping({"top": given}, 0))
    assert yaml.safe_load(lines) == {"top": {"a b": {"type": ["string", "null"]}, "no": {}, "o": given["o"]}}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))


def test_the_command_writes_a_new_folder_only(shop: Site, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("warehouse.cli.plan_infer.now", lambda: NOON)
    given = (tmp_path / "plan", "--project", "shop", "--data", shop.settings.folders.root)
    told = run(*given)
    assert told.exit_code == 0, told.output
    assert "13 files" in told.output
    assert "accepted" in told.output
    text = (tmp_path / "plan" / "events" / "order_completed.yaml").read_text("utf-8")
    assert "event: Order Completed" in text
    assert f"to {date(2026, 11, 21)}" in text
    again = run(*given)
    assert isinstance(again.exception, PlanRefused)
    shown = run(tmp_path / "other", *given[1:], "--json", "--since", "4w")
    assert {one["type"] for one in json.loads(shown.output)} == {
        "track",
        "identify",
        "group",
        "page",
        "screen",
    }
