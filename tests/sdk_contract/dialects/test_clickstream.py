"""What SDKs of Clickstream Analytics on AWS send becomes native events."""

import json
from typing import Any

from sdk_contract.dialects import Sent
from sdk_contract.dialects.clickstream import CLICKSTREAM, translate
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.judging import judge
from sdk_contract.times import parse_time
from tests.sdk_contract.dialects.captured import LIMIT, events_of, mutations

QUERY = b"platform=Web&appId=wk_1&event_bundle_sequence_id=3&upload_timestamp=1795290683700&hashCode=0a1b2c3d"
TIME = 1_795_290_683_690
EVENT: dict[str, Any] = {
    "event_type": "purchase",
    "event_id": "e1",
    "device_id": "d1",
    "unique_id": "q1",
    "app_id": "wk_1",
    "timestamp": TIME,
    "host_name": "shop.example",
    "locale": "de-CH",
    "system_language": "de",
    "country_code": "CH",
    "zone_offset": 3600000,
    "make": "Google Inc.",
    "platform": "Web",
    "screen_height": 800,
    "screen_width": 1280,
    "viewport_height": 700,
    "viewport_width": 1280,
    "sdk_name": "aws-solution-clickstream-sdk",
    "sdk_version": "0.12.6",
    "items": [{"id": "p1", "name": "茶", "price": 40, "quantity": 2}],
    "user": {
        "_user_first_touch_timestamp": {"value": 1, "set_timestamp": 1},
        "_user_id": {"value": "mei", "set_timestamp": 1},
        "plan": {"value": "gold", "set_timestamp": 1},
    },
    "attributes": {
        "_session_id": "s1",
        "_page_title": "Kasse",
        "_page_url": "https://shop.example/p",
        "_traffic_source_source": "wechat",
        "_traffic_source_campaign": "spring",
        "_value": 80,
        "_currency": "CNY",
        "coupon": "SÖMMER",
        "none": None,
    },
}


def sent(*events: object, query: bytes = QUERY) -> Sent:
    return Sent("events", query, {}, json.dumps(events).encode(), LIMIT)


def one(**more: Any) -> dict[str, Any]:
    (found,) = events_of(translate(sent({**EVENT, **more})))
    return found


def test_a_purchase_and_what_stands_around_it() -> None:
    found = one()
    assert parse_time(found.pop("timestamp")) == TIME * 1000
    assert found == {
        "type": "track",
        "event": "purchase",
        "messageId": "e1",
        "userId": "mei",
        "anonymousId": "d1",
        "properties": {
            "coupon": "SÖMMER",
            "none": None,
            "value": 80,
            "revenue": 80,
            "currency": "CNY",
            "products": [{"product_id": "p1", "name": "茶", "price": 40, "quantity": 2}],
        },
        "context": {
            "page": {"url": "https://shop.example/p", "title": "Kasse"},
            "campaign": {"source": "wechat", "name": "spring"},
            "locale": "de-CH",
            "device": {"manufacturer": "Google Inc."},
            "screen": {"width": 1280, "height": 800},
            "library": {"name": "aws-solution-clickstream-sdk", "version": "0.12.6"},
            "clickstream": {
                "_session_id": "s1",
                "unique_id": "q1",
                "host_name": "shop.example",
                "system_language": "de",
                "country_code": "CH",
                "zone_offset": 3600000,
                "platform": "Web",
                "viewport_height": 700,
                "viewport_width": 1280,
            },
        },
    }


def test_automatic_events_have_their_types() -> None:
    page = one(event_type="_page_view")
    assert (page["type"], page["name"], page["context"]["page"]["title"]) == ("page", "Kasse", "Kasse")
    assert one(event_type="_profile_set")["traits"] == {"plan": "gold"}
    screen = one(event_type="_screen_view", attributes={"_screen_name": "Home"})
    assert (screen["type"], screen["name"]) == ("screen", "Home")
    opened = one(event_type="_first_open", user={}, items=None)
    assert (opened["event"], opened.get("userId"), opened["anonymousId"]) == ("_first_open", None, "d1")
    assert "revenue" not in opened["properties"]


def test_key_and_time_of_sending_stand_in_the_address() -> None:
    found = translate(sent(EVENT))
    assert CLICKSTREAM.find_key({}, QUERY, None) == "wk_1"
    assert CLICKSTREAM.find_key({}, b"", found.key) == "wk_1"
    assert SEGMENT.parse("batch", found.body).sent_at == "2026-11-21T19:51:23.700Z"
    assert SEGMENT.parse("batch", translate(sent(EVENT, query=b"upload_timestamp=x")).body).sent_at is None


def test_an_event_that_cannot_be_read_costs_no_other_its_place() -> None:
    bad: list[Any] = [None, 7, {}, {**EVENT, "attributes": 1}, {**EVENT, "timestamp": "noon"}]
    parsed = SEGMENT.parse("batch", translate(sent(EVENT, *bad, EVENT)).body)
    assert [one.index for one in judge(parsed, "batch", "B", 32 * 1024).judgements] == [1, 2, 3, 4, 5]
    assert [json.loads(bytes(raw)) for raw in parsed.events[1:5]] == bad[:4]


def test_no_answer_makes_its_sdk_keep_what_can_never_be_taken() -> None:
    """It keeps what is not answered 200, and sends it again together with what comes later."""
    answers = {outcome.value: answer.status for outcome, answer in CLICKSTREAM.answers.items()}
    assert (answers["bad_envelope"], answers["too_large"]) == (200, 200)
    assert 429 not in answers.values()


def test_mutations_are_translated_or_refused() -> None:
    for mutant in mutations(sent(EVENT, EVENT).body, seed=5, number=300):
        try:
            found = translate(Sent("events", b"", {}, mutant, LIMIT))
        except Refused:
            continue
        assert judge(SEGMENT.parse("batch", found.body), "batch", "B", 32 * 1024).trouble is None
