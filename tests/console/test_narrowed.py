"""What of the live events is wanted, seen and counted; and how far each of them has come."""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sdk_contract.verdicts import Judgement, Reason, Verdict
from tests.collector.segments_made import WORKER, request, segment
from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.lakes import NOON, Site
from warehouse.arrived import MINUTE_US, Wanted, minutes, senders
from warehouse.console.narrowed import narrowed
from warehouse.console.streams import Part, watched
from warehouse.lake import connect
from warehouse.rows import convert
from warehouse.segments import segment_id
from warehouse.sent import curl
from warehouse.settings import WarehouseSettings

EVENT = {
    "event": "Bought", "type": "track", "user_id": "mei@example.com", "anonymous_id": "d-1", "key_id": "k_1",
    "sdk": "analytics-python", "dialect": "segment", "verdict": "rejected", "pointer": "/a",
}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ({}, True),
        ({"event": "Bought"}, True),
        ({"event": "track"}, True),
        ({"event": "Bough"}, False),
        ({"user": "d-1"}, True),
        ({"user": "d"}, False),
        ({"key": "k_2"}, False),
        ({"sdk": "Python"}, True),
        ({"sdk": "node"}, False),
        ({"verdict": "problems"}, True),
        ({"verdict": "ok"}, False),
        ({"verdict": "of tomorrow"}, True),
        ({"event": "Bought", "verdict": "warning"}, False),
    ],
)
def test_filters_of_an_address_take_what_they_name(asked: dict[str, str], taken: bool) -> None:
    assert narrowed(asked).takes(EVENT) is taken


def test_an_address_restores_its_filter() -> None:
    found = narrowed({"event": " 茶 & tea ", "verdict": "problems", "nothing": "x"})
    assert found.address == "event=%E8%8C%B6+%26+tea&verdict=problems"
    assert found.wanted.event == "茶 & tea"
    assert "ok" not in found.wanted.verdicts


def test_a_line_of_curl_sends_it_as_a_new_event() -> None:
    line = curl('{"messageId": "m", "type": "page", "name": "it\'s"}', "page", "http://c:1/", "$KEY")
    assert line.startswith("curl http://c:1/v1/page -u $KEY: ")
    assert "messageId" not in line
    assert "'\"'\"'" in line
    assert curl("no json", "track", "http://c:1", "k") == ""


