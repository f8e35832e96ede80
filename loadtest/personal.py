"""Requests full of seeded personal data, in every way that it can come: good, bad, broken, packed, filtered.

A case is one way; the values of its person are sent in no other case, so that a leak names its case.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from loadtest.seeded import Person
from loadtest.wire import Request, basic, zipped

JSON: Final = b"Content-Type: application/json\r\n"
SENT_AT: Final = "2026-11-21T08:00:00.000Z"
Event = dict[str, Any]
Build = Callable[[Person, str], list[Request]]

PLAN: Final = """version: {version}
description: What the test of privacy sends.
unplanned: warn
"""
PEOPLE_EVENTS: Final = """- type: identify
  description: A person who signed in.
  properties:
    type: object
    properties: {person}
- event: Order Placed
  description: An order with everything that says who placed it.
  properties:
    type: object
    required: [total]
    properties:
      total: {{type: {total}}}
      receiver: {{type: object, properties: {person}}}
      parties: {{type: array, items: {{type: object, properties: {person}}}}}
- event: Newsletter Read
  description: An event that needs consent.
  consent: marketing
  properties: {{type: object, properties: {person}}}
"""
_CLASSES: Final[Mapping[str, str]] = {
    "email": "email", "phone": "phone", "name": "name", "han_name": "name", "address": "address",
    "birthday": "birthday", "id_number": "id_number", "uscc": "uscc", "card": "card", "account": "account",
    "text": "text", "ip": "ip", "ip6": "ip",
}  # fmt: skip
# What the detectors and the treatment of addresses know without a plan.
KNOWN: Final = ("email", "phone", "id_number", "uscc", "card", "ip", "ip6")


def plan_files(version: str, total: str) -> dict[str, str]:
    """The tracking plan by file; `total` is the type of an order's total."""
    person = json.dumps({name: {"type": "string", "x-pii": of_class} for name, of_class in _CLASSES.items()})
    return {
        "plan.yaml": PLAN.format(version=version),
        "events/people.yaml": PEOPLE_EVENTS.format(person=person, total=total),
    }


def everything(person: Person) -> Event:
    """All values, as planned properties."""
    return dict(person.values())


def known(person: Person) -> Event:
    """The values that are found wherever they stand."""
    return {name: getattr(person, name) for name in KNOWN}


def order(person: Person, **more: Any) -> Event:
    return {
        "type": "track", "event": "Order Placed", "messageId": f"m-{person.case}", "anonymousId": "a-1",
        "timestamp": SENT_AT, "properties": {"total": 12.5, "receiver": everything(person)},
        **more,
    }  # fmt: skip


def visit(person: Person, **more: Any) -> Event:
    """An event that is not planned."""
    return {
        "type": "track", "event": "Thing Done", "messageId": f"m-{person.case}", "anonymousId": "a-1",
        "timestamp": SENT_AT, "properties": {}, **more,
    }  # fmt: skip


def body_of(*events: Event | str | bytes, **more: Any) -> bytes:
    parts = [
        one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() for one in events
    ]
    rest = json.dumps({"sentAt": SENT_AT, **more}, ensure_ascii=False).encode()
    return b'{"batch":[' + b",".join(parts) + b"]," + rest[1:]


def post(body: bytes, key: str, headers: str = "", path: str = "/v1/batch") -> Request:
    return Request(path, body, (), JSON + basic(key) + headers.encode())


def events(*makers: Callable[[Person], Event | str | bytes]) -> Build:
    """One request with an event of each maker."""
    return lambda person, key: [post(body_of(*(make(person) for make in makers)), key)]


def bodies(make: Callable[[Person], bytes], headers: str = "") -> Build:
    return lambda person, key: [post(make(person), key, headers)]


def identify(person: Person) -> Event:
    traits = everything(person)
    return {
        "type": "identify", "messageId": f"m-{person.case}-i", "userId": f"u-{person.case}", "traits": traits,
        "timestamp": SENT_AT, "context": {"traits": traits, "ip": person.ip, "page": page(person)},
    }  # fmt: skip


def page(person: Person) -> Event:
    query = "&".join(f"{name}={quote(getattr(person, name))}" for name in KNOWN)
    within = quote(f"https://shop.example/?{query}", safe="")
    return {
        "url": f"https://shop.example/thanks?{query}", "path": f"/u/{person.email}", "search": f"?{query}",
        "referrer": f"https://login.example/?next={within}",
        "title": f"Thanks {person.email}, {person.phone[:3]} {person.phone[3:7]} {person.phone[7:]}",
    }  # fmt: skip


def in_ids(person: Person) -> Event:
    return visit(
        person, messageId=person.phone, userId=person.email, anonymousId=person.ip, groupId=person.card,
        event=f"Call {person.id_number}",
    )  # fmt: skip


def in_keys(person: Person) -> Event:
    numbers = {"phone": int(person.phone), "card": int(person.card)}
    return visit(person, properties={person.email: 1, person.ip6: numbers, "list": [person.uscc, person.ip]})


def in_text(person: Person) -> Event:
    inner = json.dumps({"form": known(person), "again": json.dumps(known(person))})
    return visit(person, properties={"inner": inner, "log": "\n".join(known(person).values())})


def escaped(person: Person) -> bytes:
    """Every character as an escape of JSON."""
    event = visit(person, properties=known(person))
    text = json.dumps(event)
    for value in known(person).values():
        text = text.replace(json.dumps(value)[1:-1], "".join(f"\\u{ord(sign):04x}" for sign in value))
    return text.encode()


def alias(person: Person) -> Event:
    return {
        "type": "alias",
        "messageId": f"m-{person.case}",
        "previousId": person.phone,
        "userId": person.email,
    }


