import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from sdk_contract.events import EVENT_LIMIT, NEEDS, DoorEvent, glance, glance_all, inspect
from sdk_contract.verdicts import Fault, Reason

GOOD: dict[str, Any] = {
    "type": "track",
    "messageId": "m-1",
    "userId": "u-1",
    "anonymousId": "a-1",
    "event": "Order Completed",
    "timestamp": "2026-11-21T12:00:00.000Z",
    "properties": {"total": 12.5, "名": "夏"},
    "context": {"locale": "zh-CN"},
}


def door(event: object, kind: str = "batch", sound: bool = False) -> DoorEvent | Fault:
    return inspect(Raw(json.dumps(event).encode()), kind, sound=sound)


def fault(event: object, kind: str = "batch") -> tuple[Reason, str | None, str | None]:
    found = door(event, kind)
    assert isinstance(found, Fault)
    return found.reason, found.pointer, found.expected


@pytest.mark.parametrize("sound", [True, False])
def test_a_good_event_as_the_door_knows_it(sound: bool) -> None:
    assert door(GOOD, sound=sound) == DoorEvent("track", "m-1", "u-1", "a-1", None, None, "Order Completed")


@pytest.mark.parametrize(
    ("event", "kind", "expected"),
    [
        ({"type": "page", "anonymousId": "a", "name": "Home"}, "batch", "Home"),
        ({"type": "page", "anonymousId": "a"}, "batch", None),
        ({"type": "screen", "userId": 42, "name": ""}, "batch", None),
        ({"type": "identify", "userId": "u", "event": "x", "name": "y"}, "batch", None),
        ({"anonymousId": "a", "event": "E"}, "track", "E"),
        ({"type": None, "anonymousId": "a"}, "page", None),
        ({"type": "page", "anonymousId": "a", "name": "N"}, "track", "N"),
    ],
)
def test_type_and_name(event: dict[str, Any], kind: str, expected: str | None) -> None:
    found = door(event, kind)
    assert isinstance(found, DoorEvent)
    assert found.type == (event.get("type") or kind)
    assert found.name == (None if found.type == "identify" else expected)


@pytest.mark.parametrize(
    ("sent", "text"), [(42, "42"), (-7, "-7"), ("42", "42"), (0, "0"), (None, None), ("", None)]
)
def test_ids_become_text_and_empty_means_absent(sent: object, text: str | None) -> None:
    found = door({**GOOD, "userId": sent, "messageId": sent})
    assert isinstance(found, DoorEvent)
    assert (found.user_id, found.message_id) == (text, text)


@pytest.mark.parametrize(
    ("change", "reason", "pointer", "expected"),
    [
        ({"userId": 1.5}, Reason.WRONG_TYPE, "/userId", "string or integer"),
        ({"userId": True}, Reason.WRONG_TYPE, "/userId", "string or integer"),
        ({"anonymousId": {}}, Reason.WRONG_TYPE, "/anonymousId", "string or integer"),
        ({"event": 5}, Reason.WRONG_TYPE, "/event", "string"),
        ({"type": 5}, Reason.WRONG_TYPE, "/type", "string"),
        ({"properties": []}, Reason.WRONG_TYPE, "/properties", "object"),
        ({"traits": "x"}, Reason.WRONG_TYPE, "/traits", "object"),
        ({"context": 1}, Reason.WRONG_TYPE, "/context", "object"),
        ({"integrations": [1]}, Reason.WRONG_TYPE, "/integrations", "object"),
        ({"timestamp": {}}, Reason.WRONG_TYPE, "/timestamp", "string or number or integer"),
        ({"timestamp": "soon"}, Reason.BAD_TIME, "/timestamp", "ISO 8601 time, or milliseconds since 1970"),
        (
            {"originalTimestamp": "x"},
            Reason.BAD_TIME,
            "/originalTimestamp",
            "ISO 8601 time, or milliseconds since 1970",
        ),
        ({"sentAt": "x"}, Reason.BAD_TIME, "/sentAt", "ISO 8601 time, or milliseconds since 1970"),
        (
            {"timestamp": "2026-11-21", "sentAt": 10**18},
            Reason.BAD_TIME,
            "/sentAt",
            "ISO 8601 time, or milliseconds since 1970",
        ),
        ({"timestamp": 10**18}, Reason.BAD_TIME, "/timestamp", "ISO 8601 time, or milliseconds since 1970"),
        (
            {"type": "trakc"},
            Reason.UNKNOWN_TYPE,
            "/type",
            "one of track, page, screen, identify, group, alias",
        ),
        (
            {"type": "Track"},
            Reason.UNKNOWN_TYPE,
            "/type",
            "one of track, page, screen, identify, group, alias",
        ),
        ({"type": ""}, Reason.MISSING_FIELD, "/type", "one of track, page, screen, identify, group, alias"),
        ({"event": ""}, Reason.MISSING_FIELD, "/event", "text, not empty"),
        ({"event": None}, Reason.MISSING_FIELD, "/event", "text, not empty"),
        ({"userId": "", "anonymousId": None}, Reason.MISSING_FIELD, "/userId", "userId or anonymousId"),
        ({"type": "group"}, Reason.MISSING_FIELD, "/groupId", "text, not empty"),
        ({"type": "alias"}, Reason.MISSING_FIELD, "/previousId", "text, not empty"),
        (
            {"type": "alias", "previousId": "p", "userId": ""},
            Reason.MISSING_FIELD,
            "/userId",
            "text, not empty",
        ),
        ({"userId": "x" * 1025}, Reason.BAD_VALUE, "/userId", "at most 1024 characters"),
        ({"messageId": "a\0b"}, Reason.BAD_VALUE, "/messageId", "text without NUL characters"),
        ({"event": "\0"}, Reason.BAD_VALUE, "/event", "text without NUL characters"),
        ({"category": "a\0"}, Reason.BAD_VALUE, "/category", "text without NUL characters"),
    ],
)
def test_a_fault_names_place_and_what_would_do(
    change: dict[str, Any], reason: Reason, pointer: str, expected: str
) -> None:
    assert fault({**GOOD, **change}) == (reason, pointer, expected)


