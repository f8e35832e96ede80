import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from sdk_contract.canonical import Event, canonical, event_of, glimpse
from sdk_contract.context import context_columns
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.events import DoorEvent, inspect
from sdk_contract.times import parse_time

CONTEXT: dict[str, Any] = {
    "ip": "203.0.113.0",
    "userAgent": "Mozilla/5.0",
    "locale": "zh-CN",
    "timezone": "Asia/Shanghai",
    "page": {
        "url": "https://shop.example/p?x=1",
        "path": "/p",
        "title": "首页",
        "referrer": "r",
        "search": "?x=1",
    },
    "campaign": {"source": "news", "medium": "email", "name": "sömmer", "term": "t", "content": "c"},
    "library": {"name": "analytics.js", "version": "1.84.3"},
    "app": {"name": "shop", "version": "2.0", "build": "7"},
    "os": {"name": "iOS", "version": "19.1"},
    "device": {"type": "ios", "model": "iPhone18,1", "id": "x"},
    "screen": {"width": 390.0, "height": 844, "density": 3},
    "sessionId": 1795290617594,
}
COLUMNS = {
    "ip": "203.0.113.0",
    "user_agent": "Mozilla/5.0",
    "locale": "zh-CN",
    "timezone": "Asia/Shanghai",
    "page_url": "https://shop.example/p?x=1",
    "page_path": "/p",
    "page_title": "首页",
    "page_referrer": "r",
    "page_search": "?x=1",
    "campaign_source": "news",
    "campaign_medium": "email",
    "campaign_name": "sömmer",
    "campaign_term": "t",
    "campaign_content": "c",
    "library_name": "analytics.js",
    "library_version": "1.84.3",
    "app_name": "shop",
    "app_version": "2.0",
    "os_name": "iOS",
    "os_version": "19.1",
    "device_type": "ios",
    "device_model": "iPhone18,1",
    "screen_width": 390,
    "screen_height": 844,
}
TIME = "2026-11-21T12:00:00.397+00:00"


def columns(event: Event) -> SimpleNamespace:
    """The event and its context in one."""
    told = context_columns(event.context, event.properties if event.type == "page" else None)
    return SimpleNamespace(
        **{**told._asdict(), **asdict(event), "has_page": None, "context": event.context.decode() or None}
    )


def landed(event: dict[str, Any], kind: str = "batch") -> SimpleNamespace:
    return columns(canonical(json.dumps(event).encode(), kind))


def test_every_column_of_a_full_event() -> None:
    event = landed(
        {
            "type": "track",
            "messageId": "m",
            "userId": 42,
            "anonymousId": "a",
            "groupId": "g",
            "previousId": "p",
        }
        | {"event": "E", "category": "C", "timestamp": TIME, "sentAt": 1795262400500, "context": CONTEXT}
    )
    at = parse_time(TIME)
    expected = {"type": "track", "message_id": "m", "user_id": "42", "anonymous_id": "a", "group_id": "g"}
    expected |= {"previous_id": "p", "event": "E", "category": "C"}
    assert vars(event) == {
        **dict.fromkeys(vars(event)),
        **expected,
        **COLUMNS,
        "timestamp": at,
        "sent_at": at + 103_000,
        "context": json.dumps(CONTEXT),
    }


def test_texts_are_kept_as_sent() -> None:
    texts = {
        "properties": b'{ "big": 12345678901234567890.10, "e":1E+2,"s":"\\u590f\\/" }',
        "traits": b'{"a" :1.50}',
    }
    raw = (
        b'{"type":"identify","userId":"u","integrations":{"All":true },'
        + b",".join(b'"%s":%s' % (name.encode(), text) for name, text in texts.items())
        + b',"channel":"web" , "x":{"y" : 1.0}}'
    )
    event = columns(canonical(raw))
    assert event.properties == texts["properties"].decode()
    assert event.traits == texts["traits"].decode()
    assert event.integrations == '{"All":true }'
    assert event.extra == '{"channel":"web","x":{"y" : 1.0}}'


@pytest.mark.parametrize(
    ("sent", "event", "extra"),
    [
        ({"type": "track", "event": "E", "name": "N"}, "E", {"name": "N"}),
        ({"type": "page", "name": "N", "event": "E"}, "N", {"event": "E"}),
        ({"type": "screen", "name": "N"}, "N", None),
        ({"type": "identify", "name": "N", "event": "E"}, None, {"name": "N", "event": "E"}),
        ({"type": "identify", "name": "N"}, None, {"name": "N"}),
        (
            {"type": "track", "event": "E", "_metadata": {"nodeVersion": "v20"}},
            "E",
            {"_metadata": {"nodeVersion": "v20"}},
        ),
        ({"type": "track", "event": "E", "writeKey": "wk_1"}, "E", None),
        ({"type": "track", "event": "E", "writeKey": "wk_1", "x": None}, "E", {"x": None}),
        ({"type": "track", "event": "E", "timestamp": ""}, "E", None),
        ({"type": "track", "event": "E", "originalTimestamp": TIME}, "E", {"originalTimestamp": TIME}),
    ],
)
def test_the_name_and_the_fields_without_a_column(
    sent: dict[str, Any], event: str | None, extra: dict[str, Any] | None
) -> None:
    found = landed(sent)
    assert found.event == event
    assert (found.extra and json.loads(found.extra)) == extra


