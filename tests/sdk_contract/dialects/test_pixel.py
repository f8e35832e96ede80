"""Segment's pixels."""

import json
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from sdk_contract.dialects import Sent
from sdk_contract.dialects.pixel import PIXEL, translate
from sdk_contract.errors import Refused
from tests.sdk_contract.dialects.captured import LIMIT, events_of, mutations

EVENT = {"writeKey": "wk_1", "userId": "u", "event": "Email Opened 茶", "properties": {"subject": "a&b"}}


def asked(event: object, kind: str = "track") -> Sent:
    data = b64encode(json.dumps(event, ensure_ascii=False).encode()).decode()
    query = urlencode({"data": data, "r": "1"}).encode()
    return Sent(kind, query, {}, query, LIMIT)


def test_a_pixel_is_one_event_of_the_type_of_its_address() -> None:
    found = translate(asked(EVENT))
    assert found.key == "wk_1"
    assert events_of(found) == [{**EVENT, "type": "track"}]
    assert {route.path for route in PIXEL.routes} >= {"/v1/pixel/track", "/v1/pixel/page"}


def test_it_is_answered_with_an_image() -> None:
    assert PIXEL.reply("track", b"", ["m"], []).content_type == b"image/gif"


@pytest.mark.parametrize("query", [b"", b"data=", b"data=%25%25%25", b"data=W10="])
def test_what_holds_no_event_is_refused(query: bytes) -> None:
    with pytest.raises(Refused):
        translate(Sent("track", query, {}, query, LIMIT))


def test_mutations_are_translated_or_refused() -> None:
    for query in mutations(asked(EVENT).body, seed=4, number=200):
        try:
            found = translate(Sent("track", query, {}, query, LIMIT))
        except Refused:
            continue
        assert found.body.startswith(b'{"batch":[')
