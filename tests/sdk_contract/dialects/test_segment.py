import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from sdk_contract.dialects import Outcome, Parsed, Route, Visit, outcome_of
from sdk_contract.dialects.segment import SEGMENT, configure
from sdk_contract.errors import Refused
from sdk_contract.events import DoorEvent, inspect
from sdk_contract.verdicts import Fault, Judgement, Reason, Verdict

GOOD = b'{"type":"track","anonymousId":"a","event":"e","messageId":"m"}'


def batch(*events: bytes, tail: bytes = b"") -> bytes:
    return b'{"batch":[' + b",".join(events) + b"]" + tail + b"}"


def verdicts(parsed: Parsed, kind: str = "batch") -> list[Reason | None]:
    found = (inspect(raw, kind, sound=parsed.sound) for raw in parsed.events)
    return [one.reason if isinstance(one, Fault) else None for one in found]


def test_the_table_of_routes() -> None:
    paths = {(route.path, route.kind) for route in SEGMENT.routes}
    assert all(route.method == "POST" for route in SEGMENT.routes)
    assert {
        ("/v1/batch", "batch"),
        ("/v1/b", "batch"),
        ("/v1/import", "batch"),
        ("/v1/t", "track"),
        ("/v1/identify", "identify"),
    } <= paths
    assert len(SEGMENT.routes) == len(paths) == 15
    assert Route("POST", "/v1/s", "screen") in SEGMENT.routes


def test_there_is_an_answer_to_every_outcome() -> None:
    assert set(SEGMENT.answers) == set(Outcome)
    assert SEGMENT.resends
    assert SEGMENT.answers[Outcome.ACCEPTED].status == 200
    reasons = {outcome: json.loads(answer.body).get("reason") for outcome, answer in SEGMENT.answers.items()}
    assert reasons[Outcome.BAD_ENVELOPE] == "bad_envelope"
    assert reasons[Outcome.TOO_LARGE] == "body_too_large"
    statuses = {outcome: answer.status for outcome, answer in SEGMENT.answers.items()}
    assert statuses == {
        Outcome.ACCEPTED: 200,
        Outcome.BAD_ENVELOPE: 400,
        Outcome.UNKNOWN_KEY: 401,
        Outcome.SLOW_BODY: 408,
        Outcome.TOO_LARGE: 413,
        Outcome.OVER_QUOTA: 429,
        Outcome.OVERLOADED: 503,
        Outcome.DRAINING: 503,
        Outcome.BUSY: 429,
    }


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.status != 200])
def test_a_refusal_says_why(reason: Reason) -> None:
    answer = SEGMENT.refusal(reason, "because")
    assert answer.status == SEGMENT.answers[outcome_of(reason)].status
    assert answer.status == (429 if reason is Reason.BUSY else reason.status)
    assert answer.content_type == b"application/json"
    told = {"reason": reason.value, "error": "because", "code": reason.value, "message": "because"}
    assert json.loads(answer.body) == {"success": False, **told}
    assert json.loads(SEGMENT.refusal(reason, "").body)["error"] == reason.text


def basic(text: str) -> dict[bytes, bytes]:
    return {b"authorization": b"Basic " + b64encode(text.encode())}


@pytest.mark.parametrize(
    ("headers", "query", "body_key", "key"),
    [
        (basic("wk_1:"), b"", None, "wk_1"),
        (basic("wk_1:secret"), b"writeKey=wk_2", "wk_3", "wk_1"),
        (basic("wk_1"), b"", None, "wk_1"),
        ({b"authorization": b"basic  " + b64encode(b"wk_1:")}, b"", None, "wk_1"),
        ({}, b"a=1&writeKey=wk_2", "wk_3", "wk_2"),
        ({}, b"writeKey=wk%5F2", None, "wk_2"),
        ({}, b"writeKey=", "wk_3", "wk_3"),
        (basic(":"), b"", "wk_3", "wk_3"),
        ({b"authorization": b"Basic ***"}, b"", "wk_3", "wk_3"),
        ({b"authorization": b"Basic /w=="}, b"", None, None),
        ({b"authorization": b"Bearer wk_1"}, b"", None, None),
        ({b"authorization": b"Basic"}, b"", "", None),
        ({}, b"\xff", None, None),
    ],
)
def test_where_the_key_is(
    headers: dict[bytes, bytes], query: bytes, body_key: str | None, key: str | None
) -> None:
    assert SEGMENT.find_key(headers, query, body_key) == key


def test_a_batch_falls_into_its_events() -> None:
    tail = b',"writeKey":"wk_1","sentAt":"2026-11-21T12:00:00Z","context":{"locale":"de"}'
    parsed = SEGMENT.parse("batch", batch(GOOD, b" {} ", tail=tail))
    assert [bytes(raw) for raw in parsed.events] == [GOOD, b"{}"]
    assert (parsed.key, parsed.sent_at, parsed.sound) == ("wk_1", "2026-11-21T12:00:00Z", True)
    assert parsed.context is not None
    assert bytes(parsed.context) == b'{"locale":"de"}'


