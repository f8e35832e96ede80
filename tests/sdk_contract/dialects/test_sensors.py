"""What SDKs of Sensors Analytics send becomes native events."""

import json
from base64 import b64encode
from gzip import compress
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from sdk_contract.dialects import Outcome, Sent, Visit
from sdk_contract.dialects.forms import payload
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.dialects.sensors import SENSORS, configure, translate
from sdk_contract.errors import Refused
from sdk_contract.judging import judge
from sdk_contract.queries import fields
from sdk_contract.verdicts import Reason
from tests.sdk_contract.dialects.captured import LIMIT, Recorded, events_of, mutations, recorded

RECORDED = recorded("sensors-python")
TIME = 1_795_290_683_690
LIBRARY = {"library": {"name": "python", "version": "1.11.0"}, "app": {"version": "1.2.3"}}
LIB = {"$lib": "js", "$lib_version": "1.27.11", "$lib_method": "code"}


def form(text: bytes, name: str = "data_list", **more: str) -> Sent:
    body = urlencode({name: b64encode(text).decode(), **more}).encode()
    return Sent("sa", b"project=shop", {}, body, LIMIT)


def translated(*events: object) -> list[dict[str, Any]]:
    return events_of(translate(form(json.dumps(events).encode())))


def one(**event: Any) -> dict[str, Any]:
    (found,) = translated({"type": "track", "distinct_id": "d1", "time": TIME, **event})
    return found


@pytest.mark.parametrize("request_", RECORDED, ids=[request.name for request in RECORDED])
def test_what_was_recorded_is_accepted_whole(request_: Recorded) -> None:
    found = translate(request_.sent(SENSORS))
    judged = judge(SEGMENT.parse("batch", found.body), "batch", "B", 32 * 1024)
    assert judged.judgements == []
    assert len(set(judged.message_ids)) == len(judged.message_ids) > 0
    assert SENSORS.find_key(request_.headers, request_.query, found.key) == "tok123"


def test_each_recorded_call_in_native_words() -> None:
    found: list[Any] = events_of(translate(RECORDED[0].sent(SENSORS)))
    plain = ("messageId", "context", "timestamp")
    env, user = {"env": "prod"}, {"userId": "user-42"}
    assert [{name: event[name] for name in event if name not in plain} for event in found[:5]] == [
        {
            "type": "track",
            "event": "ProductViewed",
            **user,
            "properties": {
                **env,
                "str": "naïve café 🛒 日本語",
                "int": 7,
                "float": 12.5,
                "yes": True,
                "list": ["a", "b"],
                "when": "2024-02-03 04:05:06.789",
            },
        },
        {"type": "page", "name": "首页", "anonymousId": "anon-7f3c", "properties": env},
        {"type": "screen", "name": "Main", **user, "properties": env},
        {"type": "alias", "previousId": "anon-7f3c", **user, "properties": {**env, "channel": "web"}},
        {"type": "identify", **user, "traits": {"name": "Zoë 名前", "email": "zoe@example.com", "age": 33}},
    ]
    assert [event["context"]["sensors"].get("type") for event in found] == [
        None, None, None, "track_signup", "profile_set", "profile_set_once", "profile_increment",
        "profile_append", "profile_unset", None, "item_set", None, "track_id_bind", None, None,
    ]  # fmt: skip
    assert found[0]["context"].items() >= {**LIBRARY, "ip": "203.0.113.9"}.items()
    assert found[0]["timestamp"] == "2026-11-21T19:51:23.690Z"
    assert found[6]["context"]["sensors"]["profile_increment"] == {"logins": 1}
    assert found[9]["timestamp"] == "2024-02-03T04:05:06.789Z"
    assert found[9]["properties"].items() >= {"revenue": 129.95, "currency": "EUR"}.items()
    assert (found[10]["type"], found[10]["groupId"], found[10]["traits"]) == (
        "group",
        "book:p1",
        {"name": "Bücher"},
    )
    assert found[12]["traits"] == {"email": "zoe@example.com"}


