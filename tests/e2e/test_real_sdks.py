"""Unmodified SDKs against the running program: every field arrives in SQL as it was sent."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.calls import ADDRESS, CONTEXT, TRUNCATED, calls
from tests.e2e.conftest import Running, shown

pytestmark = pytest.mark.xdist_group("up")

HERE = Path(__file__).parent
Send = Callable[[str, list[dict[str, Any]]], None]
LIBRARIES = {
    "python": {"name": "analytics-python", "version": "2.4.0"},
    "node": {"name": "@segment/analytics-node", "version": "3.1.0"},
}


@pytest.fixture(params=["python", pytest.param("node", marks=pytest.mark.node)])
def sdk(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def send(sdk: str, running: Running, request: pytest.FixtureRequest) -> Send:
    """Sends calls with the SDK, as a program of its own."""
    if sdk == "node":
        program = [str(request.getfixturevalue("node")), str(HERE / "node" / "send.mjs")]
    else:
        program = [sys.executable, str(HERE / "send.py")]

    def through_sdk(write_key: str, given: list[dict[str, Any]]) -> None:
        command = [*program, running.collector, write_key]
        done = subprocess.run(
            command, input=json.dumps(given), text=True, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr

    return through_sdk


def test_every_field_arrives_in_sql_as_sent(sdk: str, send: Send, running: Running) -> None:
    given = calls(sdk)
    send(running.write_key, given)
    rows = running.rows([call["messageId"] for call in given])
    assert {call["messageId"]: sent(call, sdk) for call in given} == {
        message_id: arrived(row) for message_id, row in rows.items()
    }
    assert {row["verdict"] for row in rows.values()} == {"ok"}


def test_known_parts_of_the_context_have_columns(sdk: str, send: Send, running: Running) -> None:
    call = {**calls(f"{sdk}-columns")[0], "context": CONTEXT}
    send(running.write_key, [call])
    row = running.rows([call["messageId"]])[call["messageId"]]
    wanted = {
        "locale": "de-CH",
        "timezone": "Asia/Shanghai",
        "page_url": "https://shop.example/p/1?q=茶",
        "page_path": "/p/1",
        "page_title": "茶 · Tea",
        "campaign_source": "neuigkeiten",
        "campaign_medium": "e-mail",
        "campaign_name": CONTEXT["campaign"]["name"],
        "app_name": "Shop",
        "app_version": "1.2.3.4",
        "library_name": LIBRARIES[sdk]["name"],
        "library_version": LIBRARIES[sdk]["version"],
        "user_agent": CONTEXT["userAgent"],
    }
    assert {name: row[name] for name in wanted} == wanted


def test_the_timeline_shows_them(sdk: str, send: Send, running: Running) -> None:
    given = calls(f"{sdk}-timeline")
    send(running.write_key, given)
    user, ids = given[0]["userId"], {call["messageId"] for call in given}
    timeline = running.timeline(user, ids)
    found = {(one["kind"], one["value"]) for one in timeline["identities"]}
    assert {("user_id", user), ("anonymous_id", given[1]["anonymousId"])} <= found
    events = shown(timeline)
    assert {call["messageId"]: call["type"] for call in given} == {one: events[one]["type"] for one in ids}


@pytest.mark.parametrize(
    ("policy", "kept"),
    [pytest.param("keep", ADDRESS, marks=pytest.mark.slow), ("truncate", TRUNCATED), ("drop", "")],
)
def test_addresses_are_treated_by_the_keys_policy(
    sdk: str, send: Send, running: Running, policy: str, kept: str
) -> None:
    call = {**calls(f"{sdk}-{policy}")[0], "context": {"ip": ADDRESS}}
    key = running.key(f"{sdk}-{policy}", ip_policy=policy)
    send(key, [call])
    row = running.rows([call["messageId"]])[call["messageId"]]
    assert json.loads(row["context"])["ip"] == kept
    assert ADDRESS not in (str(row) if policy != "keep" else "")


def sent(call: dict[str, Any], sdk: str) -> dict[str, Any]:
    """How a call must stand in SQL: what was given, what the SDK says of itself, its address treated."""
    context = {**call.get("context", {}), "library": LIBRARIES[sdk]}
    if "ip" in context:
        context["ip"] = TRUNCATED
    properties = call.get("properties")
    if sdk == "node" and "category" in call:
        properties = {**call["properties"], "category": call["category"]}
    return {
        "type": call["type"],
        "event": call.get("event", call.get("name")),
        "category": call.get("category"),
        "user_id": call.get("userId"),
        "anonymous_id": call.get("anonymousId"),
        "group_id": call.get("groupId"),
        "previous_id": call.get("previousId"),
        "original_timestamp": datetime.fromisoformat(call["timestamp"]),
        "timestamp": datetime.fromisoformat(call["timestamp"]),
        "properties": properties,
        "traits": call.get("traits"),
        "context": context,
        "integrations": call["integrations"],
    }


def arrived(row: dict[str, Any]) -> dict[str, Any]:
    """The same fields of a row."""
    plain = ("type", "event", "category", "user_id", "anonymous_id", "group_id", "previous_id")
    times = {name: row[name].astimezone(UTC) for name in ("original_timestamp", "timestamp")}
    objects = ("properties", "traits", "context", "integrations")
    return {
        **{name: row[name] for name in plain},
        **times,
        **{name: None if row[name] is None else json.loads(row[name]) for name in objects},
    }
