"""PostHog's SDKs: what they sent over the wire, and in which forms, becomes native events."""

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from sdk_contract.dialects import Outcome, Sent, Visit
from sdk_contract.dialects.posthog import POSTHOG
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

RECORDED = recorded("posthog-python")
DEVICE, USER = "0198-device", "mei"
BROWSER = {
    "uuid": "u-1",
    "event": "$pageview",
    "timestamp": "2026-11-21T19:51:10.247Z",
    "$set": {"$browser": "Chrome"},
    "$set_once": {"$initial_referrer": "$direct"},
    "properties": {
        "token": "wk_1",
        "distinct_id": DEVICE,
        "$device_id": DEVICE,
        "$is_identified": False,
        "$insert_id": "i-1",
        "$time": 1795290670.247,
        "$session_id": "s-1",
        "$current_url": "https://shop.example/p?q=茶",
        "$pathname": "/p",
        "$referrer": "$direct",
        "title": "Tea",
        "utm_source": "mail",
        "utm_term": None,
        "$browser": "Chrome",
        "$os": "Linux",
        "$os_version": None,
        "$device_type": "Desktop",
        "$screen_width": 1280,
        "$screen_height": 720,
        "$browser_language": "de-CH",
        "$timezone": "Europe/Zurich",
        "$raw_user_agent": "Mozilla/5.0",
        "$lib": "web",
        "$lib_version": "1.449.2",
        "colour": "green",
    },
}
NATIVE = {
    "type": "page",
    "messageId": "u-1",
    "anonymousId": DEVICE,
    "timestamp": "2026-11-21T19:51:10.247Z",
    "properties": {"colour": "green"},
    "context": {
        "page": {"url": "https://shop.example/p?q=茶", "path": "/p", "title": "Tea"},
        "campaign": {"source": "mail"},
        "os": {"name": "Linux"},
        "device": {"type": "Desktop"},
        "screen": {"width": 1280, "height": 720},
        "locale": "de-CH",
        "timezone": "Europe/Zurich",
        "userAgent": "Mozilla/5.0",
        "library": {"name": "web", "version": "1.449.2"},
        "traits": {"$browser": "Chrome"},
        "posthog": {
            "$set_once": {"$initial_referrer": "$direct"},
            "$device_id": DEVICE,
            "$is_identified": False,
            "$insert_id": "i-1",
            "$time": 1795290670.247,
            "$session_id": "s-1",
            "$browser": "Chrome",
        },
    },
}
BATCH = json.dumps({"api_key": "wk_1", "batch": [BROWSER], "sent_at": "2026-11-21T19:51:13Z"}).encode()
LIST = json.dumps([BROWSER]).encode()


def one(event: dict[str, Any], kind: str = "batch", headers: Mapping[bytes, bytes] = {}) -> dict[str, Any]:
    (found,) = translated(POSTHOG, kind, json.dumps(event).encode(), headers=headers)
    return found


def test_every_recorded_request_is_translated() -> None:
    found = [as_golden(POSTHOG, one) for one in RECORDED]
    assert found == golden("posthog-python")
    assert [len(one["events"]) for one in found] == [10, 10, 10]


@pytest.mark.parametrize("request_", RECORDED, ids=lambda one: one.name)
def test_mutations_are_refused_or_read(request_: Recorded) -> None:
    stand_mutations(POSTHOG, request_, 1, 60)


def test_a_spoilt_event_spares_its_neighbours() -> None:
    events = [*json.loads(RECORDED[0].body)["batch"][:4], BROWSER]
    spare_neighbours(POSTHOG, "batch", events, (b'{"api_key":"wk_1","batch":[', b"]}"), 1, 150)


@pytest.mark.parametrize(
    "body",
    [
        BATCH,
        gzip.compress(BATCH),
        LIST,
        json.dumps(BROWSER).encode(),
        b"data=" + quote(b64encode(BATCH).decode(), safe="").encode(),
        b"data=" + b64encode(LIST),
        b"data=" + quote(LIST.decode()).encode() + b"&ip=1",
        b64encode(BATCH),
    ],
    ids=["json", "gzip", "list", "one", "form", "form of a list", "form of JSON", "base64"],
)
def test_all_forms_of_a_body_say_the_same(body: bytes) -> None:
    assert POSTHOG.translate is not None
    found = POSTHOG.translate(Sent("batch", b"", {}, body, LIMIT))
    assert found.key == "wk_1"
    assert json.loads(found.body)["batch"] == [NATIVE]
    assert judged(found.body).judgements == []