def test_a_page_view_of_a_browser_and_what_stands_around_it() -> None:
    found = one(
        event="$pageview",
        anonymous_id="d1",
        login_id="mei",
        distinct_id="mei",
        identities={"$identity_cookie_id": "d1", "$identity_login_id": "mei"},
        _track_id=123456789,
        _flush_time=TIME + 5,
        lib=LIB,
        properties={
            "$url": "https://shop.example/p?q=茶",
            "$url_path": "/p",
            "$title": "茶",
            "$referrer": "",
            "$utm_source": "wechat",
            "$utm_campaign": "spring",
            "$screen_width": 1280,
            "$screen_height": 800,
            "$os": "iOS",
            "$os_version": "19.1",
            "$model": "iPhone",
            "$ip": "203.0.113.9",
            "$is_first_day": True,
            "own": None,
        },
    )
    assert (found["type"], found["name"], found["userId"], found["anonymousId"]) == (
        "page",
        "茶",
        "mei",
        "d1",
    )
    assert found["sentAt"] == "2026-11-21T19:51:23.695Z"
    assert found["properties"] == {"own": None}
    assert found["context"] == {
        "page": {"url": "https://shop.example/p?q=茶", "path": "/p", "title": "茶"},
        "campaign": {"source": "wechat", "name": "spring"},
        "screen": {"width": 1280, "height": 800},
        "os": {"name": "iOS", "version": "19.1"},
        "device": {"model": "iPhone"},
        "ip": "203.0.113.9",
        "library": {"name": "js", "version": "1.27.11"},
        "sensors": {
            "$is_first_day": True,
            "identities": {"$identity_cookie_id": "d1", "$identity_login_id": "mei"},
            "lib": {"$lib_method": "code"},
        },
    }


@pytest.mark.parametrize(
    ("event", "ids"),
    [
        ({}, {"anonymousId": "d1"}),
        ({"properties": {"$is_login_id": True}}, {"userId": "d1"}),
        ({"login_id": "", "anonymous_id": None}, {"anonymousId": "d1"}),
        ({"login_id": 42}, {"userId": 42}),
        ({"identities": {"$identity_mp_openid": "o1"}}, {"anonymousId": "o1"}),
        ({"type": "track_signup", "original_id": "a1"}, {"userId": "d1", "previousId": "a1"}),
        (
            {"type": "track_signup", "original_id": "a1", "anonymous_id": "a1", "login_id": "d1"},
            {"userId": "d1", "previousId": "a1", "anonymousId": "a1"},
        ),
        (
            {
                "type": "track_id_unbind",
                "identities": {"$identity_login_id": "d1", "$identity_cookie_id": "c"},
            },
            {"userId": "d1"},
        ),
        ({"type": "profile_set", "anonymous_id": "a1"}, {"anonymousId": "a1"}),
        ({"type": "item_delete", "item_type": "t", "item_id": 7}, {"anonymousId": "$item", "groupId": "t:7"}),
    ],
)
def test_whose_an_event_is(event: dict[str, Any], ids: dict[str, object]) -> None:
    found = one(event="E", **event)
    names = ("userId", "anonymousId", "previousId", "groupId")
    assert {name: found[name] for name in names if name in found} == ids


def test_what_a_person_is_set_to_becomes_traits() -> None:
    found = one(type="profile_set", properties={"$name": "梅", "$city": "上海", "vip": True})
    assert found["traits"] == {"name": "梅", "city": "上海", "vip": True}
    assert "properties" not in found


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize("name", ["data", "data_list"])
def test_all_carriers_say_the_same(packed: bool, spaced: bool, name: str) -> None:
    event = {"type": "track", "event": "E>>>???茶", "distinct_id": "d", "time": TIME}
    text = json.dumps(event if name == "data" else [event], ensure_ascii=False).encode()
    value = b64encode(compress(text, mtime=0) if packed else text).decode()
    body = f"crc=-1&gzip={int(packed)}&{name}={value if spaced else quote(value, safe='')}".encode()
    (found,) = events_of(translate(Sent("sa", b"", {}, body, LIMIT)))
    assert (found["event"], found["anonymousId"]) == ("E>>>???茶", "d")


