"""What the foreign dialects share."""

import json

import msgspec
import pytest
from msgspec import Raw

from sdk_contract.dialects import Answer, Dialect, Outcome, anything
from sdk_contract.dialects.known import BY_NAME, DIALECTS
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.dialects.translated import PIXEL, Native, batch, each, foreign, hashed, moment, split
from sdk_contract.errors import Refused
from sdk_contract.times import parse_time


def test_a_translated_request_is_one_that_the_native_protocol_reads() -> None:
    event = Native("track", message_id="m", anonymous_id="d", event="Buy", properties={"price": 2})
    translated = batch([event, Raw(b'{"odd":1}')], key="wk_1", sent_at="2026-11-22T08:00:00Z")
    parsed = SEGMENT.parse("batch", translated.body)
    assert translated.key == "wk_1"
    assert (parsed.key, parsed.sent_at) == (None, "2026-11-22T08:00:00Z")
    assert [json.loads(bytes(raw)) for raw in parsed.events] == [
        {
            "type": "track",
            "messageId": "m",
            "anonymousId": "d",
            "event": "Buy",
            "properties": {"price": 2},
        },
        {"odd": 1},
    ]


def test_an_event_without_an_id_is_named_by_its_content() -> None:
    assert hashed({"a": 1}) == hashed(b'{"a":1}') != hashed({"a": 2})
    assert hashed(b"").startswith("h-")


def test_the_pixel_is_a_whole_gif() -> None:
    assert len(PIXEL.body) == 43
    assert PIXEL.body.startswith(b"GIF89a")
    assert PIXEL.body.endswith(b";")


def test_a_dialect_declares_an_answer_for_every_outcome() -> None:
    with pytest.raises(ValueError, match="x: no answer for bad_envelope, unknown_key"):
        foreign(
            "x",
            (),
            answers={Outcome.ACCEPTED: Answer(200, b"ok")},
            resends=False,
            find_key=lambda headers, query, key: key,
            translate=lambda sent: batch([]),
        )


def test_names_are_unique_and_addresses_begin_with_a_slash() -> None:
    assert len(BY_NAME) == len(DIALECTS)
    for dialect in DIALECTS:
        addresses = [(route.method, route.path) for route in dialect.routes]
        for method, path in [*addresses, *((config.method, config.path) for config in dialect.configs)]:
            assert path.startswith("/")
            assert not path.endswith("/")
            assert method in ("GET", "POST")


def test_a_list_is_split_even_where_it_is_no_proper_json() -> None:
    assert [bytes(raw) for raw in split(b'[{"a":1}, {"b":2}]')] == [b'{"a":1}', b'{"b":2}']
    assert [bytes(raw) for raw in split(b'[{"a":nul}, {"b":2}]')] == [b'{"a":nul}', b'{"b":2}']
    assert [bytes(raw) for raw in split(b'{"a":1}')] == [b'{"a":1}']
    assert [bytes(raw) for raw in split(b'{"a":nul}')] == [b'{"a":nul}']
    for body in (b'[{"a":1}, {"b":2', b'{"a":[1}'):
        with pytest.raises(Refused, match="does not end"):
            split(body)


def test_an_event_that_cannot_be_translated_stays_as_it_is() -> None:
    def turn(raw: Raw) -> Native:
        return Native(msgspec.json.decode(raw, type=dict[str, str])["type"])

    good, bad = Raw(b'{"type":"track"}'), Raw(b'{"type":7}')
    assert each([good, bad, good], turn) == [Native("track"), bad, Native("track")]


def test_milliseconds_become_a_time_that_means_the_same() -> None:
    for ms in (1_795_290_683_690, 99_999_999_999, 253_402_300_799_999, 0, -1):
        assert parse_time(moment(ms)) == ms * 1000
    assert moment(10**15) == 10**15


def test_of_several_at_one_address_all_but_the_last_tell_their_requests() -> None:
    targets: dict[tuple[str, str], list[Dialect]] = {}
    for dialect in DIALECTS:
        for route in dialect.routes:
            targets.setdefault((route.method, route.path), []).append(dialect)
    shared = {address: found for address, found in targets.items() if len(found) > 1}
    assert [one.name for one in shared["POST", "/batch"]] == ["amplitude", "posthog"]
    assert [one.name for one in shared["POST", "/engage"]] == ["posthog", "mixpanel"]
    for found in shared.values():
        assert all(dialect.claims is not anything for dialect in found[:-1])
