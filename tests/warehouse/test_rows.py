"""Rows: one for each received event, with every field as it was sent, whatever became of it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.verdicts import Judgement, Reason, Verdict
from tests.collector.segments_made import RECEIVED, WORKER, batch, request, segment, track
from warehouse import request_rows, rows
from warehouse.landing import SCHEMA, object_key
from warehouse.rows import convert, source_of
from warehouse.segments import HEAD_BYTES, HOUR_US, MAGIC, RecordHead, frames, segment_id

NAME = segment_id(WORKER, 1_795_298_592_515, 1)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"

Found = list[dict[str, Any]]


def no_plans(project: str, version: str) -> None:
    return None


def rows_of(data: bytes, plans: Any = no_plans) -> Found:
    found: Found = pq.read_table(io.BytesIO(convert(data, NAME, plans).parquet)).to_pylist()
    return found


def one_row(
    event: dict[str, Any], head: RecordHead | None = None, plans: Any = no_plans, **envelope: Any
) -> dict[str, Any]:
    [row] = rows_of(segment([(head or request(), batch([event], **envelope), 1)]), plans)
    return row


def at(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(
        microsecond=microseconds % 1_000_000
    )


def test_every_field_arrives_as_sent() -> None:
    properties = '{"price":1.10,"big":12345678901234567890,"茶":["é",null],"nested":{"a":{"b":[1e3]}}}'
    body = (
        '{"batch":[{"type":"track","event":"Order Completed","messageId":"m1","userId":42,"anonymousId":"a1",'
        '"timestamp":"2026-11-21T10:00:00.123456Z","properties":' + properties + ","
        '"context":{"locale":"zh-CN","timezone":"Asia/Shanghai","ip":"198.51.100.0","userAgent":"'
        + CHROME
        + '",'
        '"page":{"url":"https://s.example/p?q=1","path":"/p","title":"T","referrer":"https://r.example","search":"?q=1"},'
        '"campaign":{"source":"g","medium":"cpc","name":"n","term":"t","content":"c"},'
        '"library":{"name":"analytics.js","version":"1.2"},"app":{"name":"Shop","version":"3"},'
        '"os":{"name":"iOS","version":"17"},"device":{"type":"ios","model":"iPhone15"},'
        '"screen":{"width":390,"height":844}},'
        '"integrations":{"All":false},"_metadata":{"x":1},"channel":"web"}]}'
    )
    [row] = rows_of(segment([(request(plan_version="v7"), body.encode(), 1)]))
    context = json.loads(body)["batch"][0]["context"]
    assert row == {
        "project": "shop",
        "key_id": "k_1",
        "key_no": 1,
        "dialect": "segment",
        "segment_id": NAME,
        "record": 0,
        "index": 0,
        "verdict": "ok",
        "reason": None,
        "pointer": None,
        "expected": None,
        "plan_version": "v7",
        "message_id": "m1",
        "type": "track",
        "event": "Order Completed",
        "category": None,
        "user_id": "42",
        "anonymous_id": "a1",
        "group_id": None,
        "previous_id": None,
        "timestamp": datetime(2026, 11, 21, 10, 0, 0, 123456, UTC),
        "original_timestamp": datetime(2026, 11, 21, 10, 0, 0, 123456, UTC),
        "sent_at": None,
        "received_at": at(RECEIVED),
        "ip": "198.51.100.0",
        "user_agent": CHROME,
        "locale": "zh-CN",
        "timezone": "Asia/Shanghai",
        "page_url": "https://s.example/p?q=1",
        "page_path": "/p",
        "page_title": "T",
        "page_referrer": "https://r.example",
        "page_search": "?q=1",
        "campaign_source": "g",
        "campaign_medium": "cpc",
        "campaign_name": "n",
        "campaign_term": "t",
        "campaign_content": "c",
        "library_name": "analytics.js",
        "library_version": "1.2",
        "app_name": "Shop",
        "app_version": "3",
        "os_name": "iOS",
        "os_version": "17",
        "device_type": "ios",
        "device_model": "iPhone15",
        "screen_width": 390,
        "screen_height": 844,
        "browser": "Chrome",
        "is_bot": False,
        "properties": properties,
        "traits": None,
        "context": row["context"],
        "integrations": '{"All":false}',
        "extra": row["extra"],
        "raw": None,
        "kind": "batch",
        "privacy": None,
        "signals": None,
        "visitor_id": None,
        "country": None,
        "region": None,
        "city": None,
        "clock": None,
        "clock_offset": 0,
        "page_host": "s.example",
        "referrer_host": "r.example",
        "referrer_class": "other",
        "referrer_source": None,
        "click_id_kind": None,
        "click_id": None,
        "campaign_id": None,
        "channel": "Paid Other",
        "bot_reason": None,
        "repeated": False,
        "uncleaned": None,
        "replayed_at": None,
        "uncounted": None,
    }
    assert json.loads(row["context"]) == context
    assert json.loads(row["extra"]) == {"_metadata": {"x": 1}, "channel": "web"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "page", "name": "Home", "category": "Docs"}, {"event": "Home", "category": "Docs"}),
        ({"type": "screen", "name": "Cart"}, {"event": "Cart"}),
        ({"type": "identify", "traits": {"a": 1}}, {"event": None, "traits": '{"a": 1}'}),
        ({"type": "group", "groupId": "g"}, {"group_id": "g"}),
        ({"type": "alias", "previousId": "p"}, {"previous_id": "p"}),
    ],
)
def test_every_type_has_its_columns(event: dict[str, Any], expected: dict[str, Any]) -> None:
    row = one_row({"userId": "u", "messageId": "m", **event})
    assert {name: row[name] for name in expected} == expected
    assert (row["type"], row["verdict"]) == (event["type"], "ok")


def test_what_the_event_does_not_say_comes_from_the_request() -> None:
    head = request(user_agent=CHROME, sent_at="2026-11-21T22:03:11Z")
    row = one_row({"type": "track", "event": "e", "userId": "u"}, head)
    assert row["message_id"] == "abcdefghijklmnopqrstuv-0"
    assert (row["ip"], row["user_agent"], row["browser"]) == ("203.0.113.0", CHROME, "Chrome")
    assert (row["os_name"], row["os_version"], row["device_type"]) == ("Windows", "10", "desktop")
    assert row["sent_at"] == datetime(2026, 11, 21, 22, 3, 11, tzinfo=UTC)
    assert (row["timestamp"], row["original_timestamp"]) == (at(RECEIVED), None)


def test_the_context_of_the_envelope_serves_events_without_their_own() -> None:
    head, body = (
        request(),
        batch([track("a"), track("b", context={"locale": "en"})], context={"locale": "zh"}),
    )
    assert [row["locale"] for row in rows_of(segment([(head, body, 2)]))] == ["zh", "en"]


def test_a_clock_that_is_ahead_is_set_right_by_the_time_of_sending() -> None:
    row = one_row(track("m", timestamp="2026-11-21T23:03:11Z"), sentAt="2026-11-21T23:03:12.515Z")
    assert row["timestamp"] == datetime(2026, 11, 21, 22, 3, 11, tzinfo=UTC)
    assert row["original_timestamp"] == datetime(2026, 11, 21, 23, 3, 11, tzinfo=UTC)


def test_a_single_event_route_gives_its_type() -> None:
    body = json.dumps({"userId": "u", "event": "e", "messageId": "m"}).encode()
    [row] = rows_of(segment([(request(kind="track"), body, 1)]))
    assert (row["type"], row["event"], row["verdict"]) == ("track", "e", "ok")


def test_a_warning_is_a_row_like_any_other_with_its_reason() -> None:
    judged = Judgement(0, Verdict.WARNING, Reason.PLAN_VIOLATION, "/properties/x", "a number")
    row = one_row(track("m"), request(judgements=[judged]))
    assert (row["verdict"], row["reason"], row["pointer"]) == ("warning", "plan_violation", "/properties/x")
    assert (row["expected"], row["event"], row["raw"]) == ("a number", "Seen", None)


def test_what_was_rejected_is_kept_whole_between_those_that_were_not() -> None:
    bad = b'{"type":"track","messageId":"bad","userId":{"a":1},"event":"e","properties":{"x":1.50}}'
    body = b'{"batch":[' + json.dumps(track("a")).encode() + b"," + bad + b',"text",{}]}'
    judged = [
        Judgement(1, Verdict.REJECTED, Reason.WRONG_TYPE, "/userId", "string or integer"),
        Judgement(2, Verdict.REJECTED, Reason.NOT_AN_OBJECT),
        Judgement(3, Verdict.FILTERED, Reason.SUPPRESSED),
    ]
    found = rows_of(segment([(request(judgements=judged), body, 4)]))
    assert [row["verdict"] for row in found] == ["ok", "rejected", "rejected", "filtered"]
    assert [row["raw"] for row in found] == [None, bad.decode(), '"text"', None]
    assert [row["index"] for row in found] == [0, 1, 2, 3]
    row = found[1]
    assert (row["message_id"], row["reason"], row["expected"]) == ("bad", "wrong_type", "string or integer")
    assert (row["type"], row["event"], row["user_id"]) == ("track", "e", None)
    assert (found[2]["message_id"], found[2]["type"]) == ("abcdefghijklmnopqrstuv-2", None)


def test_bytes_that_are_no_utf8_are_kept_readable() -> None:
    body = b'{"batch":[{"type":"track","event":"\xff"}]}'
    judged = Judgement(0, Verdict.REJECTED, Reason.BAD_ENCODING)
    [row] = rows_of(segment([(request(judgements=[judged]), body, 1)]))
    assert row["raw"] == '{"type":"track","event":"\\xff"}'


def test_an_event_that_the_door_took_and_the_sink_cannot_read_is_kept_as_damaged() -> None:
    found = rows_of(segment([(request(), b'{"batch":[{"type":"track","event":7},{"type":"page"}]}', 2)]))
    assert [row["verdict"] for row in found] == ["damaged", "ok"]
    assert (found[0]["raw"], found[0]["reason"]) == ('{"type":"track","event":7}', "unprocessed")
    assert (found[0]["project"], found[0]["key_no"]) == ("shop", 1)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (request(dialect="unheard-of"), batch([track("a"), track("b")])),
        (request(), b"no JSON at all"),
        (request(), batch([track("a")])),
    ],
)
def test_a_request_that_reads_otherwise_now_is_kept_whole(head: RecordHead, body: bytes) -> None:
    found = rows_of(segment([(head, body, 2), (request(), batch([track("c")]), 1)]))
    assert [row["message_id"] for row in found] == [f"damaged-{NAME}-0", f"damaged-{NAME}-1", "c"]
    assert [row["raw"] for row in found] == [body.decode(), None, None]
    assert (found[0]["verdict"], found[0]["key_id"], found[0]["received_at"]) == (
        "damaged",
        "k_1",
        at(RECEIVED),
    )


def test_a_column_takes_no_value_of_another_type() -> None:
    judged = [Judgement(index, Verdict.REJECTED, Reason.WRONG_TYPE) for index in range(2)]
    body = b'{"batch":[{"type":"track","event":7,"category":[1]},{"type":"track","event":"e"}]}'
    found = rows_of(segment([(request(judgements=judged), body, 2)]))
    assert [row["event"] for row in found] == [None, "e"]


def test_a_mistake_of_ours_costs_no_event_and_stops_no_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(request_rows, "glimpse", fail)
    judged, body = Judgement(0, Verdict.REJECTED, Reason.WRONG_TYPE), batch([track("a")])
    refused, taken = (request(judgements=[judged]), body, 1), (request(), batch([track("b")]), 1)
    found = rows_of(segment([refused, taken]))
    assert [(row["verdict"], row["raw"]) for row in found] == [("damaged", body.decode()), ("ok", None)]


def test_damage_on_disk_is_a_row_for_each_lost_event() -> None:
    data = bytearray(
        segment(
            [(request(key_no=7), batch([track("a"), track("b")]), 2), (request(), batch([track("c")]), 1)]
        )
    )
    data[data.index(b'"messageId": "a"')] ^= 4
    found = rows_of(bytes(data))
    assert [(row["message_id"], row["verdict"], row["key_no"]) for row in found] == [
        (f"damaged-{NAME}-0", "damaged", 7),
        (f"damaged-{NAME}-1", "damaged", 7),
        ("c", "ok", 1),
    ]
    assert found[0]["received_at"] == at(RECEIVED // HOUR_US * HOUR_US)
    assert (found[0]["project"], found[0]["type"], found[0]["record"], found[2]["record"]) == (
        None,
        None,
        0,
        1,
    )


def test_damage_of_unknown_origin_is_dated_by_the_segment() -> None:
    data = bytearray(segment([(request(), batch([track("a")]), 1), (request(), batch([track("c")]), 1)]))
    data[data.index(MAGIC, HEAD_BYTES) + 4] ^= 1
    found = rows_of(bytes(data))
    assert [(row["message_id"], row["key_no"]) for row in found] == [(f"damaged-{NAME}-0", None), ("c", 1)]
    assert found[0]["received_at"] == at(RECEIVED)


def test_the_same_segment_gives_the_same_bytes_under_the_same_key() -> None:
    data = segment([(request(user_agent=CHROME), batch([track("a", timestamp=1), track("b")]), 2)])
    first, second = convert(data, NAME), convert(data, NAME)
    assert first == second
    assert first.key == object_key(NAME, RECEIVED)
    assert source_of(first.parquet) == first.source
    assert source_of(b"rubbish") is None


def test_an_object_has_the_documented_schema_and_says_where_it_is_from() -> None:
    for data in (b"", segment([(request(), batch([track("a")]), 1)])):
        schema = pq.read_schema(io.BytesIO(convert(data, NAME).parquet))
        assert schema.equals(SCHEMA)
        assert schema.metadata[b"sojourn.segment"] == NAME.encode()
        assert schema.metadata[b"sojourn.format"] == b"sojourn-landing-1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ["type", "messageId", "userId", "event", "timestamp", "sentAt", "properties", "context", "traits"]


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_whatever_was_sent_there_is_one_row_an_event(events: list[Any]) -> None:
    landing = convert(segment([(request(), batch(events), len(events))]), NAME)
    assert pq.read_metadata(io.BytesIO(landing.parquet)).num_rows == len(events)
    judged = [Judgement(index, Verdict.REJECTED, Reason.WRONG_TYPE) for index in range(len(events))]
    refused = rows_of(segment([(request(judgements=judged), batch(events), len(events))]))
    assert [json.loads(row["raw"]) for row in refused] == events


HURT = segment([(request(), batch([track(f"{n}-{i}") for i in range(n)]), n) for n in (1, 3, 2)])
USED = [byte for frame in frames(HURT) for byte in range(frame.offset, frame.after)]


@given(st.lists(st.tuples(st.sampled_from(USED), st.integers(1, 255)), max_size=6))
@settings(max_examples=100, deadline=None)
def test_however_a_segment_is_hurt_its_rows_are_what_it_counts(hurts: list[tuple[int, int]]) -> None:
    data = bytearray(HURT)
    for byte, change in hurts:
        data[byte] ^= change
    landing = convert(bytes(data), NAME)
    table = pq.read_table(io.BytesIO(landing.parquet))
    by_key_and_hour: dict[tuple[int, int], int] = {}
    for row in table.to_pylist():
        place = (row["key_no"] or 0, int(row["received_at"].timestamp()) // 3600)
        by_key_and_hour[place] = by_key_and_hour.get(place, 0) + 1
    assert by_key_and_hour == {(one.key_no, one.hour): one.events for one in landing.count.tally}
    assert rows.SOURCE in table.schema.metadata
