"""What is said of a plan that cannot be used, or could be better: file, line, field, and what would do."""

import pytest

from sdk_contract.errors import PlanError
from sdk_contract.plan import lint, read_plan
from sdk_contract.plan.folder import Problem

HEAD = """
version: 1.0.0
identifiers:
  email: {path: traits.email, description: Checked.}
properties:
  product:
    type: object
    properties: {sku: {type: string, description: The article.}}
"""
EVENTS = """
- event: Order Completed
  description: Somebody paid.
  owner: shop
  key_event: true
  conversion: {value: total, currency: currency}
  properties:
    type: object
    required: [order_id]
    properties:
      order_id: {type: string, minLength: 1, description: The order.}
      total: {type: number, description: What was paid.}
      currency: {enum: [CNY, EUR], description: ISO 4217.}
      items: {type: array, description: Lines., items: {$ref: "#/$defs/product"}}
- event: Order Shipped
  description: It left.
  owner: shop
- type: identify
  description: Somebody signed in.
  owner: shop
  properties: {type: object, properties: {email: {type: string, x-pii: email, description: An address.}}}
"""
FILE = "events/shop.yaml"


def problems(old: str, new: str) -> list[Problem]:
    assert old in HEAD + EVENTS
    return lint({"plan.yaml": HEAD.replace(old, new), FILE: EVENTS.replace(old, new)})


def test_a_good_plan_has_no_problems() -> None:
    assert problems("", "") == []


ERRORS = [
    (
        "version: 1.0.0",
        "version: 1.0",
        "plan.yaml, line 2, version: Expected `str`, got `float`; put it in quotes",
    ),
    (
        "version: 1.0.0",
        "version: one",
        "plan.yaml, line 2, version: version 'one' is not of the form major.minor",
    ),
    (
        "version: 1.0.0",
        "mode: warn",
        "plan.yaml, line 2: Object contains unknown field `mode`; fields are version,",
    ),
    (
        "version: 1.0.0",
        "version: 1.0.0\nunplanned: yes",
        "plan.yaml, line 3, unplanned: Invalid enum value 'yes'; one of allow, warn, reject would do",
    ),
    ("version: 1.0.0", "version: 1.0.0\nversion: 2.0.0", "plan.yaml, line 3: 'version' stands here twice"),
    ("version: 1.0.0", "\tversion: 1.0.0", "plan.yaml, line 2: "),
    (
        "version: 1.0.0",
        "version: 1.0.0\nevents: {}",
        "plan.yaml, line 3, events: events stand in files of their own",
    ),
    (
        "version: 1.0.0",
        "version: 1.0.0\n404: x",
        "plan.yaml, line 3: the name '404' is no text; put it in quotes",
    ),
    (
        "path: traits.email",
        "path: traits.mail",
        "plan.yaml, line 4, identifiers.email.path: no event of the plan has",
    ),
    (
        "path: traits.email",
        "path: mail",
        "plan.yaml, line 4, identifiers.email.path: 'mail': one of userId, anonym",
    ),
    (
        "{type: string, description: The article.}",
        "{type: strng}",
        (
            "plan.yaml, line 8, properties.product."
            "properties.sku.type: 'strng' will not do; one of string, number, integer, boolean, object"
        ),
    ),
    (
        "Order Shipped",
        "Order Completed",
        "line 15, event: 'Order Completed' is planned already in events/shop.yaml, line 2",
    ),
    (
        "- event: Order Shipped",
        "- name: Order Shipped",
        "line 15: Object contains unknown field `name`; fields are ",
    ),
    ("- event: Order Shipped", "- kind: click", "line 15, event: a name is missing"),
    (
        "- event: Order Shipped",
        "- event: 7",
        "line 15, event: Expected `str | null`, got `int`; put it in quotes",
    ),
    (
        "- event: Order Shipped",
        "- event: S\n  kind: shop",
        "line 16, kind: Invalid enum value 'shop'; one of account,",
    ),
    ("- event: Order Shipped", "- event: S\n  kind: form", "line 16, kind: a form has `form:` with its name"),
    (
        "- event: Order Shipped",
        "- event: S\n  form: {name: f, fields: []}",
        "line 16, form: add `kind: form`",
    ),
    (
        "- event: Order Shipped",
        "- event: S\n  form: {name: f, fields: [], actions: [x]}",
        "line 16, form.actions.0: Invalid enum value 'x'",
    ),
    (
        "- type: identify",
        "- type: identify\n  event: E",
        "line 19, event: events of type identify have no names",
    ),
    ("value: total", "value: sum", "line 6, conversion.value: the event has no property 'sum'"),
    ("value: total", "value: order_id", "line 6, conversion.value: the property 'order_id' is no number"),
    ("currency: currency", "currency: total", "line 6, conversion.currency: the property 'total' is no text"),
    (
        "x-pii: email",
        "x-pii: mail",
        "line 21, properties.properties.email.x-pii: 'mail' is unknown; one of email,",
    ),
    ("minLength: 1", "x-resolve: newest", "x-resolve: 'newest' will not do; one of latest, first"),
    ("minLength: 1", "x-resolve: []", "x-resolve: [] will not do"),
    ("minLength: 1", "x-clean: upper", "line 11, properties.properties.order_id.x-clean: 'upper' is unknown"),
    (
        "minLength: 1",
        "x-pi: email",
        "line 11, properties.properties.order_id.x-pi: 'x-pi' means nothing; x-pii would",
    ),
    (
        "minLength: 1",
        "minlength: 1",
        (
            "line 11, properties.properties.order_id.minlength: 'minlength' is no word of "
            "JSON Schema; minLength would do"
        ),
    ),
    (
        "description: The order.",
        "description: First, then the rest",
        (
            "line 11, properties.properties.order_id.then "
            "the rest: 'then the rest' is no word of JSON Schema; put a text that has"
        ),
    ),
    (
        "minLength: 1",
        "pattern: '(?=a)'",
        "line 11, properties.properties.order_id.pattern: '(?=a)' is no pattern that runs",
    ),
    ("minLength: 1", r"pattern: (a)\1", r"line 11, properties.properties.order_id.pattern: "),
    (
        "minLength: 1",
        "enum: [1, a]",
        "line 11, properties.properties.order_id.enum.0: 1 is not of type string, and",
    ),
    (
        "minLength: 1",
        "minLength: many",
        "line 11, properties.properties.order_id.minLength: 'many' will not do: ",
    ),
    (
        "#/$defs/product",
        "#/$defs/produce",
        "line 7, properties: Pointer '/$defs/produce' does not exist; parts that",
    ),
    ("#/$defs/product", "https://example.com/x", "line 7, properties: "),
    (
        "required: [order_id]",
        "required: [id]\n    additionalProperties: false",
        "line 9, properties.required.0: 'id' is required, and additionalProperties refuses it",
    ),
    (
        "required: [order_id]",
        "additionalProperties: {x-pii: email}",
        (
            "line 9, properties.additionalProperties.x-pii: "
            "a value that additionalProperties describes has no path; name the property"
        ),
    ),
]


