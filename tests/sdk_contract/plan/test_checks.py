"""What a compiled plan has against an event, and what it says of it."""

import json

import msgspec
import pytest

from sdk_contract.plan import CompiledPlan, Plan, compile, read_plan
from sdk_contract.verdicts import Fault, Reason, Verdict

HEAD = """
version: 1.0.0
unplanned: reject
consent: analytics
properties:
  product:
    type: object
    required: [sku]
    properties: {sku: {type: string}, price: {type: number}, buyer: {type: string, x-pii: email}}
"""
EVENTS = """
- event: Order Completed
  properties:
    type: object
    required: [order_id]
    properties:
      order_id: {type: string, minLength: 1}
      total: {type: number, minimum: 0}
      currency: {enum: [CNY, EUR], x-clean: currency}
      items: {type: array, items: {$ref: "#/$defs/product"}}
- event: Signup Form
  kind: form
  form: {name: signup, fields: [email, password], steps: [account, profile]}
- event: Invoice Paid
  kind: service
  consent: ""
- type: identify
  consent: marketing
  properties: {type: object, properties: {email: {type: string, x-pii: email}}}
- type: page
  event: 首页
  properties: {type: object, required: [path]}
"""


def plan(head: str = HEAD, events: str = EVENTS) -> CompiledPlan:
    written = read_plan({"plan.yaml": head, "events/all.yaml": events})
    return compile(Plan.from_json(written.to_json()))


PLAN = plan()


def check(name: str, properties: object, context: object = None) -> Fault | None:
    return PLAN.check("track", name, json.dumps(properties).encode(), json.dumps(context).encode())


@pytest.mark.parametrize(
    ("properties", "pointer"),
    [
        ({"order_id": "o"}, None),
        ({"order_id": "o", "total": 1.5, "currency": "CNY", "items": [{"sku": "s"}]}, None),
        ({}, "/properties/order_id"),
        ({"order_id": ""}, "/properties/order_id"),
        ({"order_id": "o", "total": -1}, "/properties/total"),
        ({"order_id": "o", "currency": "USD"}, "/properties/currency"),
        ({"order_id": "o", "items": [{"sku": "s"}, {}]}, "/properties/items/1/sku"),
        ({"order_id": "o", "items": [{"sku": 1}]}, "/properties/items/0/sku"),
    ],
)
def test_a_breach_is_found_where_it_is(properties: object, pointer: str | None) -> None:
    fault = check("Order Completed", properties)
    assert (fault and fault.pointer) == pointer
    assert fault is None or (fault.reason, fault.verdict) == (Reason.PLAN_VIOLATION, None)


@pytest.mark.parametrize(
    ("properties", "pointer"),
    [
        ({"order_id": "o", "total": " 12.50 "}, None),
        ({"order_id": "o", "total": "-1"}, "/properties/total"),
        ({"order_id": "o", "total": "much"}, "/properties/total"),
        ({"order_id": "o", "total": "N/A"}, None),
        ({"order_id": "o", "total": None}, "/properties/total"),
        ({"order_id": "o", "currency": "cny"}, None),
        ({"order_id": "o", "items": [{"sku": "s", "price": "9.9"}]}, None),
        ({"order_id": "", "total": "12.5"}, "/properties/order_id"),
        ({"order_id": "unknown"}, None),
    ],
)
def test_what_only_needs_cleaning_is_no_breach(properties: object, pointer: str | None) -> None:
    fault = check("Order Completed", properties)
    assert (fault and fault.pointer) == pointer


def test_nothing_where_nothing_is_allowed_stays_a_null() -> None:
    events = "event: E\nproperties: {required: [a], properties: {a: {type: [number, 'null']}}}"
    compiled = plan(events=events)
    assert compiled.check("track", "E", b'{"a":"unknown"}') is None
    strict = plan(events=events.replace("[number, 'null']", "number"))
    fault = strict.check("track", "E", b'{"a":"unknown"}')
    assert fault is not None
    assert (fault.pointer, fault.expected) == ("/properties/a", '"a" is a required property')


