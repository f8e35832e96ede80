"""Mixpanel's SDKs: what they sent over the wire becomes native events, and which answers they are given."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest

from sdk_contract.bodies import unpack
from sdk_contract.dialects import Outcome, Sent
from sdk_contract.dialects.mixpanel import MIXPANEL
from sdk_contract.dialects.translated import PIXEL
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason
from tests.sdk_contract.dialects.captured import LIMIT, Recorded, recorded
from tests.sdk_contract.dialects.reading import (
    as_golden,
    golden,
    judged,
    spare_neighbours,
    stand_mutations,
    translated,
)

RECORDED = recorded("mixpanel-python")
BROWSER = {
    "event": "Buy 🛒",
    "properties": {
        "token": "wk_1",
        "distinct_id": "$device:d-1",
        "$device_id": "d-1",
        "$insert_id": "i-1",
        "time": 1795290679.174,
        "$current_url": "https://shop.example/",
        "$referrer": "$direct",
        "$os": "Linux",
        "$browser": "Chrome",
        "$screen_width": 1280,
        "mp_lib": "web",
        "$lib_version": "2.83.0",
        "utm_source": "mail",
        "price": 12.5,
    },
}
NATIVE = {
    "type": "track",
    "messageId": "i-1",
    "anonymousId": "d-1",
    "event": "Buy 🛒",
    "timestamp": "2026-11-21T19:51:19.174000Z",
    "properties": {"price": 12.5},
    "context": {
        "page": {"url": "https://shop.example/"},
        "os": {"name": "Linux"},
        "screen": {"width": 1280},
        "library": {"name": "web", "version": "2.83.0"},
        "campaign": {"source": "mail"},
        "mixpanel": {"$device_id": "d-1", "$browser": "Chrome"},
    },
}
TEXT = json.dumps(BROWSER, ensure_ascii=False)
CESU = TEXT.encode("utf-16", "surrogatepass").decode("utf-16").encode().replace(
    "🛒".encode(), b"\xed\xa0\xbd\xed\xbb\x92"
)  # fmt: skip


def one(event: dict[str, Any], kind: str = "events", query: bytes = b"") -> dict[str, Any]:
    (found,) = translated(MIXPANEL, kind, json.dumps(event).encode(), query=query)
    return found


def test_every_recorded_request_is_translated() -> None:
    found = [as_golden(MIXPANEL, one) for one in RECORDED]
    assert found == golden("mixpanel-python")
    assert [len(one["events"]) for one in found] == [1, 1, 1, 1, 1, 1, 4]


@pytest.mark.parametrize("request_", RECORDED, ids=lambda one: one.name)
def test_mutations_are_refused_or_read(request_: Recorded) -> None:
    stand_mutations(MIXPANEL, request_, 3, 30)


def test_mutations_of_what_a_form_holds() -> None:
    inner = Recorded("inner", "POST", "/track", b"", {}, unpack(RECORDED[-1].body, "", LIMIT))
    stand_mutations(MIXPANEL, inner, 3, 60)


@pytest.mark.parametrize("kind", ["events", "people", "groups"])
def test_a_spoilt_event_spares_its_neighbours(kind: str) -> None:
    person = {
        "$token": "wk_1",
        "$distinct_id": "mei",
        "$time": 1,
        "$set": {"a": 1},
        "$append": {"b": {"c": 2}},
    }
    group = {"$token": "wk_1", "$group_key": "company", "$group_id": "acme", "$time": 1, "$set": {"a": 1}}
    alias = {"event": "$create_alias", "properties": {"token": "wk_1", "distinct_id": "a", "alias": "b"}}
    three: dict[str, list[dict[str, Any]]] = {
        "events": [BROWSER, alias, BROWSER],
        "people": [person] * 3,
        "groups": [group] * 3,
    }
    spare_neighbours(MIXPANEL, kind, three[kind], (b"[", b"]"), 3, 80)


@pytest.mark.parametrize(
    "body",
    [
        TEXT.encode(),
        b"[" + TEXT.encode() + b"]",
        b"data=" + quote(TEXT).encode() + b"&verbose=1",
        b"data=" + quote(b64encode(CESU).decode(), safe="").encode() + b"&ip=1",
        b"ip=0&data=" + b64encode(b"[" + TEXT.encode() + b"]") + b"&verbose=0",
    ],
    ids=["json", "list", "form", "surrogates", "list in a form"],
)
def test_all_forms_of_a_body_say_the_same(body: bytes) -> None:
    assert MIXPANEL.translate is not None
    found = MIXPANEL.translate(Sent("events", b"", {}, body, LIMIT))
    assert found.key == "wk_1"
    assert json.loads(found.body)["batch"] == [NATIVE]
    assert judged(found.body).judgements == []


@pytest.mark.parametrize("body", [b"", b"5", b"data=%7B&x=1", b"[{", b"verbose=1"])
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        translated(MIXPANEL, "events", body)
    assert refused.value.reason is Reason.BAD_ENVELOPE


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        (1795290679.174, "2026-11-21T19:51:19.174000Z"),
        (1795290679, "2026-11-21T19:51:19Z"),
        (1795290679174, "2026-11-21T19:51:19.174Z"),
        (None, None),
    ],
)
def test_times_are_seconds_or_milliseconds_or_none(time: Any, moment: str | None) -> None:
    assert one({"event": "e", "properties": {"distinct_id": "x", "time": time}}).get("timestamp") == moment


@pytest.mark.parametrize(
    ("properties", "user", "device"),
    [
        ({"distinct_id": "mei"}, "mei", None),
        ({"distinct_id": "mei", "$user_id": "mei", "$device_id": "d"}, "mei", "d"),
        ({"distinct_id": "$device:d"}, None, "d"),
        ({"distinct_id": "d", "$device_id": "d"}, None, "d"),
        ({"distinct_id": "mei", "$device_id": "d"}, "mei", "d"),
        ({"distinct_id": 7}, 7, None),
        ({"distinct_id": "", "$device_id": None}, None, None),
    ],
)
def test_whose_an_event_is(properties: dict[str, Any], user: Any, device: Any) -> None:
    found = one({"event": "e", "properties": properties})
    assert (found.get("userId"), found.get("anonymousId")) == (user, device)


@pytest.mark.parametrize(
    ("event", "properties", "ids"),
    [
        ("$create_alias", {"distinct_id": "mei", "alias": "$device:d"}, ("alias", "mei", None, "d")),
        ("$merge", {"$distinct_ids": ["mei", "m2"]}, ("alias", "mei", None, "m2")),
        (
            "$identify",
            {"distinct_id": "mei", "$anon_distinct_id": "$device:d", "$user_id": "mei"},
            ("identify", "mei", "d", None),
        ),
        (
            "$identify",
            {"distinct_id": "x", "$identified_id": "mei", "$anon_id": "d"},
            ("identify", "mei", "d", None),
        ),
    ],
)
def test_ids_that_are_one_person(event: str, properties: dict[str, Any], ids: tuple[str | None, ...]) -> None:
    found = one({"event": event, "properties": properties})
    assert tuple(found.get(name) for name in ("type", "userId", "anonymousId", "previousId")) == ids


def test_people() -> None:
    found = one(
        {"$token": "t", "$distinct_id": "mei", "$set": {"a": 1}, "$add": {"n": 1}, "$ip": "9.9.9.9"}, "people"
    )
    assert found == {
        "type": "identify",
        "userId": "mei",
        "traits": {"a": 1},
        "context": {"ip": "9.9.9.9", "mixpanel": {"$add": {"n": 1}}},
    }


def test_a_charge_is_something_that_was_done() -> None:
    charge = {"$time": "2026-11-21T19:51:19", "$amount": 12.5, "sku": "a"}
    found = one({"$distinct_id": "mei", "$append": {"$transactions": charge, "b": 1}}, "people")
    assert found == {
        "type": "track",
        "userId": "mei",
        "event": "$transactions",
        "timestamp": "2026-11-21T19:51:19",
        "properties": {"revenue": 12.5, "sku": "a"},
        "context": {"mixpanel": {"$append": {"b": 1}}},
    }


def test_a_group_says_something_of_itself() -> None:
    found = one({"$group_key": "company", "$group_id": "acme", "$set": {"plan": "pro"}}, "groups")
    assert found == {
        "type": "group",
        "anonymousId": "$company_acme",
        "groupId": "acme",
        "traits": {"plan": "pro"},
        "context": {"mixpanel": {"$group_key": "company"}},
    }


@pytest.mark.parametrize(
    ("query", "time", "hashed"),
    [(b"verbose=1&ip=1", 1, True), (b"verbose=1", None, False), (b"verbose=0", 1, False)],
)
def test_an_event_without_an_id_is_hashed_only_for_who_sends_again(
    query: bytes, time: Any, hashed: bool
) -> None:
    found = one({"event": "e", "properties": {"distinct_id": "x", "time": time}}, query=query)
    assert ("messageId" in found) is hashed


@pytest.mark.parametrize(
    ("query", "body", "answer"),
    [
        (b"", b"data=%5B%5D", b"1"),
        (b"verbose=1&ip=1&_=5", b"data=%5B%5D", b'{"status":1,"error":null}'),
        (b"", b"data=%5B%5D&verbose=1&ip=0", b'{"status":1,"error":null}'),
        (b"", b'[{"verbose=1":0}]', b"1"),
        (b"verbose=10", b"data=%5B%5D", b"1"),
        (b"data=e30=&img=1", b"data=%5B%5D", PIXEL.body),
    ],
)
def test_the_answer_that_was_asked_for(query: bytes, body: bytes, answer: bytes) -> None:
    assert MIXPANEL.translate is not None
    kind = MIXPANEL.translate(Sent("events", query, {}, body, LIMIT)).kind
    assert MIXPANEL.reply(kind or "", query, [], []).body == answer


IMPORTED = [
    {"event": "Bought", "properties": {"distinct_id": "mei", "time": 1795290679, "$insert_id": "i-1"}},
    {"event": "Bought", "properties": {"distinct_id": "mei", "time": "soon", "$insert_id": "i-2"}},
    {"event": "Bought", "properties": {"distinct_id": "li", "time": 1795290679174, "$insert_id": "i-3"}},
]


def imported(query: bytes, body: bytes) -> tuple[int, dict[str, Any]]:
    """What an import is answered, once its events have been judged."""
    assert MIXPANEL.translate is not None
    found = MIXPANEL.translate(Sent("import", query, {}, body, LIMIT))
    told = judged(found.body)
    answer = MIXPANEL.reply(found.kind or "", query, told.message_ids, told.judgements)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("query", [b"strict=1", b"", b"strict=1&project_id=7&verbose=1"])
def test_an_import_is_told_which_of_its_events_failed(query: bytes) -> None:
    status, told = imported(query, json.dumps(IMPORTED).encode())
    (failed,) = told.pop("failed_records")
    assert (status, told) == (
        400,
        {
            "code": 400,
            "status": "Bad Request",
            "error": "some data points in the request failed validation",
            "num_records_imported": 2,
        },
    )
    assert (failed["index"], failed["insert_id"], failed["field"]) == (1, "i-2", "properties.time")
    assert "soon" not in failed["message"]


def test_an_import_that_is_good_or_not_strict_is_well_answered() -> None:
    assert imported(b"strict=0", json.dumps(IMPORTED).encode()) == (
        200,
        {"code": 200, "num_records_imported": 2, "status": "OK"},
    )
    whole = json.dumps(IMPORTED[::2]).encode()
    assert imported(b"strict=1", whole) == (200, {"code": 200, "num_records_imported": 2, "status": "OK"})


def test_an_import_may_have_an_event_a_line() -> None:
    lines = [json.dumps(event) for event in IMPORTED]
    assert imported(b"strict=1", "\r\n".join(lines).encode() + b"\n") == imported(
        b"strict=1", json.dumps(IMPORTED).encode()
    )
    for spoilt in ('{"event": "Torn', '{"event":\r"Torn"', '{"event": "Torn"}}', '{"event": "Torn"} {', "{"):
        status, told = imported(b"strict=1", "\n".join([lines[0], spoilt, lines[2]]).encode())
        assert (status, told["num_records_imported"]) == (400, 2)
        assert [one["index"] for one in told["failed_records"]] == [1]
    spread = json.dumps(IMPORTED[0], indent=2).encode()
    assert imported(b"strict=1", spread)[1]["num_records_imported"] == 1


def test_an_import_of_an_sdk_is_answered_as_its_other_calls() -> None:
    form = b"data=" + quote(json.dumps(IMPORTED[0])).encode()
    assert MIXPANEL.translate is not None
    for query, more, answer in ((b"", b"&verbose=1", b'{"status":1,"error":null}'), (b"", b"", b"1")):
        kind = MIXPANEL.translate(Sent("import", query, {}, form + more, LIMIT)).kind
        assert MIXPANEL.reply(kind or "", query, ["i-1"], []).body == answer


@pytest.mark.parametrize(
    ("credentials", "properties", "key"),
    [(b"c2VjOg==", {"token": "wk_1"}, "wk_1"), (b"d2tfMjo=", {}, "wk_2"), (b"***", {}, "")],
)
def test_the_secret_of_an_import_is_a_key_only_where_there_is_no_other(
    credentials: bytes, properties: dict[str, str], key: str
) -> None:
    headers = {b"authorization": b"Basic " + credentials}
    assert MIXPANEL.find_key(headers, b"", None) is None
    body = json.dumps({"event": "e", "properties": properties}).encode()
    assert MIXPANEL.translate is not None
    assert MIXPANEL.translate(Sent("events", b"", headers, body, LIMIT)).key == key


def test_nothing_is_answered_that_loses_events() -> None:
    statuses = {outcome: answer.status for outcome, answer in MIXPANEL.answers.items()}
    assert {outcome for outcome, status in statuses.items() if status in (408, 429)} == set()
    assert statuses[Outcome.OVER_QUOTA] == statuses[Outcome.DRAINING] == 503
