"""Snowplow's trackers: what they sent over the wire becomes native events."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import pytest

from sdk_contract.dialects import Outcome, Sent
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.dialects.snowplow import SNOWPLOW
from sdk_contract.dialects.translated import moment
from sdk_contract.errors import Refused
from sdk_contract.judging import judge
from sdk_contract.verdicts import Reason
from tests.sdk_contract.dialects.captured import LIMIT, Recorded, events_of, mutations, recorded

RECORDED = recorded("snowplow-browser", "snowplow-python")
SCHEMA = "iglu:com.snowplowanalytics.snowplow/{}/jsonschema/1-0-0"
EVENT = {"e": "se", "eid": "e1", "aid": "wk_1", "duid": "d1", "se_ca": "shop", "se_ac": "add"}


def post(*events: object, headers: dict[bytes, bytes] | None = None) -> Sent:
    body = json.dumps({"schema": SCHEMA.format("payload_data"), "data": events}).encode()
    return Sent("tp2", b"", headers or {}, body, LIMIT)


def translated(*events: object, headers: dict[bytes, bytes] | None = None) -> list[dict[str, Any]]:
    assert SNOWPLOW.translate is not None
    return events_of(SNOWPLOW.translate(post(*events, headers=headers)))


def described(name: str, data: object) -> dict[str, object]:
    return {"schema": SCHEMA.format(name), "data": data}


def packed(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("one", RECORDED, ids=[one.name for one in RECORDED])
def test_what_trackers_send_is_accepted_whole(one: Recorded) -> None:
    assert SNOWPLOW.translate is not None
    found = SNOWPLOW.translate(one.sent(SNOWPLOW))
    parsed = SEGMENT.parse("batch", found.body)
    judged = judge(parsed, "batch", "B", 32 * 1024)
    assert judged.judgements == []
    assert found.key == "shop-web"
    sent = json.loads(one.body)["data"] if one.method == "POST" else [None]
    assert len(judged.message_ids) == len(sent)
    for event, original in zip(events_of(found), sent, strict=True):
        if original is not None:
            assert event["messageId"] == original["eid"]
            assert event["timestamp"] == moment(int(original.get("ttm") or original["dtm"]))
            assert event.get("userId") == original.get("uid")


def test_a_page_view_and_what_stands_around_it() -> None:
    (event,) = translated(
        {
            "e": "pv",
            "eid": "e1",
            "aid": "wk_1",
            "duid": "d1",
            "uid": "u1",
            "dtm": "10",
            "stm": "12",
            "url": "https://a.b/c?utm_source=x",
            "page": "茶",
            "refr": "https://r.s/",
            "lang": "zh-CN",
            "tz": "Asia/Shanghai",
            "res": "1280x720",
            "tv": "js-4.10.1",
            "p": "web",
            "sid": "s1",
            "vp": "800x600",
            "co": json.dumps(described("contexts", [described("plan", {"plan": "pro"})])),
        }
    )
    assert event == {
        "type": "page",
        "messageId": "e1",
        "userId": "u1",
        "anonymousId": "d1",
        "name": "茶",
        "timestamp": "1970-01-01T00:00:00.010Z",
        "sentAt": "1970-01-01T00:00:00.012Z",
        "context": {
            "page": {"url": "https://a.b/c?utm_source=x", "title": "茶", "referrer": "https://r.s/"},
            "library": {"name": "snowplow-js", "version": "4.10.1"},
            "screen": {"width": 1280, "height": 720},
            "locale": "zh-CN",
            "timezone": "Asia/Shanghai",
            "sessionId": "s1",
            "snowplow": {"p": "web", "vp": "800x600", "entities": {"plan": {"plan": "pro"}}},
        },
    }


@pytest.mark.parametrize(
    ("flat", "wanted"),
    [
        (
            {"e": "se", "se_ca": "shop", "se_ac": "add", "se_la": "l", "se_pr": "p", "se_va": "2.5"},
            {
                "type": "track",
                "event": "add",
                "properties": {"category": "shop", "label": "l", "property": "p", "value": 2.5},
            },
        ),
        (
            {"e": "pp", "pp_mix": "0", "pp_max": "1", "pp_miy": "2", "pp_may": "300"},
            {
                "type": "track",
                "event": "page_ping",
                "properties": {"min_x": 0, "max_x": 1, "min_y": 2, "max_y": 300},
            },
        ),
        (
            {"e": "tr", "tr_id": "o1", "tr_tt": "19.9", "tr_cu": "EUR", "tr_sh": "x"},
            {
                "type": "track",
                "event": "transaction",
                "properties": {"order_id": "o1", "currency": "EUR", "revenue": 19.9},
            },
        ),
        (
            {"e": "ti", "ti_id": "o1", "ti_sk": "s", "ti_pr": "1", "ti_qu": "2"},
            {
                "type": "track",
                "event": "transaction_item",
                "properties": {"order_id": "o1", "sku": "s", "price": 1, "quantity": 2},
            },
        ),
        (
            {"e": "ue", "ue_pr": json.dumps(described("unstruct_event", described("link", {"to": "x"})))},
            {"type": "track", "event": "link", "properties": {"to": "x"}},
        ),
        (
            {
                "e": "ue",
                "ue_px": packed(described("unstruct_event", described("screen_view", {"name": "家"}))),
            },
            {"type": "screen", "name": "家", "properties": {"name": "家"}},
        ),
    ],
    ids=["structured", "ping", "transaction", "item", "self-described", "screen"],
)
def test_what_happened(flat: dict[str, str], wanted: dict[str, object]) -> None:
    (event,) = translated({**EVENT, **dict.fromkeys(EVENT.keys() & {"se_ca", "se_ac"}, ""), **flat})
    assert {name: event[name] for name in ("type", "event", "name", "properties") if name in event} == wanted


def test_a_mobile_tracker_tells_of_its_device_and_session() -> None:
    entities = [
        described(
            "mobile_context", {"osType": "android", "osVersion": "16", "deviceModel": "X", "androidIdfa": "a"}
        ),
        described("client_session", {"userId": "d9", "sessionId": "s9"}),
        described("application", {"version": "1.2", "build": "7"}),
    ]
    sent = {
        "e": "se",
        "eid": "e",
        "aid": "app",
        "p": "mob",
        "se_ac": "tap",
        "cx": packed(described("contexts", entities)),
    }
    (event,) = translated(sent)
    assert event["anonymousId"] == "d9"
    context = event["context"]
    assert context["device"] == {"type": "mobile", "model": "X", "advertisingId": "a"}
    assert context["os"] == {"name": "android", "version": "16"}
    assert context["app"] == {"name": "app", "version": "1.2", "build": "7"}
    assert context["sessionId"] == "s9"


def test_who_is_to_stay_unknown_is_nobody_known() -> None:
    assert SNOWPLOW.translate is not None
    nameless = {name: value for name, value in EVENT.items() if name != "duid"}
    found = SNOWPLOW.translate(post(nameless, {**nameless, "sid": "s1"}, headers={b"sp-anonymous": b"*"}))
    assert found.anonymous
    assert [event["anonymousId"] for event in events_of(found)] == ["anonymous-e1", "s1"]
    assert not SNOWPLOW.translate(post(EVENT)).anonymous


def test_an_event_that_cannot_be_read_costs_no_other_its_place() -> None:
    bad = [
        None,
        7,
        {"e": "pv", "co": "{", "eid": "x"},
        {"e": "ue", "ue_px": "!", "eid": "y"},
        {"e": "odd", "eid": "z"},
    ]
    assert SNOWPLOW.translate is not None
    parsed = SEGMENT.parse("batch", SNOWPLOW.translate(post(EVENT, *bad, EVENT)).body)
    judged = judge(parsed, "batch", "B", 32 * 1024)
    assert [one.index for one in judged.judgements] == [1, 2, 3, 4, 5]
    assert json.loads(bytes(parsed.events[3])) == bad[2]


def test_without_an_id_an_event_sent_again_is_the_same_event() -> None:
    nameless = {name: value for name, value in EVENT.items() if name != "eid"}
    first, again, other = translated(nameless, nameless, {**nameless, "dtm": "1"})
    assert first["messageId"] == again["messageId"] != other["messageId"]


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"data":{}}', b'{"data":', b"{", b'{"data":7}'])
def test_what_is_no_payload_is_refused(body: bytes) -> None:
    assert SNOWPLOW.translate is not None
    with pytest.raises(Refused) as caught:
        SNOWPLOW.translate(Sent("tp2", b"", {}, body, LIMIT))
    assert caught.value.reason is Reason.BAD_ENVELOPE


def test_the_key_stands_in_the_address_or_is_the_app_id() -> None:
    assert SNOWPLOW.find_key({}, b"e=pv&writeKey=wk_2", None) == "wk_2"
    assert SNOWPLOW.find_key({}, b"e=pv&aid=wk_1", None) is None
    asked = urlencode({"e": "pv", "aid": "wk_1", "page": "a b"}).encode()
    assert SNOWPLOW.translate is not None
    found = SNOWPLOW.translate(Sent("pixel", asked, {}, asked, LIMIT))
    assert found.key == "wk_1"
    assert events_of(found)[0]["name"] == "a b"


def test_the_pixel_is_answered_with_an_image() -> None:
    assert SNOWPLOW.reply("pixel", b"", ["x"], []).content_type == b"image/gif"
    assert SNOWPLOW.reply("tp2", b"", ["x"], []) == SNOWPLOW.answers[Outcome.ACCEPTED]


def test_a_tracker_is_never_told_what_makes_it_try_for_ever() -> None:
    assert SNOWPLOW.refusal(Reason.BODY_TOO_LARGE, "").status == 400


@pytest.mark.parametrize("one", RECORDED[::3], ids=[one.name for one in RECORDED[::3]])
def test_mutations_are_translated_or_refused(one: Recorded) -> None:
    assert SNOWPLOW.translate is not None
    sent = one.sent(SNOWPLOW)
    for mutant in mutations(sent.body, seed=len(sent.body), number=150):
        try:
            found = SNOWPLOW.translate(Sent(sent.kind, mutant, {}, mutant, LIMIT))
        except Refused:
            continue
        parsed = SEGMENT.parse("batch", found.body)
        assert judge(parsed, "batch", "B", 32 * 1024).trouble is None
