"""Real SDKs' requests, as they were recorded, through everything the contract does with a request."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sdk_contract.addresses import treat
from sdk_contract.bodies import unpack
from sdk_contract.canonical import Event, canonical
from sdk_contract.context import context_columns
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.events import DoorEvent, inspect
from sdk_contract.times import parse_time

CAPTURES = Path(__file__).parent / "captures"
KINDS = {route.path: route.kind for route in SEGMENT.routes}
KEY = "wk_test_0123456789abcdef"
COLUMNS = {
    "type": "type",
    "messageId": "message_id",
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "groupId": "group_id",
    "previousId": "previous_id",
    "category": "category",
}
TEXTS = ("properties", "traits", "context", "integrations")


class Request:
    """One recorded POST."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        self.path: str = recorded["path"]
        self.headers = {name.lower().encode(): value.encode() for name, value in recorded["headers"]}
        raw = recorded.get("body_raw")
        self.body: bytes = raw.encode() if raw is not None else b64decode(recorded["body_raw_b64"])
        self.name = f"{recorded['sdk']} {recorded['variant']} {self.path}"


def posts() -> Iterator[Request]:
    for path in sorted(CAPTURES.glob("*.jsonl")):
        recorded = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        yield from (Request(one) for one in recorded if one["method"] == "POST")


POSTS = list(posts())


def as_objects(request: Request) -> list[dict[str, Any]]:
    """The events as a plain JSON reader sees them."""
    body = json.loads(unpack(request.body, request.headers.get(b"content-encoding", b"").decode(), 2**20))
    found: list[dict[str, Any]] = body["batch"] if KINDS[request.path] == "batch" else [body]
    return found


def as_rows(request: Request) -> list[tuple[DoorEvent, Event]]:
    body = unpack(request.body, request.headers.get(b"content-encoding", b"").decode(), 2**20)
    kind = KINDS[request.path]
    parsed = SEGMENT.parse(kind, treat(body, "keep"))
    assert parsed.sound
    found = [(inspect(raw, kind, sound=True), canonical(raw, kind, parsed.context)) for raw in parsed.events]
    return [(door, row) for door, row in found if isinstance(door, DoorEvent)]


def test_all_kinds_of_requests_are_there() -> None:
    assert len(POSTS) == 16
    assert {KINDS[request.path] for request in POSTS} == {
        "batch",
        "track",
        "page",
        "screen",
        "identify",
        "group",
        "alias",
    }
    assert any(request.body[:2] == b"\x1f\x8b" for request in POSTS)


@pytest.mark.parametrize("request_", POSTS, ids=lambda request: request.name)
def test_every_field_arrives_as_sent(request_: Request) -> None:
    sent, rows = as_objects(request_), as_rows(request_)
    assert len(rows) == len(sent) > 0
    for event, (door, row) in zip(sent, rows, strict=True):
        assert {name: getattr(row, column) for name, column in COLUMNS.items()} == {
            name: event.get(name) or None for name in COLUMNS
        }
        assert {name: json.loads(getattr(row, name) or "null") for name in TEXTS} == {
            name: event.get(name) for name in TEXTS
        }
        assert row.timestamp == parse_time(event["timestamp"])
        assert door.message_id == row.message_id
        assert row.event == door.name == (event.get("event") if row.type == "track" else event.get("name"))
        gone = {*COLUMNS, *TEXTS, "event", "name", "timestamp", "sentAt", "writeKey"}
        assert json.loads(row.extra or "{}") == {name: event[name] for name in event.keys() - gone}


@pytest.mark.parametrize("request_", POSTS, ids=lambda request: request.name)
def test_the_key_is_found(request_: Request) -> None:
    body = unpack(request_.body, "", 2**20)
    in_body = SEGMENT.parse(KINDS[request_.path], body).key
    assert SEGMENT.find_key(request_.headers, b"", in_body) == KEY
    assert in_body in (KEY, None)


@pytest.mark.parametrize("request_", POSTS, ids=lambda request: request.name)
@pytest.mark.parametrize("policy", ["truncate", "drop"])
def test_treatment_takes_addresses_and_nothing_else(request_: Request, policy: str) -> None:
    body = unpack(request_.body, "", 2**20)
    treated = treat(body, policy)
    kept = {"truncate": "203.0.113.0", "drop": ""}[policy]
    expected = json.loads(body.replace(b"203.0.113.9", kept.encode()))
    assert b"203.0.113.9" not in treated
    assert json.loads(treated) == expected


def test_a_browser_event_in_its_columns() -> None:
    page = next(request for request in POSTS if request.path == "/v1/p")
    _, row = as_rows(page)[0]
    told = context_columns(row.context)
    assert (told.page_path, told.page_title, told.campaign_name) == ("/index.html", "Stärt 首页", "sömmer")
    assert (told.library_name, told.locale) == ("analytics.js", "de-CH")
    assert told.user_agent is not None
    assert told.user_agent.endswith("Chrome/140.0.0.0 Safari/537.36")
    assert row.sent_at is not None
    assert row.sent_at >= (row.timestamp or 0)