@pytest.mark.parametrize(
    ("times", "timestamp"),
    [
        ({}, None),
        ({"timestamp": None}, None),
        ({"timestamp": ""}, None),
        ({"timestamp": TIME}, parse_time(TIME)),
        ({"timestamp": "2026-11-21"}, parse_time("2026-11-21")),
        ({"timestamp": "1795262400000"}, parse_time(1795262400000)),
        ({"timestamp": 1795262400000}, parse_time(1795262400000)),
        ({"originalTimestamp": TIME}, parse_time(TIME)),
        ({"timestamp": 1795262400000, "originalTimestamp": TIME}, parse_time(1795262400000)),
    ],
)
def test_the_time_of_an_event(times: dict[str, Any], timestamp: int | None) -> None:
    assert landed({"type": "page", "userId": "u", **times}).timestamp == timestamp


@pytest.mark.parametrize(
    ("empty", "fields"),
    [
        (
            None,
            (
                "userId",
                "messageId",
                "event",
                "category",
                "sentAt",
                "properties",
                "traits",
                "context",
                "integrations",
            ),
        ),
        ("", ("userId", "messageId", "event", "category", "sentAt")),
    ],
)
def test_null_and_empty_mean_absent(empty: str | None, fields: tuple[str, ...]) -> None:
    found = landed({"type": "track", **dict.fromkeys(fields, empty)})
    assert all(value is None for name, value in vars(found).items() if name != "type")


def test_an_event_takes_the_envelopes_context_only_for_want_of_its_own() -> None:
    outer = b'{"locale":"de"}'
    assert canonical(b'{"type":"page"}', context=outer).context == outer
    assert canonical(b'{"type":"page","context":null}', context=outer).context == outer
    assert canonical(b'{"type":"page","context":{}}', context=outer).context == b"{}"


def test_the_route_gives_the_type() -> None:
    assert landed({"userId": "u"}, "page").type == "page"
    assert landed({"type": "track", "event": "E"}, "page").event == "E"


def test_a_server_sdks_page_is_in_its_properties() -> None:
    page = {"url": "https://shop.example/", "title": "Start", "path": 5}
    found = landed({"type": "page", "properties": page})
    assert (found.page_url, found.page_title, found.page_path) == ("https://shop.example/", "Start", None)
    assert landed({"type": "track", "properties": page}).page_url is None
    assert landed({"type": "page", "properties": page, "context": {"page": {"url": "x"}}}).page_title is None


@pytest.mark.parametrize("wrong", [5, "x", [], True, {"name": 5, "width": "390", "url": {}}, 1e300])
def test_a_context_of_odd_types_costs_only_the_odd_parts(wrong: object) -> None:
    parts = dict.fromkeys(["page", "campaign", "library", "app", "os", "device", "screen", "ip"], wrong)
    found = landed({"type": "track", "context": {**parts, "locale": "de"}})
    assert found.locale == "de"
    assert (found.page_url, found.library_name, found.screen_width) == (None, None, None)
    assert found.context is not None
    assert json.loads(found.context)["os"] == wrong


@pytest.mark.parametrize("size", [-1, 2**31, 1e300])
def test_a_screen_that_no_screen_has_is_left_out(size: float) -> None:
    assert landed({"type": "track", "context": {"screen": {"width": size}}}).screen_width is None


SENT = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "page", "identify"]),
        "anonymousId": st.text(min_size=1),
        "event": st.just("E"),
    },
    optional={
        "userId": st.text() | st.integers(-(2**63), 2**63 - 1) | st.none(),
        "timestamp": st.datetimes().map(lambda at: at.isoformat() + "Z")
        | st.integers(0, 10**15)
        | st.just(""),
        "sentAt": st.integers(0, 10**15),
        "context": st.none()
        | st.dictionaries(st.sampled_from(list(CONTEXT)), st.sampled_from([*CONTEXT.values(), 5])),
        "properties": st.none() | st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False)),
        "x": st.text(),
        "name": st.text(),
    },
)