# One page view, as compressData of posthog-js 1.8.0 packs it where the server says that it knows lz64.
LZ64 = (
    b"data=NobwRApgbhB2AuYBcYAkAHAhgc2gSwgHcwAaMdAJwHt0IL4CBnZcAEz0YdgGN4B9PK2RhWAWgCMpMPCoBrOMMKy%2Bksqlb5uEAUJRj"
    b"VabgFcKFOPxMAbYQAt48dIyQB6Z4xs0AdBAAemALbolhDOgGzBUtxUllQmwoC8G4BLe2AAvmQM%2FhCcAejCAEwADLkAbBLiorniACriAJxI"
    b"AKziSOL5nrkALADsAFpSRkaCwkYSKQC6QA%3D%3D%3D"
)


@pytest.mark.parametrize(
    ("query", "body"), [(b"ip=1", LZ64 + b"&compression=lz64"), (b"compression=lz64&ip=1", LZ64)]
)
def test_old_browsers_pack_by_another_name(query: bytes, body: bytes) -> None:
    (event,) = translated(POSTHOG, "batch", body, query)
    assert (event["type"], event["messageId"], event["anonymousId"]) == ("page", "u-1", "d-1")
    assert event["context"]["page"] == {"url": "https://shop.example/茶"}
    assert event["properties"] == {"colour": "🛒"}
    with pytest.raises(Refused, match="lz64"):
        translated(POSTHOG, "batch", b"data=BYUw&compression=lz64")


@pytest.mark.parametrize("body", [b"", b"5", b"data=%7B", b"lz-string", b'{"batch":[', b"[{"])
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        translated(POSTHOG, "batch", body)
    assert refused.value.reason is Reason.BAD_ENVELOPE


@pytest.mark.parametrize(
    ("properties", "user", "device"),
    [
        ({"$is_identified": True, "$device_id": DEVICE, "$user_id": USER}, USER, DEVICE),
        ({"$is_identified": True, "$device_id": DEVICE}, "x", DEVICE),
        ({"$is_identified": False, "$device_id": DEVICE}, None, "x"),
        ({"$process_person_profile": False}, None, "x"),
        ({"$device_id": DEVICE}, "x", DEVICE),
        ({"$device_id": "x"}, None, "x"),
        ({"$user_id": USER}, USER, "x"),
        ({"$user_id": "x"}, "x", None),
        ({"$lib": "web"}, None, "x"),
        ({"$lib": "posthog-ruby"}, "x", None),
        ({"distinct_id": "$posthog_cookieless"}, None, "u-1"),
    ],
)
def test_whose_an_event_is(properties: dict[str, Any], user: str | None, device: str | None) -> None:
    found = one({"event": "e", "uuid": "u-1", "properties": {"distinct_id": "x", **properties}})
    assert (found.get("userId"), found.get("anonymousId")) == (user, device)


def test_a_browser_identifies_its_user() -> None:
    properties = {
        "distinct_id": USER,
        "$anon_distinct_id": DEVICE,
        "$device_id": DEVICE,
        "$is_identified": True,
        "token": "wk_1",
    }
    found = one({"event": "$identify", "uuid": "u", "$set": {"plan": "gold"}, "properties": properties})
    assert found == {
        "type": "identify",
        "messageId": "u",
        "userId": USER,
        "anonymousId": DEVICE,
        "traits": {"plan": "gold"},
        "context": {"posthog": {"$device_id": DEVICE, "$is_identified": True}},
    }


@pytest.mark.parametrize(
    ("library", "user", "former"), [("posthog-node", "a", "b"), ("posthog-python", "b", "a")]
)
def test_the_direction_of_an_alias_is_its_sdks(library: str, user: str, former: str) -> None:
    event = {"event": "$create_alias", "distinct_id": "a", "properties": {"alias": "b", "$lib": library}}
    found = one(event)
    assert (found["userId"], found["previousId"], found["type"]) == (user, former, "alias")
    del event["properties"]["$lib"]  # type: ignore[attr-defined]
    found = one(event, headers={b"posthog-sdk-info": f"{library}/7.91.1".encode()})
    assert (found["userId"], found["previousId"]) == (user, former)
    assert found["context"]["library"] == {"name": library, "version": "7.91.1"}


@pytest.mark.parametrize(
    ("distinct", "who"),
    [
        ("$company_acme", {"anonymousId": "$company_acme"}),
        ("efa6f7e9-ebe9-42d2-9102-e10abf6543e9", {"anonymousId": "$company_acme"}),
        (USER, {"userId": USER}),
    ],
)
def test_a_group_is_nobodys_unless_somebody_is_named(distinct: str, who: dict[str, str]) -> None:
    group = {"$group_type": "company", "$group_key": "acme", "$group_set": {"plan": "pro"}}
    found = one({"event": "$groupidentify", "distinct_id": distinct, "properties": group})
    assert found["groupId"] == "acme"
    assert found["traits"] == {"plan": "pro"}
    assert {name: found[name] for name in ("userId", "anonymousId") if name in found} == who