def test_a_single_event_is_the_body() -> None:
    body = b'{"userId":"u","event":"e","writeKey":"wk_1","sentAt":1795262400000}'
    parsed = SEGMENT.parse("track", body)
    assert (parsed.key, parsed.sent_at, parsed.sound) == ("wk_1", "1795262400000", True)
    assert [bytes(raw) for raw in parsed.events] == [body]
    found = inspect(parsed.events[0], "track", sound=parsed.sound)
    assert isinstance(found, DoorEvent)
    assert found.type == "track"


@pytest.mark.parametrize(
    "tail", [b',"writeKey":5.5,"sentAt":{},"context":[1]', b',"writeKey":null,"sentAt":"","context":null']
)
def test_odd_fields_of_the_envelope_count_as_absent(tail: bytes) -> None:
    for body in (batch(GOOD, tail=tail), batch(GOOD, b"NaN", tail=tail)):
        parsed = SEGMENT.parse("batch", body)
        assert (parsed.key, parsed.sent_at, parsed.context) == (None, None, None)


DEEP = (
    b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":'
    + b"[" * 10_000
    + b"]" * 10_000
    + b"}}"
)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"type":"track","anonymousId":"a","event":"\\ud800"}', Reason.BAD_ENCODING),
        (b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":"\\udc00"}}', Reason.BAD_ENCODING),
        (b'{"type":"track","anonymousId":"a","event":"\xff"}', Reason.BAD_ENCODING),
        (b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":"\xc3("}}', Reason.BAD_ENCODING),
        (DEEP, Reason.TOO_DEEP),
        (DEEP.replace(b"[" * 10_000, b"[" * 9_000).replace(b"]" * 10_000, b"]" * 9_000), Reason.TOO_DEEP),
        (
            b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":'
            + b"[" * 500
            + b"]" * 500
            + b"}}",
            Reason.TOO_DEEP,
        ),
        (b'{"type":"track","anonymousId":"a","event":"e\x00"}', Reason.BAD_VALUE),
        (b'{"type":"track","anonymousId":"a\\u0000","event":"e"}', Reason.BAD_VALUE),
        (b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":NaN}}', Reason.BAD_VALUE),
        (b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":-Infinity}}', Reason.BAD_VALUE),
        (b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":\'y\'}}', Reason.BAD_VALUE),
        (b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":1,}}', Reason.BAD_VALUE),
        (
            b'{"type":"track","anonymousId":"a","event":"e","properties":{"x":"' + b"y" * 2**20 + b'"}}',
            Reason.EVENT_TOO_LARGE,
        ),
        (b'{"type":"track","userId":"' + b"y" * 1025 + b'","event":"e"}', Reason.BAD_VALUE),
        (b"[]", Reason.NOT_AN_OBJECT),
        (b"null", Reason.NOT_AN_OBJECT),
        (b"nul", Reason.BAD_VALUE),
    ],
)
def test_one_bad_event_never_fails_its_neighbours(bad: bytes, reason: Reason) -> None:
    parsed = SEGMENT.parse("batch", batch(GOOD, bad, GOOD, tail=b',"writeKey":"wk_1"'))
    assert verdicts(parsed) == [None, reason, None]
    assert bytes(parsed.events[1]) == bad
    assert parsed.key == "wk_1"


def test_a_bad_single_event_is_judged_not_the_request() -> None:
    for bad, reason in (
        (b'{"userId":"\\ud800","event":"e","writeKey":"wk_1"}', Reason.BAD_ENCODING),
        (DEEP, Reason.TOO_DEEP),
    ):
        parsed = SEGMENT.parse("track", bad)
        assert verdicts(parsed, "track") == [reason]
        assert parsed.key == ("wk_1" if b"wk_1" in bad else None)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("batch", b""),
        ("batch", b"{"),
        ("batch", b"[]"),
        ("batch", b"{}"),
        ("batch", GOOD),
        ("batch", b'{"batch":null}'),
        ("batch", b'{"batch":{"0":{}}}'),
        ("batch", b'{"batch":[{"a":"b]}'),
        ("batch", b'{"batch":[{"a":[}]}'),
        ("batch", b'{"batch":[NaN],}'),
        ("batch", b"[" * 100_000),
        ("track", b""),
        ("track", b"[{}]"),
        ("track", b'"track"'),
        ("track", b'{"a":NaN'),
    ],
)
def test_a_bad_envelope_is_refused_with_what_would_do(kind: str, body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        SEGMENT.parse(kind, body)
    assert caught.value.reason == Reason.BAD_ENVELOPE
    assert caught.value.detail.endswith("would do")


JSON_EVENTS = st.lists(
    st.sampled_from([GOOD, b"NaN", b'{"a":"\xff"}', b"5", b'"sj:seal:k:x"', b"{}"]), max_size=4
)


@given(JSON_EVENTS, st.none() | st.text(min_size=1), st.sampled_from([None, b"{}", b'{"locale":"de"}']))
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_as_the_same(
    events: list[bytes], sent_at: str | None, context: bytes | None
) -> None:
    sent = Parsed("wk_1", sent_at, [Raw(event) for event in events], Raw(context) if context else None)
    found = SEGMENT.parse("batch", SEGMENT.write("batch", sent))
    assert (found.key, found.sent_at) == (None, sent_at)
    assert [bytes(raw) for raw in found.events] == events
    assert found.context is None if context is None else bytes(found.context or b"") == context


@pytest.mark.parametrize("event", [GOOD, b'"sj:seal:k:x"', b'{"userId":NaN}'])
def test_a_single_event_is_written_as_it_is(event: bytes) -> None:
    body = SEGMENT.write("track", Parsed("wk_1", None, [Raw(event)]))
    assert [bytes(raw) for raw in SEGMENT.parse("track", body).events] == [event]


def test_an_empty_batch_is_accepted() -> None:
    assert SEGMENT.parse("batch", batch()).events == []
    assert json.loads(SEGMENT.reply("batch", b"", [], []).body) == {
        "success": True,
        "accepted": 0,
        "rejected": 0,
        "verdicts": [],
    }


def test_the_reply_has_one_verdict_an_event() -> None:
    judgements = [
        Judgement(1, Verdict.REJECTED, Reason.WRONG_TYPE, "/userId", "string or integer"),
        Judgement(2, Verdict.WARNING, Reason.UNPLANNED_EVENT, "/event", "an event of the tracking plan"),
        Judgement(3, Verdict.FILTERED, Reason.CONSENT),
    ]
    assert json.loads(SEGMENT.reply("batch", b"", ["a", "b", "c", "夏"], judgements).body) == {
        "success": True,
        "accepted": 2,
        "rejected": 1,
        "verdicts": [
            {"index": 0, "message_id": "a", "verdict": "ok"},
            {
                "index": 1,
                "message_id": "b",
                "verdict": "rejected",
                "reason": "wrong_type",
                "pointer": "/userId",
                "expected": "string or integer",
            },
            {
                "index": 2,
                "message_id": "c",
                "verdict": "warning",
                "reason": "unplanned_event",
                "pointer": "/event",
                "expected": "an event of the tracking plan",
            },
            {"index": 3, "message_id": "夏", "verdict": "filtered", "reason": "consent"},
        ],
    }


EVENTS = st.lists(
    st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text(), max_size=2), max_size=3),
    max_size=5,
)


@given(EVENTS, st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_bad_neighbour_changes_nothing_in_how_the_others_are_read(
    events: list[dict[str, Any]], ascii_only: bool, first: bool
) -> None:
    texts = [json.dumps(event, ensure_ascii=ascii_only).encode() for event in events]
    plain = SEGMENT.parse("batch", batch(*texts))
    mixed = SEGMENT.parse("batch", batch(*([b"NaN", *texts] if first else [*texts, b"NaN"])))
    assert [bytes(raw) for raw in plain.events] == texts
    assert [bytes(raw) for raw in mixed.events if bytes(raw) != b"NaN"] == texts
    assert plain.sound == all(b"\\u0000" not in text for text in texts)
    assert not mixed.sound


@given(
    st.binary(max_size=60)
    | st.text('{}[]",:\\ 1', max_size=40).map(lambda text: b'{"batch":[' + text.encode())
)
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for kind in ("batch", "track"):
        try:
            parsed = SEGMENT.parse(kind, body)
        except Refused as refused:
            parsed = Parsed(None, refused.detail, [])
        assert all(verdict is None or verdict.status == 200 for verdict in verdicts(parsed, kind))


@pytest.mark.parametrize("origin", ["https://in.shop.example:8443", "http://localhost"])
def test_who_asks_for_the_settings_is_told_to_send_here_and_nowhere_else(origin: str) -> None:
    told = json.loads(configure(Visit({"key": "wk_1"}, b"", {}, origin)).body)
    scheme, _, host = origin.partition("://")
    here = {"apiKey": "wk_1", "apiHost": f"{host}/v1", "protocol": scheme}
    assert told["integrations"] == {"Segment.io": here}
    assert told["metrics"] == {"sampleRate": 0}
    asked = {(config.method, config.path) for config in SEGMENT.configs}
    assert asked >= {("GET", "/v1/projects/{key}/settings"), ("GET", "/projects/{key}/settings")}