@pytest.mark.parametrize(("old", "new", "text"), ERRORS)
def test_an_error_says_where_and_what_would_do(old: str, new: str, text: str) -> None:
    found = problems(old, new)
    assert found
    assert found[0].severity == "error"
    assert text in str(found[0])
    with pytest.raises(PlanError) as caught:
        read_plan({"plan.yaml": HEAD.replace(old, new), FILE: EVENTS.replace(old, new)})
    assert str(caught.value).startswith(("tracking plan, plan.yaml", "tracking plan, events/shop.yaml"))


def test_a_wrong_shared_part_does_not_make_a_form_unreadable() -> None:
    """Only the first thing that is wrong with a schema is found; here it is not the form's own."""
    head = "version: 1.0.0\nproperties: {product: {type: nothing}}"
    form = "event: Sent\nkind: form\nform: {name: contact, fields: [mail]}\nproperties: {properties: null}"
    problems = lint({"plan.yaml": head, "events/sent.yaml": form})
    assert {problem.file for problem in problems if problem.severity == "error"} == {"plan.yaml"}


def test_personal_data_in_a_context_is_not_marked() -> None:
    files = {"plan.yaml": "version: 1.0.0\ncontext:\n  properties: {ip: {x-pii: ip}}"}
    assert "line 3, context.properties.ip.x-pii: x-pii is for properties and traits" in str(lint(files)[0])


WARNINGS = [
    (
        "  description: Somebody paid.\n",
        "",
        "line 2, description: 'Order Completed' has no description; say when",
    ),
    (
        "  description: It left.\n  owner: shop\n",
        "  description: It left.\n",
        "line 15, owner: 'Order Shipped' has no ",
    ),
    ("Order Shipped", "order_shipped", None),
    (
        "- event: Order Shipped",
        "- event: Cart Opened\n  description: D.\n  owner: o\n- event: order_shipped",
        "line 18, event: 'order_shipped' is not in Title Case, as most names of this plan are",
    ),
    (
        "- event: Order Shipped",
        "- event: order completed",
        "line 15, event: 'order completed' is easily taken for 'O",
    ),
    (
        "- event: Order Shipped",
        "- event: 'Order Shipped '",
        "line 15, event: 'Order Shipped ' has spaces around it",
    ),
    ("- event: Order Shipped", "- event: 订单发货", None),
    ("  key_event: true\n", "", "line 5, conversion: a conversion is a key event; add `key_event: true`"),
    (", currency: currency}", "}", "line 6, conversion: amounts without a currency cannot be added up"),
    (
        "  owner: shop\n- type",
        "  owner: shop\n  key_event: true\n- type",
        "line 18, key_event: a key event should say",
    ),
    (
        "required: [order_id]",
        "required: [order_id, no]",
        "line 9, properties.required.1: 'no' is required, and nothing",
    ),
    (
        "minLength: 1, description: The order.",
        "minLength: 1",
        "line 11, properties.properties.order_id: 'order_id' has",
    ),
    (
        "order_id: {",
        "userEmail: {description: D.}\n      order_id: {",
        "line 11, properties.properties.userEmail: ",
    ),
    (
        "order_id: {",
        "mobile: {description: D.}\n      order_id: {",
        (
            "line 11, properties.properties.mobile: 'mobile' "
            "looks personal; `x-pii: phone` would have it treated"
        ),
    ),
    (
        "order_id: {",
        "password: {description: D.}\n      order_id: {",
        (
            "line 11, properties.properties.password: "
            "'password' looks like a secret, which no event should carry"
        ),
    ),
    (
        "order_id: {",
        "item_id: {description: D.}\n      orderNo: {description: D.}\n      order_id: {",
        "line 12, properties.properties.orderNo: 'orderNo' is not in snake_case, as its neighbours are",
    ),
    (
        "  product:",
        "  unused: {}\n  product:",
        "plan.yaml, line 6, properties.unused: no event refers to this",
    ),
]


@pytest.mark.parametrize(("old", "new", "text"), WARNINGS)
def test_a_warning_says_where_and_what_would_do(old: str, new: str, text: str | None) -> None:
    found = problems(old, new)
    assert {problem.severity for problem in found} == ({"warning"} if text else set())
    assert text is None or text in str(found[0])