@pytest.mark.parametrize("event", [[1], 5, "track", None, True])
def test_what_is_no_object(event: object) -> None:
    assert fault(event) == (Reason.NOT_AN_OBJECT, "", "object")


def test_ids_may_have_1024_characters_of_any_script() -> None:
    found = door({**GOOD, "userId": "夏" * 1024})
    assert isinstance(found, DoorEvent)
    assert found.user_id == "夏" * 1024


def nested(depth: int) -> bytes:
    return (
        b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":'
        + b"[" * depth
        + b"]" * depth
        + b"}}"
    )


def with_value(text: bytes, field: bytes = b"properties") -> bytes:
    return b'{"type":"track","anonymousId":"a","event":"e","' + field + b'":{"x":' + text + b"}}"


@pytest.mark.parametrize(
    ("raw", "reason", "pointer", "expected"),
    [
        (nested(10_000), Reason.TOO_DEEP, "", "at most 100 levels of objects and lists"),
        (nested(99), Reason.TOO_DEEP, "", "at most 100 levels of objects and lists"),
        (with_value(b'"' + b"x" * 40_000 + b'"'), Reason.EVENT_TOO_LARGE, "", "at most 32768 bytes"),
        (with_value(b'"\\ud800"'), Reason.BAD_ENCODING, "/properties", "surrogates only in pairs"),
        (with_value(b'"\\ud800\\n"'), Reason.BAD_ENCODING, "/properties", "surrogates only in pairs"),
        (
            with_value(b'"\\udc00\\ud800"', b"context"),
            Reason.BAD_ENCODING,
            "/context",
            "surrogates only in pairs",
        ),
        (with_value(b'"\xff"', b"a/b~c"), Reason.BAD_ENCODING, "/a~1b~0c", "UTF-8 (byte 60 is not)"),
        (with_value(b'"\xed\xa0\xbd"'), Reason.BAD_ENCODING, "/properties", "UTF-8 (byte 65 is not)"),
        (with_value(b'"a\x00b"'), Reason.BAD_VALUE, "/properties", "JSON (invalid character (byte 66))"),
        (with_value(b"NaN"), Reason.BAD_VALUE, "/properties", "JSON (invalid character (byte 64))"),
        (with_value(b'"\\x"'), Reason.BAD_VALUE, "/properties", "JSON (invalid escaped character (byte 66))"),
        (with_value(b"01"), Reason.BAD_VALUE, "/properties", "JSON (invalid number (byte 65))"),
        (b'{"userId":"u"', Reason.BAD_VALUE, "", "JSON (Input data was truncated)"),
        (
            b'{"type":"page","userId":' + b"9" * 5000 + b"}",
            Reason.BAD_VALUE,
            "/userId",
            "Integer value out of range",
        ),
        (b"", Reason.BAD_VALUE, "", "JSON (Input data was truncated)"),
    ],
)
def test_an_event_that_is_no_proper_json(raw: bytes, reason: Reason, pointer: str, expected: str) -> None:
    found = inspect(Raw(raw), sound=False)
    assert found == Fault(reason, pointer, expected)


