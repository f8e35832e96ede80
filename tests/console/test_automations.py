"""Automations: rules with what came of them, the builder, and the buttons."""

import json
from pathlib import Path
from typing import get_args

import pytest

from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.lakes import NOON
from warehouse.actions.published import publish
from warehouse.actions.reading import read_actions
from warehouse.actions.trying import TRIED
from warehouse.console.automations import TRIGGERS, composed
from warehouse.console.forms import Form
from warehouse.console.texts import TEXTS
from warehouse.registry import Registry
from warehouse.registry.actions import State

RULES = """
destinations:
  hook: {kind: webhook, url: 'https://hooks.example.com/secret-path', secret: s}
actions:
  cart: {when: {last: Product Added, ago: 1d}, to: hook, holdout: 10, description: '<b>cart</b>'}
"""


@pytest.fixture(scope="module", autouse=True)
def entries(data: Path) -> None:
    """A rule with an entry of each state, one of them dead."""
    registry = Registry.open(data / "registry.sqlite", now=lambda: NOON)
    registry.create_key("shop", "web")
    publish(registry, "shop", read_actions(RULES), "ann")
    rows = [
        {
            "id": f"act_{number}", "project": "shop", "rule": "cart", "version": 1, "customer": f"c_{number}",
            "entry": NOON, "found_at": NOON, "destination": "hook", "state": "waiting", "why": "",
            "data": json.dumps({"customer": {"traits": {"plan": "told-to-nobody"}}}), "due_at": NOON,
        }
        for number in range(3)
    ]  # fmt: skip
    registry.enter(rows)
    registry.settle_entry("act_0", "dead", "410: the receiver wants no more of these")
    registry.settle_entry("act_1", "sent", "")
    registry.close()


@pytest.fixture
def known(shop: Visitor) -> Registry:
    return shop.registry


def test_the_page_tells_rules_destinations_and_dead_letters(shop: Visitor) -> None:
    page = shop.get("/automations").text
    for words in ("cart", "hooks.example.com", "410: the receiver wants no more", "1 waiting, 1 dead"):
        assert words in page
    assert "secret-path" not in page
    rule = shop.get("/automations/rule?project=shop&name=cart").text
    assert "&lt;b&gt;cart&lt;/b&gt;" in rule
    assert "/explore/action_effect/answer?rule=cart" in rule
    assert "told-to-nobody" not in page + rule
    assert shop.get("/automations/rule?project=shop&name=none").status_code == 404
    assert "自动化" in shop.get("/automations", {"Accept-Language": "zh"}).text


def test_the_builder_says_how_many_would_enter_and_publishes(shop: Visitor, known: Registry) -> None:
    fields = {
        "project": "shop", "name": "quiet", "trigger": "absence", "what": "Product Viewed", "span": "1d",
        "to": "hook", "holdout": "50", "consent": "marketing", "from": "22:00", "until": "08:00",
    }  # fmt: skip
    page = shop.post("/automations", {**fields, "do": "preview"}).text
    assert "customers entered within the last day" in page
    assert "quiet: 0 customers" not in page
    assert [one.name for one in known.actions("shop")] == ["cart"]
    assert shop.post("/automations", {**fields, "do": "publish"}).status_code == 303
    made = json.loads(known.action("shop", "quiet").text)
    assert made["when"] == {"last": "Product Viewed", "ago": "1d"}
    assert made["quiet"] == {"from": "22:00", "until": "08:00", "timezone": "UTC"}
    assert "action.publish" in {line.action for line in known.audited(50)}


def test_what_cannot_be_meant_comes_back_with_the_reason(shop: Visitor) -> None:
    fields = {"project": "shop", "name": "x", "trigger": "tag_entered", "what": "none", "to": "hook"}
    unknown = shop.post("/automations", {**fields, "do": "preview"})
    assert unknown.status_code == 400
    assert "none" in unknown.text
    wrong = shop.post("/automations", {"project": "shop", "yaml": "actions: {a: {to: b}}", "do": "publish"})
    assert (wrong.status_code, "`when` is missing" in wrong.text) == (400, True)
    assert "actions: {a: {to: b}}" in wrong.text
    place = "destinations: {d: {kind: webhook, url: 'https://evil.example', secret: s}}"
    assert shop.post("/automations", {"project": "shop", "yaml": place, "do": "publish"}).status_code == 400