def test_a_person_is_changed_at_an_address_of_its_own() -> None:
    found = one({"$token": "wk_1", "$distinct_id": USER, "$set": {"plan": "gold"}}, "engage")
    assert found == {"type": "identify", "userId": USER, "traits": {"plan": "gold"}}


def test_an_event_without_an_id_is_known_by_its_content_and_time() -> None:
    event = {"event": "e", "distinct_id": "x", "timestamp": "2026-11-21T19:51:10Z"}
    assert one(event)["messageId"] == one(event)["messageId"] != one({**event, "event": "f"})["messageId"]
    assert "messageId" not in one({"event": "e", "distinct_id": "x"})
    assert one({"event": "e", "distinct_id": "x", "properties": {"$insert_id": "i"}})["messageId"] == "i"


@pytest.mark.parametrize(
    ("headers", "sent_at"),
    [
        ({}, "2026-11-21T19:51:13Z"),
        ({b"user-agent": b"posthog-node/5.70.0"}, None),
        ({b"posthog-request-timestamp": b"2026-11-21T20:00:00Z"}, "2026-11-21T20:00:00Z"),
    ],
)
def test_a_clock_is_set_only_by_when_this_try_was_sent(
    headers: dict[bytes, bytes], sent_at: str | None
) -> None:
    assert POSTHOG.translate is not None
    found = POSTHOG.translate(Sent("batch", b"", headers, BATCH, LIMIT))
    assert json.loads(found.body).get("sentAt") == sent_at


def test_where_the_key_is() -> None:
    assert POSTHOG.find_key({b"authorization": b"Bearer wk_1"}, b"", None) == "wk_1"
    assert POSTHOG.find_key({b"authorization": b"Basic d2s6"}, b"", "wk_2") == "wk_2"
    assert POSTHOG.find_key({}, b"", "") is None


def test_protocol_v1_has_a_result_an_event() -> None:
    judgements = [
        Judgement(1, Verdict.REJECTED, Reason.MISSING_FIELD),
        Judgement(2, Verdict.WARNING, Reason.UNPLANNED_EVENT),
    ]
    told = json.loads(POSTHOG.reply("v1", b"", ["a", "b", "c"], judgements).body)
    assert told == {"results": {"a": {"result": "ok"}, "b": {"result": "drop"}, "c": {"result": "ok"}}}
    assert POSTHOG.reply("batch", b"", ["a"], judgements).body == b'{"status":1}'


def test_nothing_is_answered_that_loses_events() -> None:
    statuses = {outcome: answer.status for outcome, answer in POSTHOG.answers.items()}
    assert {outcome for outcome, status in statuses.items() if status in (408, 429)} == set()
    assert statuses[Outcome.OVER_QUOTA] == statuses[Outcome.SLOW_BODY] == statuses[Outcome.DRAINING] == 503
    assert statuses[Outcome.BAD_ENVELOPE] == 400


@pytest.mark.parametrize("token", ["wk_1", "</script><b>", 'a"b', "\u2028"])
def test_configs_send_the_sdk_here(token: str) -> None:
    visit = Visit({"token": token}, b"", {}, "https://events.shop.example")
    configs = {(one.method, one.path): one.answer(visit) for one in POSTHOG.configs}
    config = json.loads(configs["GET", "/array/{token}/config"].body)
    assert config["supportedCompression"] == ["gzip", "gzip-js"]
    assert "http" not in json.dumps(config)
    script = configs["GET", "/array/{token}/config.js"]
    assert script.content_type == b"application/javascript"
    assert b"<" not in script.body
    assert "\u2028" not in script.body.decode()
    assert json.loads(configs["POST", "/flags"].body)["flags"] == {}
    assert json.loads(configs["POST", "/decide"].body)["featureFlags"] == {}


@pytest.mark.parametrize(
    ("body", "headers", "own"),
    [
        (b'{"api_key":"wk_1","event":"e"}', {}, True),
        (b"data=e30=", {b"user-agent": b"PostHog-python/1"}, True),
        (b"data=e30=&verbose=1", {b"user-agent": b"python-requests"}, False),
        (b'[{"event":"e","properties":{"token":"t"}}]', {}, False),
    ],
)
def test_addresses_that_are_mixpanels_too(body: bytes, headers: dict[bytes, bytes], own: bool) -> None:
    assert POSTHOG.claims(headers, body) is own
