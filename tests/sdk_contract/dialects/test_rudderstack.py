"""RudderStack's requests: what tells them from Segment's, and where their traits are."""

import json
from base64 import b64encode
from typing import Any

import pytest

from sdk_contract.bodies import unpack
from sdk_contract.dialects import Sent, Visit
from sdk_contract.dialects.known import DIALECTS
from sdk_contract.dialects.rudderstack import RUDDERSTACK, claims, configure, translate
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.judging import judge
from sdk_contract.verdicts import Reason
from tests.sdk_contract import test_captures
from tests.sdk_contract.dialects.captured import LIMIT, Recorded, events_of, mutations, recorded

RECORDED = recorded("rudder-node")
KEY = "wk_test_0123456789abcdef"
TRAITS = {"email": "zoe@example.com", "n": [1, None]}


def translated(kind: str, body: object) -> list[dict[str, Any]]:
    return events_of(translate(Sent(kind, b"", {}, json.dumps(body).encode(), LIMIT)))


@pytest.mark.parametrize("one", RECORDED, ids=[one.name for one in RECORDED])
def test_what_was_recorded_is_claimed_and_arrives_as_it_is(one: Recorded) -> None:
    sent = one.sent(RUDDERSTACK)
    assert claims(one.headers, sent.body)
    found = translate(sent)
    assert events_of(found) == json.loads(sent.body)["batch"]
    parsed = SEGMENT.parse("batch", found.body)
    assert parsed.sent_at == json.loads(sent.body)["sentAt"]
    assert judge(parsed, "batch", "B", 32 * 1024).judgements == []
    assert RUDDERSTACK.find_key(one.headers, one.query, found.key) == KEY


@pytest.mark.parametrize("one", test_captures.POSTS, ids=lambda one: one.name)
def test_nothing_of_segments_is_claimed(one: test_captures.Request) -> None:
    assert not claims(one.headers, unpack(one.body, "", LIMIT))


@pytest.mark.parametrize(
    ("headers", "body", "whose"),
    [
        ({b"anonymousid": b"YQ=="}, b"{}", True),
        ({b"user-agent": b"analytics-python/2.1.9"}, b'{"batch":[{"channel":"server"}]}', True),
        ({b"user-agent": b"analytics-python/2.4.0"}, b'{"batch":[{"type":"track"}]}', False),
        ({b"user-agent": b"analytics-node-next/latest"}, b'{"batch":[{"channel":"x"}]}', False),
        ({}, b'{"batch":[{"channel":"x"}]}', False),
    ],
)
def test_what_tells_it_from_segments(headers: dict[bytes, bytes], body: bytes, whose: bool) -> None:
    assert claims(headers, body) is whose


def test_segments_dialect_takes_what_nobody_claims() -> None:
    names = [dialect.name for dialect in DIALECTS]
    assert names.index("rudderstack") < names.index("segment")


@pytest.mark.parametrize(
    ("event", "traits"),
    [
        ({"type": "identify", "context": {"traits": TRAITS}}, TRAITS),
        ({"type": "identify", "traits": None, "context": {"traits": TRAITS}}, TRAITS),
        ({"type": "identify", "traits": {"own": 1}, "context": {"traits": TRAITS}}, {"own": 1}),
        ({"type": "identify", "context": {"traits": None}}, None),
        ({"type": "identify", "context": 7}, None),
        ({"type": "track", "event": "identify", "context": {"traits": TRAITS}}, None),
    ],
)
def test_traits_of_the_context_are_those_of_an_identify(event: dict[str, Any], traits: object) -> None:
    (found,) = translated("batch", {"batch": [event]})
    assert found.pop("traits", None) == traits
    assert found == {name: value for name, value in event.items() if name != "traits"}


@pytest.mark.parametrize("body", [{}, {"userId": "u"}, {"type": None, "userId": "u"}])
def test_one_event_is_of_the_type_of_its_address(body: dict[str, Any]) -> None:
    assert translated("page", body) == [{**body, "type": "page"}]
    assert translated("page", {"type": "track"}) == [{"type": "track"}]


def test_who_asks_for_the_configuration_is_sent_to_nobody_else() -> None:
    asked = b"p=npm&v=3&writeKey=wk_1&build=modern"
    told = json.loads(configure(Visit({}, asked, {}, "http://localhost")).body)["source"]
    assert (told["writeKey"], told["enabled"], told["destinations"]) == ("wk_1", True, [])
    assert told["config"]["statsCollection"]["errors"] == {"enabled": False}
    by_header = {b"authorization": b"Basic " + b64encode(b"wk_2:")}
    assert json.loads(configure(Visit({}, b"", by_header, "")).body)["source"]["writeKey"] == "wk_2"


@pytest.mark.parametrize("reason", [Reason.BAD_ENVELOPE, Reason.BODY_TOO_LARGE, Reason.UNKNOWN_KEY])
def test_its_python_sdk_finds_the_code_without_which_it_tries_again(reason: Reason) -> None:
    told = json.loads(RUDDERSTACK.refusal(reason, "").body)
    assert told["code"] == reason.value
    assert told["message"]


@pytest.mark.parametrize("one", RECORDED[1:2], ids=[one.name for one in RECORDED[1:2]])
def test_mutations_are_translated_or_refused(one: Recorded) -> None:
    for mutant in mutations(one.sent(RUDDERSTACK).body, seed=3, number=200):
        try:
            found = translate(Sent("batch", b"", {}, mutant, LIMIT))
        except Refused:
            continue
        native, whole = SEGMENT.parse("batch", mutant), SEGMENT.parse("batch", found.body)
        assert len(native.events) == len(whole.events)
        assert judge(whole, "batch", "B", 32 * 1024).trouble is None
