"""A look at an event that finds nothing finds what the careful way finds: nothing."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from sdk_contract.dialects import Parsed
from sdk_contract.judging import PlanRule, Rules, judge
from sdk_contract.plan.glances import Glance
from tests.sdk_contract.plan.test_checks import HEAD, plan

PLAN = plan()
STRICT = plan(HEAD + "context: {type: object, required: [app]}\n")
TRACK: dict[str, Any] = {
    "type": "track", "messageId": "m", "userId": "u", "event": "Order Completed",
    "properties": {"order_id": "o"}, "timestamp": "2026-11-22T00:00:00Z", "context": {"library": {}},
}  # fmt: skip
PAGE = {"type": "page", "messageId": "m", "anonymousId": "a", "name": "首页", "properties": {"path": "/"}}
IDENTIFY = {"type": "identify", "messageId": "m", "userId": "u", "traits": {"email": "a@b.cn"}}


def raw(event: object) -> Raw:
    return Raw(json.dumps(event).encode())


def objections(event: Raw, compiled: Any = PLAN) -> list[Any]:
    rules = Rules(plan=PlanRule(compiled, False, "1"))
    return judge(Parsed(None, None, [event], sound=True), "batch", "b", 4096, rules).judgements


@pytest.mark.parametrize("event", [TRACK, PAGE, IDENTIFY])
def test_good_events_need_one_look(event: object) -> None:
    assert Glance(PLAN)(raw(event)) == "m"


@pytest.mark.parametrize(
    "event",
    [
        TRACK | {"properties": {}},
        TRACK | {"properties": None},
        TRACK | {"properties": []},
        TRACK | {"event": "Unheard Of"},
        TRACK | {"event": "Invoice Paid"},
        TRACK | {"event": None},
        TRACK | {"context": {"consent": {"categoryPreferences": {}}}},
        TRACK | {"traits": 5},
        TRACK | {"userId": ""},
        TRACK | {"messageId": 5},
        TRACK | {"timestamp": "yesterday"},
        TRACK | {"properties": {"order_id": "o" * 40_000}},
        TRACK | {"properties": {"order_id": "o", "deep": json.loads("[" * 101 + "]" * 101)}},
        PAGE | {"name": "Elsewhere"},
        IDENTIFY | {"traits": {"email": 5}},
        {"type": "alias", "messageId": "m", "userId": "u", "previousId": "p"},
        [],
    ],
)
def test_others_are_left_open(event: object) -> None:
    assert Glance(PLAN)(raw(event)) is None


def test_what_is_not_planned_and_may_pass_needs_one_look_too() -> None:
    assert Glance(PLAN)(raw(TRACK | {"type": "screen"})) == "m"
    allowing = msgspec.structs.replace(PLAN, unplanned="allow")
    assert Glance(allowing)(raw(TRACK | {"event": "Unheard Of"})) == "m"
    assert Glance(allowing)(raw(TRACK | {"event": None})) is None
    strict = msgspec.structs.replace(STRICT, unplanned="allow")
    assert Glance(strict)(raw(TRACK | {"event": "Unheard Of"})) is None


def test_a_plan_with_rules_for_contexts_leaves_all_open() -> None:
    assert Glance(STRICT)(raw(TRACK)) is None


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [*("", "m", "u", "track", "page", "identify", "Order Completed", "首页", "x" * 1025), None, 5, {}, [],
     {"order_id": "o"}, {"order_id": ""}, {"email": 1}, {"email": "e"}, {"path": "/"}]
)  # fmt: skip
FIELDS = st.sampled_from(
    [*TRACK, "name", "traits", "anonymousId", "groupId", "category", "integrations", "sentAt", "previousId"]
)


@given(st.sampled_from([TRACK, PAGE, IDENTIFY]), st.dictionaries(FIELDS, VALUES, max_size=2))
@settings(max_examples=400, deadline=None)
@example(TRACK, {"traits": 5})
@example(IDENTIFY, {"properties": []})
@example(PAGE, {"name": 5})
@example(TRACK, {"event": "m", "properties": ""})
def test_what_a_look_finds_good_is_good(event: dict[str, Any], change: dict[str, Any]) -> None:
    text = raw(event | change)
    for compiled in (PLAN, msgspec.structs.replace(PLAN, unplanned="allow"), STRICT):
        if Glance(compiled)(text) is not None:
            assert objections(text, compiled) == []
