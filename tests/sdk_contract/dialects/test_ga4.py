"""Requests of the Measurement Protocol become native events."""

import json
from typing import Any

import pytest

from sdk_contract.dialects import Sent
from sdk_contract.dialects.ga4 import GA4, translate
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.judging import judge
from sdk_contract.times import parse_time
from sdk_contract.verdicts import Judgement, Reason, Verdict
from tests.sdk_contract.dialects.captured import LIMIT, events_of, mutations

MICROS = 1_795_290_683_690_123
PURCHASE = {
    "name": "purchase",
    "params": {
        "transaction_id": "T1",
        "value": 129.95,
        "currency": "EUR",
        "session_id": "77",
        "engagement_time_msec": 100,
        "items": [{"item_id": "p1", "item_name": "茶", "price": 40, "quantity": 2, "index": 0}],
    },
}
PAYLOAD: dict[str, Any] = {
    "client_id": "c1",
    "user_id": "mei",
    "timestamp_micros": MICROS,
    "user_properties": {"plan": {"value": "gold"}},
    "ip_override": "203.0.113.9",
    "user_agent": "Mozilla/5.0",
    "device": {"category": "mobile", "model": "X", "operating_system": "Android", "screen_resolution": "1x2"},
    "consent": {"ad_user_data": "DENIED"},
    "events": [
        PURCHASE,
        {
            "name": "page_view",
            "params": {"page_title": "Start", "page_location": "https://s/", "campaign": "spring", "k": 1},
        },
    ],
}


def sent(payload: object, kind: str = "events") -> Sent:
    return Sent(kind, b"measurement_id=G-1&api_secret=wk_1", {}, json.dumps(payload).encode(), LIMIT)


def test_a_payload_and_what_stands_around_its_events() -> None:
    found: list[Any] = events_of(translate(sent(PAYLOAD)))
    assert {parse_time(event.pop("timestamp")) for event in found} == {MICROS}
    around = {
        "userAgent": "Mozilla/5.0",
        "ip": "203.0.113.9",
        "device": {"type": "mobile", "model": "X", "screen_resolution": "1x2"},
        "os": {"name": "Android"},
    }
    consent = {"consent": {"ad_user_data": "DENIED"}}
    ids = {"userId": "mei", "anonymousId": "c1"}
    assert found == [
        {
            "type": "track",
            "event": "purchase",
            **ids,
            "properties": {
                "transaction_id": "T1",
                "value": 129.95,
                "revenue": 129.95,
                "currency": "EUR",
                "products": [{"product_id": "p1", "name": "茶", "price": 40, "quantity": 2, "index": 0}],
            },
            "context": {**around, "ga4": {**consent, "session_id": "77", "engagement_time_msec": 100}},
        },
        {
            "type": "page",
            "name": "Start",
            **ids,
            "properties": {"k": 1},
            "context": {
                **around,
                "page": {"title": "Start", "url": "https://s/"},
                "campaign": {"name": "spring"},
                "ga4": consent,
            },
        },
        {"type": "identify", **ids, "traits": {"plan": "gold"}, "context": {**around, "ga4": consent}},
    ]


def test_an_app_has_an_instance_and_screens() -> None:
    event = {"name": "screen_view", "params": {"screen_name": "Home"}, "timestamp_micros": "1795290683690123"}
    (found,) = events_of(translate(sent({"app_instance_id": "i1", "events": [event]})))
    assert (found["type"], found["name"], found["anonymousId"]) == ("screen", "Home", "i1")
    assert found["timestamp"] == "1795290683690123"


@pytest.mark.parametrize(
    ("query", "key"),
    [
        (b"measurement_id=G-1&api_secret=wk_1", "wk_1"),
        (b"measurement_id=wk_2", "wk_2"),
        (b"firebase_app_id=wk_3", "wk_3"),
        (b"", None),
    ],
)
def test_the_key_is_the_secret_or_what_is_measured(query: bytes, key: str | None) -> None:
    assert GA4.find_key({}, query, None) == key


def test_an_event_that_cannot_be_read_costs_no_other_its_place() -> None:
    bad: list[Any] = [None, 7, {}, {"name": "x", "params": 7}]
    parsed = SEGMENT.parse(
        "batch", translate(sent({"client_id": "c", "events": [PURCHASE, *bad, PURCHASE]})).body
    )
    assert [one.index for one in judge(parsed, "batch", "B", 32 * 1024).judgements] == [1, 2, 3, 4]


@pytest.mark.parametrize("payload", [[], {}, {"client_id": "c"}])
def test_what_holds_no_events_is_refused(payload: object) -> None:
    with pytest.raises(Refused):
        translate(sent(payload))


def test_who_asks_for_validation_is_told_in_the_protocols_words() -> None:
    bad = Judgement(1, Verdict.REJECTED, Reason.MISSING_FIELD, "/userId", "text")
    kept_out = Judgement(0, Verdict.FILTERED, Reason.CONSENT)
    told = json.loads(GA4.reply("validate", b"", ["a", "b"], [kept_out, bad]).body)
    assert told == {
        "validationMessages": [
            {
                "fieldPath": "events[1].userId",
                "description": f"{Reason.MISSING_FIELD.text} Expected: text.",
                "validationCode": "VALUE_REQUIRED",
            }
        ]
    }
    assert GA4.reply("events", b"", ["a"], [bad]).body == b""


def test_mutations_are_translated_or_refused() -> None:
    for mutant in mutations(sent(PAYLOAD).body, seed=6, number=300):
        try:
            found = translate(Sent("events", b"", {}, mutant, LIMIT))
        except Refused:
            continue
        assert judge(SEGMENT.parse("batch", found.body), "batch", "B", 32 * 1024).trouble is None