def test_equal_events_of_one_request_are_several_and_the_same_when_sent_again() -> None:
    event = {"type": "track", "event": "E", "distinct_id": "d", "time": TIME}
    first, second = (item["messageId"] for item in translated(event, event))
    assert first != second
    assert [item["messageId"] for item in translated(event, event)] == [first, second]


def test_a_tracks_number_names_it_together_with_what_it_is() -> None:
    again = one(event="E", _track_id=1, _flush_time=TIME)["messageId"]
    assert again == one(event="E", _track_id=1, _flush_time=TIME + 9)["messageId"]
    others = [
        one(event="F", _track_id=1),
        one(event="E", _track_id=2),
        one(event="E", _track_id=1, time=TIME + 1),
    ]
    assert len({again, *(other["messageId"] for other in others)}) == 4


def test_an_event_that_cannot_be_read_costs_no_other_its_place() -> None:
    good = {"type": "track", "event": "E", "distinct_id": "d", "time": TIME}
    bad: list[Any] = [None, 7, {**good, "type": "odd"}, {**good, "properties": 3}, {**good, "time": "noon"}]
    found = SEGMENT.parse("batch", translate(form(json.dumps([good, *bad, good]).encode())).body)
    assert [one.index for one in judge(found, "batch", "B", 32 * 1024).judgements] == [1, 2, 3, 4, 5]
    assert json.loads(bytes(found.events[4])) == bad[3]


@pytest.mark.parametrize(
    "body", [b"", b"gzip=1", b"data=%00", b"data_list=W3siYSI6", b"{}", b"data=e30&gzip=9"]
)
def test_what_holds_no_events_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        translate(Sent("sa", b"", {}, body, LIMIT))
    assert caught.value.reason is Reason.BAD_ENVELOPE


def test_what_is_encrypted_is_told_so() -> None:
    with pytest.raises(Refused, match="encrypted"):
        translate(form(b"[]", gzip="9"))


def test_a_program_that_is_tried_out_keeps_nothing() -> None:
    sent = form(b'[{"type":"track"}]')
    assert events_of(translate(Sent("sa", b"", {b"dry-run": b"true"}, sent.body, LIMIT))) == []


def test_the_key_stands_in_the_address_or_in_the_event() -> None:
    assert SENSORS.find_key({}, b"project=p&token=t", None) == "t"
    assert SENSORS.find_key({}, b"data=" + b"x" * 10_000 + b"&project=p", None) == "p"
    assert SENSORS.find_key({}, b"", "k") == "k"
    assert translate(form(b'[{"project":"p","token":null}]')).key == "p"
    assert translate(form(b"[7,null,7]")).key is None


def test_nobody_loses_events_or_tries_for_ever() -> None:
    """A phone deletes what it sent on every status but these; a page repeats on every status but 200."""
    for outcome, answer in SENSORS.answers.items():
        assert answer.status in (200, 403, 503)
        assert (answer.status == 200) == (outcome in ("accepted", "bad_envelope", "too_large"))


def test_a_pixel_is_answered_with_an_image_and_a_phone_with_how_to_behave() -> None:
    assert SENSORS.reply("pixel", b"", ["x"], []).content_type == b"image/gif"
    assert SENSORS.reply("sa", b"", ["x"], []) == SENSORS.answers[Outcome.ACCEPTED]
    told = json.loads(configure(Visit({"system": "iOS"}, b"v=1", {}, "http://localhost")).body)
    assert told["configs"]["disableSDK"] is False


@pytest.mark.parametrize("request_", RECORDED[:2], ids=[request.name for request in RECORDED[:2]])
def test_mutations_are_translated_or_refused(request_: Recorded) -> None:
    found = fields(request_.sent(SENSORS).body)
    text = payload(found.get(b"data_list") or found[b"data"], LIMIT)
    bodies = [form(mutant).body for mutant in mutations(text, seed=1, number=150)]
    for body in (*bodies, *mutations(request_.body, seed=2, number=100)):
        try:
            body = translate(Sent("sa", b"", {}, body, LIMIT)).body
        except Refused:
            continue
        assert judge(SEGMENT.parse("batch", body), "batch", "B", 32 * 1024).trouble is None