FORM = {"form": "signup", "action": "field", "field": "email"}


@pytest.mark.parametrize(
    ("properties", "pointer"),
    [
        (FORM, None),
        (FORM | {"step": "account"}, None),
        ({"form": "signup", "action": "submit"}, None),
        ({"form": "signup", "action": "field"}, "/properties/field"),
        ({"form": "signup"}, "/properties/action"),
        (FORM | {"action": "opened"}, "/properties/action"),
        (FORM | {"form": "login"}, "/properties/form"),
        (FORM | {"field": "age"}, "/properties/field"),
        (FORM | {"step": "payment"}, "/properties/step"),
        (FORM | {"value": "secret"}, "/properties/value"),
    ],
)
def test_a_form_says_which_field_and_never_what_was_typed(properties: object, pointer: str | None) -> None:
    fault = check("Signup Form", properties)
    assert (fault and fault.pointer) == pointer
    assert "secret" not in str(fault)


@pytest.mark.parametrize(
    ("context", "good"),
    [
        ({"channel": "server"}, True),
        ({"library": {"name": "analytics-python", "version": "2.4"}}, True),
        ({"library": {"name": "@segment/analytics-node"}}, True),
        ({"library": {"name": "analytics.js"}}, False),
        ({"channel": "browser"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_service_event_comes_from_a_server(context: object, good: bool) -> None:
    fault = check("Invoice Paid", {}, context)
    assert (fault is None) == good
    assert fault is None or (fault.pointer, fault.expected) == (
        "/context",
        "sent by a server: channel server, or the library of one",
    )


def test_a_plan_may_say_itself_what_a_server_is() -> None:
    compiled = plan(HEAD + "service: {required: [service]}\n")
    assert compiled.check("track", "Invoice Paid", b"", b'{"service":"billing"}') is None
    assert compiled.check("track", "Invoice Paid", b"", b'{"channel":"server"}') is not None


def test_context_rules_are_for_every_event() -> None:
    compiled = plan(
        HEAD + "context: {type: object, required: [app]}\n",
        EVENTS + "- event: Opened\n  context: {required: [os]}\n",
    )
    fault = compiled.check("track", "Order Completed", b'{"order_id":"o"}', b'{"os":{}}')
    assert fault is not None
    assert fault.pointer == "/context/app"
    fault = compiled.check("track", "Opened", b"{}", b'{"app":{}}')
    assert fault is not None
    assert fault.pointer == "/context/os"
    assert compiled.check("track", "Opened", b"{}", b'{"app":{},"os":{}}') is None
    fault = compiled.check("track", "Unheard Of", b"{}", None)
    assert fault is not None
    assert fault.pointer == "/context/app"


@pytest.mark.parametrize(
    ("unplanned", "verdict"), [("allow", None), ("warn", Verdict.WARNING), ("reject", Verdict.REJECTED)]
)
def test_an_event_that_is_not_planned(unplanned: str, verdict: Verdict | None) -> None:
    compiled = msgspec.structs.replace(PLAN, unplanned=unplanned)
    fault = compiled.check("track", "Unheard Of", b"{}")
    assert (fault and fault.judge(0).verdict) == verdict
    assert fault is None or (fault.reason, fault.pointer) == (Reason.UNPLANNED_EVENT, "/event")


@pytest.mark.parametrize("name", ["order_completed", "orderCompleted", "ORDER COMPLETED", " Order Completed"])
def test_an_event_that_is_nearly_planned_is_told_its_name(name: str) -> None:
    fault = PLAN.check("track", name, b"{}")
    assert fault is not None
    assert fault.expected == "an event of the tracking plan; 'Order Completed' is one"


def test_types_of_which_the_plan_names_none_are_free() -> None:
    assert PLAN.check("screen", "Anything", b"{}") is None
    assert PLAN.check("group", None, b"{}") is None
    assert PLAN.check("page", "首页", b'{"path":"/"}') is None
    fault = PLAN.check("page", "Elsewhere", b"{}")
    assert fault is not None
    assert (fault.reason, fault.pointer) == (Reason.UNPLANNED_EVENT, "/name")


def test_traits_are_checked_as_traits() -> None:
    fault = PLAN.check("identify", None, b'{"email":5}')
    assert fault is not None
    assert fault.pointer == "/traits/email"


@pytest.mark.parametrize("absent", [b"", b"null", b"{}"])
def test_absent_properties_are_an_empty_object(absent: bytes) -> None:
    fault = PLAN.check("track", "Order Completed", absent)
    assert fault is not None
    assert (fault.pointer, fault.expected) == ("/properties/order_id", '"order_id" is a required property')
    assert PLAN.check("identify", None, absent) is None


def test_a_pointer_is_escaped_and_the_value_is_not_repeated() -> None:
    compiled = plan(events="event: E\nproperties: {properties: {'a/b~c': {properties: {x: {const: 1}}}}}")
    fault = compiled.check("track", "E", b'{"a/b~c": {"x": "alice@example.com"}}')
    assert fault is not None
    assert fault.pointer == "/properties/a~1b~0c/x"
    assert "alice" not in (fault.expected or "")


@pytest.mark.parametrize(
    ("schema", "pointer", "expected"),
    [
        (
            "{additionalProperties: false, properties: {a: {}}}",
            "/properties/al@x.cn",
            "no property but those",
        ),
        ("{properties: {al@x.cn: false}}", "/properties/al@x.cn", "nothing"),
        ("{propertyNames: {maxLength: 2}}", "/properties", "names as the plan has them"),
        (
            "{properties: {al@x.cn: {enum: [a, b]}}}",
            "/properties/al@x.cn",
            'is not one of "a" or "b"',
        ),
        (
            "{properties: {al@x.cn: {not: {type: string}}}}",
            "/properties/al@x.cn",
            "is not allowed for",
        ),
        ("{minProperties: 2}", "/properties", "less than 2 properties"),
    ],
)
def test_what_was_sent_is_not_repeated(schema: str, pointer: str, expected: str) -> None:
    fault = plan(events=f"event: E\nproperties: {schema}").check("track", "E", b'{"al@x.cn":"secret"}')
    assert fault is not None
    assert fault.pointer == pointer
    assert expected in (fault.expected or "")
    assert "secret" not in (fault.expected or "")
    assert "al@x.cn" not in (fault.expected or "")


@pytest.mark.parametrize(
    "text", [b'{"order_id":"o","total":' + b"9" * 5000 + b"}", b'{"order_id":"o","total":1e999}']
)
def test_a_number_that_nothing_can_hold_is_a_breach(text: bytes) -> None:
    fault = PLAN.check("track", "Order Completed", text)
    assert fault is not None
    assert fault.reason is Reason.PLAN_VIOLATION


def test_what_is_personal_and_what_is_cleaned() -> None:
    assert PLAN.has_pii
    assert PLAN.pii("track", "Order Completed") == {("items", "*", "buyer"): "email"}
    assert PLAN.pii("identify", None) == {("email",): "email"}
    assert PLAN.pii("track", "Unheard Of") == {} == PLAN.cleaners("track", "Unheard Of")
    assert PLAN.cleaners("track", "Order Completed") == {
        ("total",): "number",
        ("currency",): "currency",
        ("items", "*", "price"): "number",
        ("items", "*", "buyer"): "email",
    }
    assert not plan(events="event: E").has_pii


def test_consent_is_the_events_own_or_the_plans() -> None:
    assert PLAN.consent("track", "Order Completed") == "analytics"
    assert PLAN.consent("track", "Invoice Paid") is None
    assert PLAN.consent("identify", None) == "marketing"
    assert PLAN.consent("track", "Unheard Of") == "analytics"
    assert plan("version: 1.0.0", "event: E").consent("track", "E") is None