def broken(person: Person) -> bytes:
    return json.dumps(order(person)).encode().replace(b'"total": 12.5', b'"total": 12,5 nonsense')


def all_values(person: Person) -> str:
    return " | ".join(value for _, value in person.values())


def with_headers(person: Person, key: str) -> list[Request]:
    """Everything beside the body."""
    headers = (
        f"X-Forwarded-For: {person.ip}\r\nForwarded: for={person.ip}\r\nX-Real-IP: {person.ip}\r\n"
        f"User-Agent: Mozilla/5.0 ({person.email}; {person.ip})\r\nCookie: who={person.email}\r\n"
        f"Referer: https://shop.example/?e={person.email}&ip={person.ip}\r\nX-Who: {person.phone}\r\n"
    )
    query = f"/v1/batch?email={quote(person.email)}&phone={person.phone}&ip={person.ip}"
    again = headers.replace(person.ip, person.ip6)
    made = (visit(person), visit(person, messageId=f"m-{person.case}-2"))
    return [post(body_of(made[0]), key, headers, query), post(body_of(made[1]), key, again)]


def unknown_key(person: Person, key: str) -> list[Request]:
    return [post(body_of(order(person)), "wk_nobody_has_this", f"User-Agent: {person.email}\r\n")]


def unknown_path(person: Person, key: str) -> list[Request]:
    return [
        post(body_of(order(person)), key, path=f"/v2/{person.phone}?e={quote(person.email)}&ip={person.ip}")
    ]


def validated(person: Person, key: str) -> list[Request]:
    return [
        post(body_of(order(person), order(person, properties=all_values(person))), key, path="/v1/validate")
    ]


def too_many(person: Person, key: str) -> list[Request]:
    return [post(body_of(*[order(person)] + [visit(person)] * 2001), key)]


def twice(person: Person, key: str) -> list[Request]:
    return [post(body_of(order(person)), key)] * 2


def packed(person: Person, key: str) -> list[Request]:
    return [zipped(post(body_of(order(person)), key))]


def form(person: Person, key: str) -> list[Request]:
    data = quote(b64encode(body_of(order(person))).decode())
    return [Request("/v1/batch", b"data=" + data.encode(), (), basic(key))]


def no_consent(person: Person) -> Event:
    context = {"consent": {"categoryPreferences": {"marketing": False}}, "ip": person.ip}
    return visit(person, event="Newsletter Read", properties=everything(person), context=context)


def in_parties(person: Person) -> Event:
    return order(person, properties={"total": 1, "parties": [everything(person)]})


def against_plan(person: Person) -> Event:
    return order(person, properties={"total": "12.5x", "receiver": everything(person)})


def in_envelope(person: Person) -> bytes:
    return body_of(identify(person), context={"traits": everything(person), "ip": person.ip})


def ended_by(end: bytes) -> Callable[[Person], bytes]:
    return lambda person: json.dumps(order(person), ensure_ascii=False).encode()[:-1] + end


def badly_packed(person: Person) -> bytes:
    return gzip.compress(b"x") + all_values(person).encode()


CASES: Final[Mapping[str, Build]] = {
    "good": events(identify, order),
    "parties": events(in_parties),
    "page": events(lambda person: visit(person, type="page", context={"page": page(person)})),
    "ids": events(in_ids),
    "keys": events(in_keys),
    "text": events(in_text),
    "escaped": events(escaped),
    "alias": events(alias),
    "envelope": bodies(in_envelope),
    "sent_at": bodies(lambda person: body_of(visit(person), sentAt=f"{person.email} {person.ip}")),
    "unplanned": events(lambda person: visit(person, properties=known(person), context=known(person))),
    "plan_violation": events(against_plan),
    "wrong_type": events(lambda person: order(person, properties=all_values(person))),
    "not_an_object": events(all_values, lambda person: json.dumps([all_values(person)]).encode()),
    "unknown_type": events(lambda person: order(person, type="purchase")),
    "missing_field": events(lambda person: order(person, event=None)),
    "bad_time": events(lambda person: order(person, timestamp=f"at {person.email} {person.ip}")),
    "bad_value": events(lambda person: order(person, userId=f"\0{person.phone}")),
    "bad_encoding": events(ended_by(b',"x":"\xff"}')),
    "half_pair": events(ended_by(b',"x":"\\ud83d"}')),
    "too_deep": events(ended_by(b',"deep":' + b"[" * 300 + b"]" * 300 + b"}")),
    "too_large": events(lambda person: order(person, padding="x" * 40_000)),
    "broken": events(broken, lambda person: visit(person)),
    "cut": bodies(lambda person: body_of(order(person))[:-30]),
    "no_json": bodies(lambda person: f"hello {all_values(person)}".encode()),
    "no_batch": bodies(lambda person: json.dumps({"events": [order(person)]}).encode()),
    "bad_gzip": bodies(badly_packed, "Content-Encoding: gzip\r\n"),
    "unknown_encoding": bodies(lambda person: all_values(person).encode(), "Content-Encoding: zip\r\n"),
    "packed": packed,
    "form": form,
    "twice": twice,
    "headers": with_headers,
    "unknown_key": unknown_key,
    "unknown_path": unknown_path,
    "validated": validated,
    "too_many": too_many,
    "gpc": bodies(lambda person: body_of(order(person)), "Sec-GPC: 1\r\n"),
    "dnt": bodies(lambda person: body_of(order(person, messageId=person.email)), "DNT: 1\r\n"),
    "no_consent": events(no_consent),
    "suppressed": events(lambda person: order(person, userId="u-suppressed", context={"ip": person.ip})),
}  # fmt: skip