@given(SENT)
@settings(max_examples=100, deadline=None)
def test_what_the_door_takes_always_becomes_a_row(sent: dict[str, Any]) -> None:
    raw = json.dumps(sent).encode()
    door = inspect(raw)  # type: ignore[arg-type]
    if not isinstance(door, DoorEvent):
        return
    row = canonical(raw)
    same = ("type", "message_id", "user_id", "anonymous_id", "group_id", "previous_id")
    assert [getattr(row, name) for name in same] == [getattr(door, name) for name in same]
    assert row.event == door.name
    if sent.get("properties") is not None:
        assert row.properties is not None
        assert json.loads(row.properties) == sent["properties"]


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        (
            b'{"type":"track","messageId":"m","event":"E","userId":{}}',
            {"type": "track", "message_id": "m", "event": "E"},
        ),
        (b'{"messageId":"m","properties":{"x":NaN}}', {"type": None, "message_id": "m"}),
        (
            b'{"messageId":"m","properties":"\xff","userId":7}',
            {"type": None, "message_id": "m", "user_id": "7"},
        ),
        (b'{"messageId":"a\\u0000b","userId":"\\ud800"}', {"message_id": None, "user_id": None}),
        (b'{"messageId":"' + b"x" * 1025 + b'","timestamp":"soon"}', {"type": None}),
        (
            b'{"context":{"library":{"name":"L","version":"1"}}}',
            {"library_name": "L", "library_version": "1"},
        ),
        (b'{"messageId":"m","context":[1]}', {"message_id": "m", "library_name": None}),
        (b'{"messageId":"m","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", {"message_id": "m"}),
        (b'{"messageId":"m"', {"type": None, "message_id": None}),
        (b"[1]", {"type": None}),
        (b"", {"type": None}),
    ],
)
def test_a_glimpse_of_a_refused_event(raw: bytes, known: dict[str, Any]) -> None:
    found = columns(glimpse(raw))
    assert {name: getattr(found, name) for name in known} == known


@given(
    st.binary(max_size=50)
    | st.text('{}[]":,\\ 1tE', max_size=40).map(lambda text: b'{"type":"page",' + text.encode())
)
@settings(max_examples=100, deadline=None)
def test_a_glimpse_never_raises(raw: bytes) -> None:
    assert columns(glimpse(raw)).type in (None, "page")


WHOLE = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "page", "identify", "odd"]) | st.none(),
        **dict.fromkeys(("messageId", "userId", "groupId"), st.text(max_size=3) | st.integers() | st.none()),
        **dict.fromkeys(("event", "name", "category", "anonymousId"), st.text(max_size=3) | st.none()),
        **dict.fromkeys(
            ("timestamp", "sentAt"), st.sampled_from([TIME, "2026-11-21", "", 1795262400500, None])
        ),
        **dict.fromkeys(
            ("properties", "traits", "context", "integrations", "_metadata", "channel", "originalTimestamp"),
            st.sampled_from([None, {}, {"a": "夏"}, TIME, 5]),
        ),
        "x": st.just(1),
    },
)


@given(
    st.lists(WHOLE | st.integers(), max_size=3), st.sampled_from([None, {"locale": "de"}, 5]), st.booleans()
)
@settings(max_examples=300, deadline=None)
def test_a_request_that_is_read_in_one_go_is_what_it_is_event_by_event(
    sent: list[Any], context: object, escaped: bool
) -> None:
    body = json.dumps({"batch": sent, "context": context, "sentAt": TIME}, ensure_ascii=escaped).encode()
    read, parsed = SEGMENT.read("batch", body), SEGMENT.parse("batch", body)
    if read is None:
        return
    assert (read.sent_at, read.context, len(read.events)) == (
        *(parsed.sent_at, parsed.context, len(parsed.events)),
    )
    for whole, raw in zip(read.events, parsed.events, strict=True):
        event = outcome(event_of, whole, "page", read.context)
        assert event is None or event == outcome(canonical, raw, "page", parsed.context)


@given(WHOLE)
@settings(max_examples=200, deadline=None)
def test_a_single_event_is_read_as_it_is_parsed(sent: dict[str, Any]) -> None:
    body = json.dumps(sent).encode()
    read, parsed = SEGMENT.read("track", body), SEGMENT.parse("track", body)
    if read is None:
        return
    event = outcome(event_of, read.events[0], "track", read.context)
    assert event is None or event == outcome(canonical, parsed.events[0], "track", parsed.context)
    assert parsed.sent_at is None or read.events[0].sent_at is not None  # which the event's row goes by


def outcome(make: Callable[..., Event | None], *given: object) -> Any:
    """What it makes, or the error that it raises."""
    try:
        return make(*given)
    except ValueError as error:
        return type(error)