def test_what_may_look_bad_and_is_not() -> None:
    for text in (b'"\\ud83d\\uded2"', b'"\\\\ud800"', b'"\\u0000"', b"1e999", b'"' + "🛒".encode() + b'"'):
        assert isinstance(inspect(Raw(with_value(text)), sound=False), DoorEvent)
    assert isinstance(inspect(Raw(nested(98)), sound=False), DoorEvent)


def test_the_last_of_equal_keys_counts() -> None:
    found = inspect(Raw(b'{"type":"page","userId":5.5,"userId":"b"}'), sound=False)
    assert found == Fault(Reason.WRONG_TYPE, "/userId", "string or integer")
    twice = inspect(Raw(b'{"type":"page","userId":"a","userId":"b"}'), sound=False)
    assert isinstance(twice, DoorEvent)
    assert twice.user_id == "b"


def test_the_limit_of_size_is_the_callers() -> None:
    raw = Raw(json.dumps(GOOD).encode())
    assert isinstance(inspect(raw, limit=len(bytes(raw))), DoorEvent)
    assert inspect(raw, limit=len(bytes(raw)) - 1) == Fault(
        Reason.EVENT_TOO_LARGE, "", f"at most {len(bytes(raw)) - 1} bytes"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "groupId", "previousId", "name", "sentAt", "x"]), JSON))
@settings(max_examples=100, deadline=None)
def test_any_object_is_good_or_has_one_fault(change: dict[str, Any]) -> None:
    found = door({**GOOD, **change})
    if isinstance(found, Fault):
        assert found.pointer is not None
        assert re.fullmatch(r"(/\w+)?", found.pointer)
        assert found.expected
    else:
        assert found.type in NEEDS
        assert found.user_id or found.anonymous_id


SOUND: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just([]) | st.just({})
)
CHANGES = st.dictionaries(
    st.sampled_from([*GOOD, "groupId", "previousId", "name", "sentAt", "originalTimestamp", "x"]),
    SOUND | st.sampled_from([*NEEDS, "", "m", "2026-11-21T12:00:00Z", "2026-11-21", 5]),
    max_size=4,
)


@given(CHANGES, st.integers(150, 400))
@settings(max_examples=100, deadline=None)
def test_what_passes_at_a_glance_passes_an_inspection(change: dict[str, Any], limit: int) -> None:
    raw = Raw(json.dumps({**GOOD, **change}).encode())
    if (message_id := glance(raw, limit)) is not None:
        found = inspect(raw, sound=True, limit=limit)
        assert isinstance(found, DoorEvent)
        assert found.message_id == (message_id or None)


@given(st.lists(st.one_of(CHANGES, st.just({"x": json.loads("[" * 99 + "[]" + "]" * 99)})), max_size=20))
@settings(max_examples=50, deadline=None)
def test_events_are_glanced_at_together_as_alone(changes: list[dict[str, Any]]) -> None:
    events = [Raw(json.dumps({**GOOD, **change}).encode()) for change in changes]
    assert glance_all(events, 1_000) == [glance(raw, 1_000) for raw in events]


@pytest.mark.parametrize(
    "change", [{}, {"type": "page", "userId": None}, {"type": "identify"}, {"userId": 7}]
)
def test_what_sdks_send_passes_at_a_glance(change: dict[str, Any]) -> None:
    assert glance(Raw(json.dumps({**GOOD, **change}).encode())) == "m-1"


@pytest.mark.parametrize(
    "change",
    [
        {"type": "group"}, {"type": "alias"}, {"type": None}, {"event": ""}, {"messageId": 5},
        {"userId": "", "anonymousId": None}, {"sentAt": "soon"}, {"timestamp": 5}, {"context": 5},
        {"x": "n" * EVENT_LIMIT}, {"x": json.loads("[" * 99 + "[]" + "]" * 99)},
    ],
)  # fmt: skip
def test_the_rest_needs_an_inspection(change: dict[str, Any]) -> None:
    assert glance(Raw(json.dumps({**GOOD, **change}).encode())) is None
