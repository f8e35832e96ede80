"""A plan with everything that a typed client has to say, and calls of which half are right."""

from __future__ import annotations

from typing import Any, NamedTuple

from sdk_contract.plan import Plan, read_plan

HEAD = """
version: 1.2.0
unplanned: reject
properties:
  money:
    type: object
    description: An amount.
    required: [amount, currency]
    additionalProperties: false
    properties:
      amount: {type: number, description: Whole and cents.}
      currency: {enum: [CNY, EUR, USD], x-clean: currency}
  category:
    type: object
    required: [name]
    additionalProperties: false
    properties:
      name: {type: string}
      parent: {$ref: "#/$defs/category"}
"""
SHOP = """
- event: Order Completed
  description: |
    A customer has paid */ for an order.
    Sent once an order.
  kind: commerce
  properties:
    type: object
    required: [order_id, total, items]
    additionalProperties: false
    properties:
      order_id: {type: string, minLength: 1, description: 'The order''s number, "as printed".'}
      total: {$ref: "#/$defs/money"}
      coupon: {type: [string, "null"]}
      gift: {type: boolean}
      priority: {enum: [1, 2, 3]}
      items:
        type: array
        items:
          type: object
          required: [sku, quantity]
          additionalProperties: false
          properties:
            sku: {type: string}
            quantity: {type: integer, minimum: 1}
            tags: {type: array, items: {type: string}}
            size: {enum: [S, M, L, null]}
- event: order_completed
  description: Another spelling of the same name.
  properties: {type: object, required: [ok], additionalProperties: false, properties: {ok: {type: boolean}}}
- event: 商品浏览
  description: 有人看了一件商品
  properties:
    type: object
    required: [名称]
    additionalProperties: false
    properties:
      名称: {type: string}
      category: {$ref: "#/$defs/category"}
      "page-no": {type: integer}
- event: delete
  properties:
    type: object
    required: [reason, class]
    additionalProperties: false
    properties:
      reason: {const: by user}
      class: {type: string}
      note:
        anyOf:
          - {type: string}
          - {type: object, required: [text], additionalProperties: false, properties: {text: {type: string}}}
- event: Searched
  properties:
    type: object
    required: [query]
    properties:
      query: {type: string}
      results: {type: integer, minimum: 0}
- event: 🎉
  properties: {}
- type: page
  event: 首页
  properties:
    type: object
    required: [path]
    additionalProperties: false
    properties: {path: {type: string}}
- type: identify
  properties:
    type: object
    required: [email]
    additionalProperties: false
    properties: {email: {type: string, x-pii: email}, age: {type: integer}, vip: {type: boolean}}
"""
FORM = """
event: Contact Form
kind: form
form: {name: contact, fields: [email, message], steps: [write, send]}
"""
FILES = {"plan.yaml": HEAD, "events/shop.yaml": SHOP, "events/form.yaml": FORM}


class TypedCall(NamedTuple):
    """A call as TypeScript and Python write it, and the event that it sends; `given` is JSON."""

    function: str
    python: str
    type: str
    event: str
    given: str
    first: str = ""


def plan(files: dict[str, str] = FILES) -> Plan:
    return read_plan(files)


def order(**changes: Any) -> str:
    """The properties of a right order as JSON text, some of them changed; "" leaves one out."""
    parts = {
        "order_id": '"O-1"',
        "total": '{"amount": 9.5, "currency": "CNY"}',
        "items": '[{"sku": "P-1", "quantity": 2}]',
    } | changes
    return "{" + ", ".join(f'"{name}": {text}' for name, text in parts.items() if text) + "}"


def _order(given: str) -> TypedCall:
    return TypedCall("orderCompleted", "order_completed", "track", "Order Completed", given)


def _view(given: str) -> TypedCall:
    return TypedCall("商品浏览", "商品浏览", "track", "商品浏览", given)


def _delete(given: str) -> TypedCall:
    return TypedCall("delete_", "delete_", "track", "delete", given)


def _form(given: str) -> TypedCall:
    return TypedCall("contactForm", "contact_form", "track", "Contact Form", given)


def _identify(given: str) -> TypedCall:
    return TypedCall("identify", "identify", "identify", "", given, "u-1")


RIGHT = [
    _order(order()),
    _order(order(coupon="null")),
    _order(order(coupon='"TEA"', gift="true")),
    _order(order(priority="3")),
    _order(order(items="[]")),
    _order(order(items='[{"sku": "P-1", "quantity": 1, "tags": ["a", "b"], "size": "M"}]')),
    _order(order(items='[{"sku": "P-1", "quantity": 1, "size": null}]')),
    _order(order(total='{"amount": 0, "currency": "USD"}')),
    TypedCall("orderCompleted2", "order_completed2", "track", "order_completed", '{"ok": false}'),
    _view('{"名称": "龙井茶"}'),
    _view('{"名称": "茶", "page-no": 2}'),
    _view('{"名称": "茶", "category": {"name": "绿茶", "parent": {"name": "茶叶"}}}'),
    _delete('{"reason": "by user", "class": "A"}'),
    _delete('{"reason": "by user", "class": "A", "note": "why"}'),
    _delete('{"reason": "by user", "class": "A", "note": {"text": "why"}}'),
    TypedCall("searched", "searched", "track", "Searched", '{"query": "茶", "results": 0}'),
    TypedCall("event", "event", "track", "🎉", "{}"),
    TypedCall("page首页", "page_首页", "page", "首页", '{"path": "/"}'),
    _identify('{"email": "mei@example.com", "age": 30, "vip": true}'),
    _form('{"form": "contact", "action": "field", "field": "email"}'),
]
WRONG = [
    _order(order(order_id="")),
    _order(order(order_id="42")),
    _order(order(total="9.5")),
    _order(order(total='{"amount": 9.5, "currency": "GBP"}')),
    _order(order(total='{"amount": "much", "currency": "CNY"}')),
    _order(order(total='{"amount": 9.5}')),
    _order(order(total='{"amount": 9.5, "currency": "CNY", "vat": 1}')),
    _order(order(colour='"red"')),
    _order(order(order_id="null")),
    _order(order(priority="4")),
    _order(order(gift='"maybe"')),
    _order(order(items='{"sku": "P-1", "quantity": 1}')),
    _order(order(items='[{"sku": "P-1", "quantity": 1, "tags": [1, 2]}]')),
    _order(order(items='[{"sku": "P-1", "quantity": 1, "size": "XXL"}]')),
    _view('{"名称": "茶", "category": {"name": "绿茶", "parent": "茶叶"}}'),
    _delete('{"reason": "by me", "class": "A"}'),
    _delete('{"reason": "by user", "class": "A", "note": {"txt": "why"}}'),
    TypedCall("page首页", "page_首页", "page", "首页", '{"path": ["/"]}'),
    _identify('{"age": 30}'),
    _form('{"form": "contact", "action": "shout"}'),
]