def test_a_part_is_sent_when_it_changes_and_ends_when_it_is_done() -> None:
    parts = iter([Part("a"), Part("a"), Part("b", done=True)])

    async def look() -> Part:
        return next(parts)

    async def run() -> list[str]:
        return [text async for text in watched(look, asyncio.Event(), 0.001)]

    assert asyncio.run(run()) == [
        "data: a\n\n", ": quiet\n\n", "data: b\n\n", "event: done\ndata: 1\n\n"
    ]  # fmt: skip


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three events of the last minutes, one of them refused, and one that is still in landing."""
    site = Site(tmp_path_factory.mktemp("arrived"))
    land(site, 1, LOADED)
    site.load_all()
    land(site, 2, [({"event": "Late", "userId": "mei", "messageId": "m-4"}, 2)])
    return Path(site.settings.data)


LOADED: list[tuple[dict[str, Any], int]] = [
    ({"event": "Viewed", "anonymousId": "d-1", "messageId": "m-1"}, 0),
    ({"event": "Bought", "userId": "mei", "messageId": "m-2", "properties": {"total": 1.25}}, 1),
    ({"event": "Tried", "userId": ["no"], "messageId": "m-3"}, 1),
]


def land(site: Site, number: int, events: Sequence[tuple[dict[str, Any], int]]) -> None:
    """A segment with these events, each in the minute after noon that stands beside it."""
    records = [
        (
            request(received_at=NOON + minute * MINUTE_US, judgements=judged(event["messageId"])),
            body_of(event),
            1,
        )
        for event, minute in events
    ]
    landing = convert(segment(records), segment_id(WORKER, NOON // 1000 + number, number))
    assert site.store.put_new(landing.key, landing.parquet)


def judged(message_id: str) -> list[Judgement]:
    refused = Judgement(0, Verdict.REJECTED, Reason.WRONG_TYPE, "/userId", "text")
    return [refused] if message_id == "m-3" else []


def body_of(event: dict[str, object]) -> bytes:
    return b'{"batch":[' + json.dumps({"type": "track", **event}).encode() + b"]}"


@pytest.fixture
def watching(arrived: Path) -> Iterator[Visitor]:
    found = Visitor(arrived)
    yield found
    found.registry.close()


def test_minutes_count_what_was_received_by_verdict(arrived: Path) -> None:
    with connect(WarehouseSettings(data=str(arrived)), read_only=True) as lake:
        found = minutes(lake, Wanted(), NOON + 2 * MINUTE_US, 4)
        assert [(one.at - NOON) // MINUTE_US for one in found] == [-1, 0, 1, 2]
        assert [one.ok + one.warning + one.refused for one in found] == [0, 1, 2, 0]
        bought = minutes(lake, Wanted(event="Bought"), NOON + 2 * MINUTE_US, 4)
        assert [one.ok + one.warning for one in bought] == [0, 0, 1, 0]
        (newest,) = senders(lake, "k_1", NOON)
        assert (newest.dialect, newest.sdk) == ("segment", None)


def test_explain_follows_an_event_to_its_end(watching: Visitor) -> None:
    page = watching.get("/explain/m-2").text
    for words in (
        "<code>events</code>",
        "load_seq",
        "&#34;total&#34;: 1.25",
        "curl http",
        "waits for the sessionizer",
    ):
        assert words in page, words
    assert 'hx-sse:connect="/explain/m-2/live"' in page
    told = watching.get("/explain/m-2/said").text
    assert "<html" not in told
    assert "&#34;total&#34;: 1.25" in told
    assert 'id="said">{' in told
    assert "curl http" in told
    assert "is known" in watching.get("/explain/m-9/said").text
    refused = watching.get("/explain/m-3").text
    for words in ("<code>rejected</code>", "wrong_type", "/userId", "Here its way ends"):
        assert words in refused, words
    assert "hx-sse:connect" not in refused
    waiting = watching.get("/explain/m-4").text
    assert "It has landed" in waiting
    assert 'hx-sse:connect="/explain/m-4/live"' in waiting
    missing = watching.get("/explain/%3Cb%3E")
    assert (missing.status_code, "&lt;b&gt;" in missing.text) == (404, True)


def test_each_refused_row_leads_to_what_became_of_it(watching: Visitor) -> None:
    watching.clock = NOON + MINUTE_US * 3
    assert (
        '/data/refused/rows?days=7&amp;code=wrong_type&amp;event=Tried"' in watching.get("/data/refused").text
    )
    page = watching.get("/data/refused/rows?code=wrong_type&event=Tried").text
    assert 'href="/explain/m-3"' in page
    assert "/userId" in page
    assert "m-3" not in watching.get("/data/refused/rows?code=bad_value").text


def test_explain_shows_no_key_to_those_who_manage_none(watching: Visitor) -> None:
    key = watching.registry.create_key("shop")
    assert f"-u {key.secret}:" in watching.get("/explain/m-1").text
    shut = Visitor(watching.data, console_open=False)
    shut.registry.create_user("li", "support", "test", password=CHEAP.hash("a long password here"))
    shut.signed_in("li", "a long password here")
    for page in (shut.get("/explain/m-1").text, shut.get("/explain/m-1/said").text):
        assert "curl http" in page
        assert key.secret not in page
    assert re.search("-u YOUR_WRITE_KEY:", page)
    shut.registry.close()


def test_the_page_shows_its_filter_and_follows_it(watching: Visitor) -> None:
    page = watching.get("/?event=Bought&verdict=problems").text
    assert 'hx-sse:connect="/live?event=Bought&amp;verdict=problems"' in page
    assert '<option value="problems" selected>' in page
