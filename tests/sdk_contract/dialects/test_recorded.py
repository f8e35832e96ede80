"""What the SDKs of today sent, each with all its calls: whose it is, and what becomes of each event."""

import json
from pathlib import Path
from typing import Any

import pytest

from sdk_contract.bodies import inflate, unpack
from sdk_contract.dialects import Dialect, Sent
from sdk_contract.dialects.known import DIALECTS
from sdk_contract.judging import judge
from tests.sdk_contract.dialects.captured import CAPTURES, LIMIT, Recorded, recorded
from tests.sdk_contract.dialects.reading import GOLDEN

# By SDK, by event: type, name, user, device, group, former id.
TOLD: dict[str, list[list[Any]]] = json.loads(Path(GOLDEN / "recorded.json").read_text("utf-8"))
_IDS = ("type", "event", "userId", "anonymousId", "groupId", "previousId")


def taken_by(one: Recorded) -> tuple[Dialect, str, bytes]:
    """Who takes a request at its address on the common host, its kind there, and its body."""
    address = one.method, one.path.rstrip("/")
    known = [
        (dialect, route.kind)
        for dialect in DIALECTS
        for route in dialect.routes
        if (route.method, route.path) == address
    ]
    body = inflate(one.body, one.headers.get(b"content-encoding", b"").decode(), LIMIT)
    for dialect, kind in known[:-1]:
        if dialect.claims(one.headers, body):
            return dialect, kind, body
    return *known[-1], body


def told(one: Recorded) -> tuple[str, str, list[list[Any]]]:
    """The dialect, the write key, and what its events say."""
    dialect, kind, body = taken_by(one)
    native, key = body, None
    if dialect.translate is not None:
        found = dialect.translate(Sent(kind, one.query, one.headers, body, LIMIT))
        native, key, kind = found.body, found.key, "batch"
    else:
        native = unpack(body, "", LIMIT)
    parsed = dialect.parse(kind, native)
    events = [json.loads(bytes(raw)) for raw in parsed.events]
    assert judge(parsed, kind, "B", 32 * 1024).judgements == []
    said = [{"event": event.get("name"), **event} for event in events]
    named = [[event.get(name) for name in _IDS] for event in said]
    return dialect.name, dialect.find_key(one.headers, one.query, key or parsed.key) or "", named


@pytest.mark.parametrize("sdk", TOLD)
def test_every_call_of_an_sdk_is_known(sdk: str) -> None:
    found = [told(one) for one in recorded(sdk)]
    assert {name for name, _, _ in found} == {_SPOKEN.get(sdk.partition("-")[0], sdk.partition("-")[0])}
    assert all(key.startswith("wk_") for _, key, _ in found)
    assert [event for _, _, events in found for event in events] == TOLD[sdk]


def test_every_recording_is_looked_at() -> None:
    assert set(TOLD) >= {path.stem for path in CAPTURES.glob("*.jsonl")} - _ELSEWHERE


_SPOKEN = {"rudder": "rudderstack"}
# These have tests of their own, field by field.
_ELSEWHERE = {
    *("amplitude-node", "mixpanel-python", "posthog-python", "rudder-node", "sensors-python"),
    *("snowplow-browser", "snowplow-python"),
}
