"""The web SDK's pixel."""

from urllib.parse import urlencode

import pytest

from sdk_contract.dialects import Sent
from sdk_contract.dialects.noscript import NOSCRIPT, translate
from tests.sdk_contract.dialects.captured import LIMIT, events_of, mutations

AGENT = {b"user-agent": b"Lynx/2.9", b"accept-language": b"de"}


def asked(query: dict[str, str], headers: dict[bytes, bytes]) -> Sent:
    text = urlencode(query).encode()
    return Sent("page", text, headers, text, LIMIT)


def test_the_address_says_everything() -> None:
    query = {
        "writeKey": "wk",
        "anonymousId": "d",
        "userId": "u",
        "messageId": "m",
        "name": "茶",
        "title": "A & B",
    }
    (event,) = events_of(translate(asked(query, AGENT)))
    assert event == {
        "type": "page",
        "messageId": "m",
        "userId": "u",
        "anonymousId": "d",
        "name": "茶",
        "context": {"page": {"title": "A & B"}, "library": {"name": "sojourn-pixel"}},
    }
    assert NOSCRIPT.find_key({}, b"writeKey=wk", None) == "wk"


def test_else_the_page_that_shows_it_and_one_device_for_all_that_look_alike() -> None:
    page = {b"referer": b"https://shop.example/a?b=1"}
    first, again = (events_of(translate(asked({}, {**AGENT, **page})))[0] for _ in range(2))
    (other,) = events_of(translate(asked({}, {b"user-agent": b"w3m"})))
    assert first["context"] == {
        "page": {"url": "https://shop.example/a?b=1"},
        "library": {"name": "sojourn-pixel"},
    }
    assert first["anonymousId"] == again["anonymousId"] != other["anonymousId"]


@pytest.mark.parametrize("signal", [b"sec-gpc", b"dnt"])
def test_who_asks_to_be_let_alone_is(signal: bytes) -> None:
    assert events_of(translate(asked({}, {**AGENT, signal: b"1"}))) == []
    assert len(events_of(translate(asked({}, {**AGENT, signal: b"0"})))) == 1


def test_mutations_are_translated() -> None:
    for query in mutations(asked({"anonymousId": "d", "url": "https://a/茶"}, {}).body, seed=5, number=200):
        assert len(events_of(translate(Sent("page", query, AGENT, query, LIMIT)))) == 1
