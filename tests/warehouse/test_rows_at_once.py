"""Rows made at once are the rows made step by step."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.dialects.known import BY_NAME
from tests.collector.segments_made import RECEIVED, WORKER, batch, request, segment
from tests.warehouse.test_rows_enriched import iso
from warehouse.enrich.devices import DeviceClocks
from warehouse.request_rows import Request
from warehouse.rows import convert
from warehouse.segments import Place, segment_id

NAME = segment_id(WORKER, 1_795_298_592_515, 1)
PAGE = {"page": {"url": "https://shop.example/a?utm_source=x", "title": "A"}, "userAgent": "Mozilla/5.0"}
ORDINARY = {
    "type": "track",
    "event": "Seen",
    "messageId": "m",
    "anonymousId": "a",
    "timestamp": iso(RECEIVED),
}

TEXTS = st.sampled_from(["", "x", "Seen", None])
IDS = st.sampled_from(["", "a", "b", 7, None])
TIMES = st.sampled_from(
    [iso(RECEIVED + offset) for offset in (-90_000_000, -400_000, 0, 5_000_000, 10**13)]
    + [
        "2026-11-21T23:03:12.515+01:00",
        "2026-11-21T22:03:12.515",
        "0001-01-01T00:00:00Z",
        "soon",
        "",
        0,
        None,
    ]
)
OBJECTS = st.sampled_from([{}, {"n": 1}, {"url": "https://shop.example/b"}, None])
FIELDS = {
    "type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias", "", None]),
    "event": TEXTS, "name": TEXTS, "category": TEXTS,
    "messageId": IDS, "userId": IDS, "anonymousId": IDS, "groupId": IDS, "previousId": IDS,
    "timestamp": TIMES, "sentAt": TIMES, "originalTimestamp": TIMES,
    "properties": OBJECTS, "traits": OBJECTS, "integrations": OBJECTS,
    "context": st.sampled_from([{}, PAGE, {**PAGE, "ip": "203.0.113.9"}, {"locale": "de"}, None]),
    "channel": TEXTS, "_metadata": OBJECTS, "writeKey": TEXTS, "else": TEXTS,
}  # fmt: skip
EVENTS = st.fixed_dictionaries({}, optional=FIELDS).map(lambda fields: {**ORDINARY, **fields})
ENVELOPES = st.fixed_dictionaries({}, optional={"sentAt": TIMES, "context": st.sampled_from([PAGE, None])})


def step_by_step(self: Request, events: Any, _: int) -> Any:
    return [self._taken(sent, index, self._sheet.verdict(None)) for index, sent in enumerate(events)]


def parquets(data: bytes) -> list[Any]:
    """Of the same segment twice, since what was seen before is found again."""
    clocks = DeviceClocks()
    return [pq.read_table(io.BytesIO(convert(data, NAME, clocks=clocks).parquet)).to_pylist() for _ in "12"]


def same(bodies: list[bytes], kind: str) -> None:
    head = request(kind=kind, sent_at=iso(RECEIVED), places={0: Place("FR")}, place=Place("DE"))
    records = [(head, body, len(BY_NAME["segment"].parse(kind, body).events)) for body in bodies]
    at_once = parquets(segment(records))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Request, "_at_once", step_by_step)
        assert at_once == parquets(segment(records))


@given(st.lists(EVENTS, min_size=1, max_size=4), ENVELOPES, ENVELOPES)
@settings(max_examples=120, deadline=None)
def test_no_event_of_a_batch_has_another_row_for_being_made_at_once(
    events: list[Any], envelope: dict[str, Any], other: dict[str, Any]
) -> None:
    same([batch([*events, *events], **envelope), batch(events, **other)], "batch")


@given(st.lists(EVENTS, min_size=1, max_size=4), st.sampled_from(["track", "page", "identify"]))
@settings(max_examples=50, deadline=None)
def test_no_event_sent_alone_has_another_row_for_being_made_at_once(events: list[Any], kind: str) -> None:
    same([json.dumps(event).encode() for event in events * 2], kind)


def test_a_context_of_the_envelope_is_not_taken_for_none() -> None:
    same([batch([ORDINARY, ORDINARY]), batch([ORDINARY], context=PAGE)], "batch")


def test_an_event_without_a_type_has_that_of_its_route() -> None:
    bodies = [json.dumps({**ORDINARY, "type": of_type}).encode() for of_type in ("alias", "alias", None)]
    same([body.replace(b'"event": "Seen", ', b"") for body in bodies], "track")


@pytest.mark.parametrize("before", [0, 30_000_000, 2 * 86_400_000_000])
def test_what_is_ordinary_is_not_made_step_by_step(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    taken = Request._taken

    def counted(self: Request, sent: Any, index: int, verdict: int) -> Any:
        made.append(index)
        return taken(self, sent, index, verdict)

    monkeypatch.setattr(Request, "_taken", counted)
    events = [
        {**ORDINARY, "messageId": f"m{n}", "userId": user, "context": PAGE}
        for n, user in enumerate((None, "u"))
    ]
    record = (request(), batch(events * 5, sentAt=iso(RECEIVED - before)), 10)
    convert(segment([record, record]), NAME, clocks=DeviceClocks())
    assert made == []