def test_buttons_pause_resume_and_send_again(shop: Visitor, known: Registry) -> None:
    of = {"project": "shop", "name": "cart"}
    shop.post("/automations/rule", {**of, "do": "pause"})
    assert known.paused_actions() == {("shop", "cart")}
    shop.post("/automations/rule", {**of, "do": "resume"})
    assert known.paused_actions() == set()
    shop.post("/automations/rule", {**of, "do": "replay"})
    assert not known.entries(state="dead")
    assert shop.post("/automations/rule", {**of, "do": "drop"}).status_code == 400
    strange = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert shop.post("/automations/rule", {**of, "do": "pause"}, strange).status_code == 403


def test_destinations_are_made_tried_and_switched_off_here(shop: Visitor, known: Registry) -> None:
    of = {"project": "shop", "name": "sales"}
    text = "destinations: {sales: {kind: wecom, url_secret: robot}}"
    rule = "actions: {a: {when: {tag: x}, to: hook}}"
    asked = [
        {"do": "publish", "project": "shop", "yaml": text},
        {"do": "secret", "name": "robot", "value": "https://qyapi.example/?key=hush-hush"},
        {"do": "test", **of}, {"do": "off", **of},
        {"do": "publish", "project": "shop", "yaml": rule},
        {"do": "secret", "name": "a b", "value": "hush-hush"},
        {"do": "secret", "name": "ok", "value": ""}, {"do": "test", "project": "shop", "name": "none"},
        {"do": "off", "project": "shop", "name": "none"}, {"do": "drop", **of},
    ]  # fmt: skip
    own = {"Origin": "http://127.0.0.1:8001", "Sec-Fetch-Site": "same-origin"}
    asks = [("POST", "/automations/places", {"headers": own, "data": fields}) for fields in asked]
    answers = shop.asks([*asks, ("GET", "/automations", {})])
    assert [one.status_code for one in answers] == [303] * 4 + [400] * 6 + [200]
    page = answers[-1].text
    for words in ("sales", "qyapi.weixin.qq.com", "robot", "switched off", "last test", "Switch on"):
        assert words in page
    assert "hush-hush" not in "".join(one.text for one in answers) + str(known.audited(50))
    assert "hush-hush" not in str(known.action_secrets())
    (entry,) = known.entries(rule=TRIED)
    assert (entry.state, entry.destination, entry.customer) == ("waiting", "sales", "")
    assert known.action_destinations_off() == {("shop", "sales")}


def test_who_sees_some_customers_only_or_may_not_change_is_refused(data: Path) -> None:
    guest = Visitor(data, console_open=False)
    guest.registry.create_user("vera", "viewer", "test", password=CHEAP.hash("a long password of vera"))
    guest.signed_in("vera", "a long password of vera")
    assert guest.get("/automations").status_code == 200
    assert "/automations/rule?" in guest.get("/automations").text
    assert guest.get("/automations/rule?project=shop&name=cart").status_code == 403
    assert (
        guest.post("/automations/rule", {"project": "shop", "name": "cart", "do": "pause"}).status_code == 403
    )
    assert guest.registry.paused_actions() == set()
    guest.registry.create_user("max", "analyst", "test", password=CHEAP.hash("a long password of max"))
    guest.signed_in("max", "a long password of max")
    assert "/automations/places" not in guest.get("/automations").text
    wish = {"do": "off", "project": "shop", "name": "hook"}
    assert guest.post("/automations/places", wish).status_code == 403
    assert ("shop", "hook") not in guest.registry.action_destinations_off()
    guest.registry.close()


def test_the_form_makes_the_rule_of_each_trigger() -> None:
    base = {"name": ["n"], "to": ["hook"], "what": ["A, B"], "next": ["C"], "span": ["3h"]}
    whens = [
        read_actions(composed(Form({**base, "trigger": [kind]}))).rules[0].trigger
        for kind in TRIGGERS
        if kind != "absence"
    ]
    assert {(one.kind, one.on) for one in whens} == {
        ("tag", "entered"), ("tag", "left"), ("cohort", "entered"), ("cohort", "left"), ("alert", "entered"),
    }  # fmt: skip


def test_every_state_and_trigger_has_its_words() -> None:
    names = [f"automations.state.{one}" for one in get_args(State)]
    names += [f"automations.trigger.{one}" for one in TRIGGERS]
    assert [name for name in names if name not in TEXTS] == []
