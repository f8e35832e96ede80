"""Amplitude's SDKs: what they sent over the wire becomes native events, and which answers they are given."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from sdk_contract.dialects import Outcome, Sent
from sdk_contract.dialects.amplitude import AMPLITUDE
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Judgement, Reason, Verdict
from tests.sdk_contract.dialects.captured import LIMIT, Recorded, recorded
from tests.sdk_contract.dialects.reading import (
    as_golden,
    golden,
    judged,
    spare_neighbours,
    stand_mutations,
    translated,
)

RECORDED = recorded("amplitude-node")
TIME, MOMENT = 1795290634782, "2026-11-21T19:50:34.782Z"
PAGE = {
    "event_type": "[Amplitude] Page Viewed",
    "device_id": "d-1",
    "session_id": 1795290000000,
    "time": TIME,
    "insert_id": "i-1",
    "event_id": 3,
    "ip": "$remote",
    "language": "de-CH",
    "platform": "Web",
    "os_name": "Linux",
    "device_manufacturer": "Acme",
    "library": "amplitude-ts/2.48.1",
    "user_agent": "Mozilla/5.0",
    "event_properties": {
        "[Amplitude] Page URL": "https://shop.example/p",
        "[Amplitude] Page Path": "/p",
        "[Amplitude] Page Title": "Tea",
        "[Amplitude] Page Counter": 1,
        "utm_source": "mail",
        "referrer": "https://search.example/",
        "colour": "green",
    },
}


def body(*events: dict[str, Any]) -> bytes:
    return json.dumps({"api_key": "wk_1", "events": events}).encode()


def one(**event: Any) -> dict[str, Any]:
    (found,) = translated(AMPLITUDE, "batch", body({"device_id": "d", **event}))
    return found


def test_every_recorded_request_is_translated() -> None:
    found = [as_golden(AMPLITUDE, one) for one in RECORDED]
    assert found == golden("amplitude-node")
    assert [len(one["events"]) for one in found] == [9, 9]


@pytest.mark.parametrize("request_", RECORDED, ids=lambda one: one.name)
def test_mutations_are_refused_or_read(request_: Recorded) -> None:
    stand_mutations(AMPLITUDE, request_, 2, 60)


def test_a_spoilt_event_spares_its_neighbours() -> None:
    events = [*json.loads(RECORDED[0].body)["events"][:6], PAGE]
    spare_neighbours(AMPLITUDE, "batch", events, (b'{"api_key":"wk_1","events":[', b"]}"), 2, 150)


def test_a_page_of_a_browser() -> None:
    assert one(**PAGE) == {
        "type": "page",
        "messageId": "i-1",
        "anonymousId": "d-1",
        "timestamp": MOMENT,
        "properties": {"colour": "green"},
        "context": {
            "page": {
                "url": "https://shop.example/p",
                "path": "/p",
                "title": "Tea",
                "referrer": "https://search.example/",
            },
            "campaign": {"source": "mail"},
            "os": {"name": "Linux"},
            "device": {"type": "Web", "manufacturer": "Acme"},
            "locale": "de-CH",
            "userAgent": "Mozilla/5.0",
            "library": {"name": "amplitude-ts", "version": "2.48.1"},
            "amplitude": {"session_id": 1795290000000, "event_id": 3, "[Amplitude] Page Counter": 1},
        },
    }


@pytest.mark.parametrize(
    ("properties", "top", "wanted"),
    [
        ({"$price": 4, "$quantity": 2}, {}, {"price": 4, "quantity": 2, "revenue": 8}),
        ({"$price": 4, "$productId": "p"}, {}, {"price": 4, "revenue": 4, "productId": "p"}),
        ({"$price": 4.5}, {}, {"price": 4.5, "revenue": 4.5}),
        ({"$price": 4, "$revenue": 3, "$currency": "EUR"}, {}, {"price": 4, "revenue": 3, "currency": "EUR"}),
        ({"revenue": 9, "$price": 4, "$quantity": 2}, {}, {"revenue": 9, "price": 4, "quantity": 2}),
        ({"price": 4, "quantity": 2}, {}, {"price": 4, "quantity": 2}),
        ({"$price": "4"}, {"currency": "EUR"}, {"price": "4", "currency": "EUR"}),
        ({}, {"price": 2, "revenueType": "sale"}, {"price": 2, "revenue": 2, "revenueType": "sale"}),
    ],
)  # fmt: skip
def test_revenue(properties: dict[str, Any], top: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert one(event_type="revenue_amount", event_properties=properties, **top)["properties"] == wanted


def test_what_is_set_of_a_user_are_traits() -> None:
    done = {"$set": {"plan": "gold"}, "$setOnce": {"first": 1}, "$add": {"logins": 1}}
    identified = one(event_type="$identify", user_id="mei", user_properties=done)
    assert identified["traits"] == {"plan": "gold"}
    assert identified["context"]["amplitude"]["user_properties"] == {
        "$setOnce": {"first": 1},
        "$add": {"logins": 1},
    }
    beside = one(event_type="Buy", user_properties={"plan": "gold"})
    assert beside["context"]["traits"] == {"plan": "gold"}
    assert "traits" not in beside


@pytest.mark.parametrize(
    ("groups", "group"),
    [
        ({"company": "acme", "team": "x"}, "acme"),
        ({"company": ["a", "b"]}, "a"),
        ({"company": 7}, "7"),
        ({}, None),
        ("x", None),
    ],
)
def test_groups(groups: Any, group: str | None) -> None:
    assert one(event_type="Buy", groups=groups).get("groupId") == group
    assert one(event_type="$identify", groups=groups)["type"] == ("group" if group else "identify")


@pytest.mark.parametrize("number", [b"9" * 30, b"9" * 400, b"9" * 4000, b"1e308", b"1e400", b"-0.0"])
def test_numbers_that_nothing_holds_cost_no_neighbour(number: bytes) -> None:
    odd = b'{"event_type":"a","device_id":"d","price":1.5,"quantity":%b,"time":%b}' % (number, number)
    good = json.dumps(PAGE).encode()
    found = translated(AMPLITUDE, "batch", b'{"events":[%b,%b,%b]}' % (good, odd, good))
    assert [event["type"] for event in (found[0], found[-1])] == ["page", "page"]
    assert len(found) == 3


@pytest.mark.parametrize("time", [10**30, -1e300, "soon", [1]])
def test_a_time_that_is_none_is_left_to_the_judge(time: Any) -> None:
    (judgement,) = judged(json.dumps({"batch": [one(event_type="Buy", time=time)]}).encode()).judgements
    assert judgement.reason in (Reason.BAD_TIME, Reason.WRONG_TYPE)


def test_an_event_without_an_id_is_known_by_its_content_and_time() -> None:
    assert one(event_type="Buy", time=TIME)["messageId"].startswith("h-")
    assert one(event_type="Buy", time=TIME) == one(event_type="Buy", time=TIME)
    assert "messageId" not in one(event_type="Buy")


@pytest.mark.parametrize("kind", ["identify", "groupidentify"])
@pytest.mark.parametrize("as_form", [True, False])
def test_identifications_at_their_own_addresses(kind: str, as_form: bool) -> None:
    given = {"user_id": "mei", "user_properties": {"$set": {"plan": "gold"}}, "groups": {"company": "acme"}}
    identification = [given, {**given, "group_properties": {"seats": 5}}]
    sent = {"api_key": "wk_1", "identification": json.dumps(identification) if as_form else identification}
    text = urlencode(sent).encode() if as_form else json.dumps(sent).encode()
    assert AMPLITUDE.translate is not None
    found = AMPLITUDE.translate(Sent(kind, b"", {}, text, LIMIT))
    assert found.key == "wk_1"
    first, second = json.loads(found.body)["batch"]
    assert first["type"] == second["type"] == "group"
    assert second["traits"] == {"seats": 5}
    assert first["userId"] == "mei"


@pytest.mark.parametrize(
    ("kind", "text"),
    [("batch", b"{}"), ("batch", b"[]"), ("batch", b'{"events":['), ("identify", b"api_key=wk_1")],
)
def test_what_is_no_body_is_refused(kind: str, text: bytes) -> None:
    with pytest.raises(Refused) as refused:
        translated(AMPLITUDE, kind, text)
    assert refused.value.reason is Reason.BAD_ENVELOPE


def test_the_body_has_the_code_that_its_sdks_look_at() -> None:
    codes = {outcome: json.loads(answer.body)["code"] for outcome, answer in AMPLITUDE.answers.items()}
    assert codes[Outcome.ACCEPTED] == 200
    assert codes[Outcome.OVER_QUOTA] == 429
    assert codes[Outcome.DRAINING] == codes[Outcome.BUSY] == codes[Outcome.OVERLOADED] == 503
    assert json.loads(AMPLITUDE.answers[Outcome.UNKNOWN_KEY].body)["error"].startswith("Invalid API key")
    assert json.loads(AMPLITUDE.answers[Outcome.BAD_ENVELOPE].body)["missing_field"]


def test_only_refused_events_are_to_be_dropped() -> None:
    warned = Judgement(0, Verdict.WARNING, Reason.UNPLANNED_EVENT)
    filtered = Judgement(1, Verdict.FILTERED, Reason.CONSENT)
    assert json.loads(AMPLITUDE.reply("batch", b"", ["a", "b"], [warned, filtered]).body) == {
        "code": 200,
        "events_ingested": 2,
    }
    refused = [
        Judgement(1, Verdict.REJECTED, Reason.WRONG_TYPE, "/userId"),
        Judgement(3, Verdict.REJECTED, Reason.TOO_DEEP),
    ]
    answer = AMPLITUDE.reply("batch", b"", list("abcd"), [warned, *refused])
    told = json.loads(answer.body)
    assert (answer.status, told["code"]) == (400, 400)
    assert told["events_with_invalid_fields"] == {"userId": [1], "too_deep": [3]}


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (body(PAGE), True),
        (b'{"api_key":"wk_1","batch":[{"events":1}]}', False),
        (b'{"events":[NaN]}', True),
        (b'{"batch":[{"a":"\xff","events":NaN}]}', False),
        (b"data=e30=", False),
    ],
)
def test_the_address_that_is_posthogs_too(text: bytes, own: bool) -> None:
    assert AMPLITUDE.claims({}, text) is own
