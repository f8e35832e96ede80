"""What changed between two plans, and which version that needs."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from sdk_contract.errors import PlanError
from sdk_contract.plan import Plan, read_plan
from sdk_contract.plan.schemas import validator
from sdk_contract.plan.versions import changes, next_version, numbers, suffices
from tests.sdk_contract.plan.test_quick import DEFS, POOL, SCHEMAS

HEAD = """
version: 1.4.2
unplanned: warn
properties: {product: {type: object, required: [sku], properties: {sku: {type: string}}}}
context: {required: [library]}
"""
EVENTS = """
- event: Paid
  description: Somebody paid.
  properties:
    type: object
    required: [amount]
    properties:
      amount: {type: number, minimum: 0}
      currency: {enum: [CNY, EUR]}
      note: {type: string, maxLength: 20, pattern: ^a}
      items: {type: array, items: {$ref: "#/$defs/product"}}
- event: Opened
- event: Signup
  kind: form
  form: {name: signup, fields: [email, phone]}
"""


def plan(change: tuple[str, str] = ("", "")) -> Plan:
    old, new = change
    assert old in HEAD + EVENTS
    return read_plan({"plan.yaml": HEAD.replace(old, new), "events/e.yaml": EVENTS.replace(old, new)})


CASES = [
    ("- event: Opened\n", "", "major", "Opened", "no longer planned"),
    ("- event: Opened\n", "- event: Opened\n- event: Shut\n", "minor", "Shut", "new"),
    ("Somebody paid", "A customer paid", "patch", "Paid", "description changed"),
    ("required: [amount]", "required: [amount, note]", "major", "Paid: properties.note", "required now"),
    ("required: [amount]", "required: []", "minor", "Paid: properties.amount", "no longer required"),
    ("type: number", "type: integer", "major", "Paid: properties.amount", "type number, now integer"),
    ("type: number", "type: [number, 'null']", "minor", "Paid: properties.amount",
     "type number, now number or null"),
    ("minimum: 0", "minimum: 1", "major", "Paid: properties.amount", "minimum 0, now 1"),
    ("minimum: 0", "minimum: -1", "minor", "Paid: properties.amount", "minimum 0, now -1"),
    (", minimum: 0", "", "minor", "Paid: properties.amount", "minimum 0 is gone"),
    ("[CNY, EUR]", "[CNY]", "major", "Paid: properties.currency", 'no longer "EUR"'),
    ("[CNY, EUR]", "[CNY, EUR, USD]", "minor", "Paid: properties.currency", 'also "USD"'),
    ("maxLength: 20", "maxLength: 9", "major", "Paid: properties.note", "maxLength 20, now 9"),
    ("pattern: ^a", "pattern: ^b", "major", "Paid: properties.note", 'pattern "^a", now "^b"'),
    (", pattern: ^a", "", "minor", "Paid: properties.note", 'pattern "^a" is gone'),
    ("note: {", "note: {x-pii: text, ", "minor", "Paid: properties.note", 'x-pii "text" is new'),
    ("note: {", "note: {title: N, ", "patch", "Paid: properties.note", "title changed"),
    ("      currency: {enum: [CNY, EUR]}\n", "", "major", "Paid: properties.currency", "no longer planned"),
    ("      currency: {", "      coupon: {}\n      currency: {", "minor", "Paid: properties.coupon", "new"),
    ("[sku]", "[sku, size]", "major", "Paid: properties.items[].size", "required now"),
    ("{sku: {", "{size: {}, sku: {", "minor", "Paid: properties.items[].size", "new"),
    ("    type: object\n", "    type: object\n    additionalProperties: false\n", "major", "Paid: properties",
     "others are no longer taken"),
    ("unplanned: warn", "unplanned: reject", "major", "plan.yaml", "unplanned warn, now reject"),
    ("unplanned: warn", "unplanned: allow", "minor", "plan.yaml", "unplanned warn, now allow"),
    ("[library]", "[library, app]", "major", "context.app", "required now"),
    ("[email, phone]", "[email]", "major", "Signup: properties.field", 'no longer "phone"'),
    ("[email, phone]", "[email, phone, city]", "minor", "Signup: properties.field", 'also "city"'),
    ("- event: Opened\n", "- event: Opened\n  kind: service\n", "major", "Opened", "kind none, now service"),
    ("- event: Opened\n", "- event: Opened\n  consent: ads\n", "minor", "Opened", "consent changed"),
    ("- event: Opened\n", "- event: Opened\n  key_event: true\n", "minor", "Opened",
     "key event or conversion changed"),
    ("properties: {product", "properties: {unused: {}, product", "patch", "plan.yaml",
     "parts that no event uses changed"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "level", "place", "text"), CASES)
def test_a_change_has_a_level(old: str, new: str, level: str, place: str, text: str) -> None:
    found = changes(plan(), plan((old, new)))
    assert (level, place, text) in [(change.level, change.place, change.text) for change in found]
    assert found[0].level == level


def test_plans_that_differ_in_their_version_do_not_differ() -> None:
    assert changes(plan(), plan(("1.4.2", "1.5.0"))) == []


@pytest.mark.parametrize(
    ("change", "needed", "enough", "too_small"),
    [
        (("- event: Opened\n", ""), "2.0.0", ["2.0.0", "3.1.0"], ["1.4.2", "1.4.3", "1.9.0"]),
        (("- event: Opened", "- event: Shut\n- event: Opened"), "1.5.0", ["1.5.0", "2.0.0"], ["1.4.9"]),
        (("Somebody", "Anybody"), "1.4.3", ["1.4.3", "1.5.0"], ["1.4.2", "1.4.1", "0.9.9"]),
    ],
)  # fmt: skip
def test_the_version_has_to_tell_of_the_change(
    change: tuple[str, str], needed: str, enough: list[str], too_small: list[str]
) -> None:
    found = changes(plan(), plan(change))
    assert next_version("1.4.2", found) == needed
    assert all(suffices(version, "1.4.2", found) for version in enough)
    assert not any(suffices(version, "1.4.2", found) for version in too_small)


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "", "1.0.0\n", "١.0.0"])
def test_a_version_has_three_numbers(version: str) -> None:
    with pytest.raises(PlanError, match=r"not of the form major\.minor\.patch"):
        numbers(version)


def whole(schema: dict[str, Any], me: dict[str, Any] | None = None) -> Plan:
    defs = {**DEFS, "me": me} if me else DEFS
    event = {"event": "E", "properties": {**schema, "$defs": defs}}
    return Plan.from_json(json.dumps({"version": "1.0.0", "events": [event]}))


def test_what_several_events_share_is_compared_once_and_a_schema_that_contains_itself_too() -> None:
    me = {"type": "object", "properties": {"a": {"$ref": "#/$defs/me"}, "b": {"type": "string"}}}
    old = whole({"properties": {"a": {"$ref": "#/$defs/me"}}}, me)
    new = whole({"properties": {"a": {"$ref": "#/$defs/me"}}}, {**me, "required": ["b"]})
    assert [change.place for change in changes(old, new)] == ["E: properties.a.b"]
    loop = {"items": {"$ref": "#/$defs/me"}}
    found = changes(whole({"properties": {"a": {}}}, loop), whole({"properties": {"a": loop}}, loop))
    assert [change.level for change in found] == ["major"]


@given(SCHEMAS, SCHEMAS)
@settings(max_examples=150, deadline=None)
def test_a_minor_change_breaks_no_good_event(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = changes(whole(old), whole(new))
    if any(change.level == "major" or change.text == "new" for change in found):
        return
    before, now = (validator({**schema, "$defs": DEFS}) for schema in (old, new))
    for value in [{}, *({"a": value} for value in POOL), *({"商品": value, "b": value} for value in POOL)]:
        assert now.is_valid(value) or not before.is_valid(value)
