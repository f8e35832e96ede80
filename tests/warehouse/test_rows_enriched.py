"""Rows: what the door knows of a request, what enrichment adds, what cleaning changes, what is not kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from sdk_contract.verdicts import Judgement, Reason, Verdict
from tests.collector.segments_made import RECEIVED, batch, request, segment, track
from tests.warehouse.test_rows import CHROME, NAME, one_row, rows_of
from warehouse import request_rows
from warehouse.enrich.devices import DeviceClocks
from warehouse.enrich.event import MOMENT
from warehouse.rows import convert
from warehouse.segments import Place


def iso(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat()


def test_what_the_door_knows_of_a_request_stands_in_each_of_its_rows() -> None:
    head = request(
        place=Place("CN", "Shanghai", "Shanghai"),
        places={1: Place("DE")},
        visitor="v1",
        signals="gpc,dnt",
        privacy="standard@3",
        kind="batch",
    )
    found = rows_of(segment([(head, batch([track("a"), track("b")]), 2)]))
    for row in found:
        door = (row["visitor_id"], row["signals"], row["privacy"], row["kind"])
        assert door == ("v1", "gpc,dnt", "standard@3", "batch")
    assert [(row["country"], row["region"], row["city"]) for row in found] == [
        ("CN", "Shanghai", "Shanghai"),
        ("DE", None, None),
    ]


def test_of_a_filtered_event_nothing_of_the_person_is_kept() -> None:
    event = track("m", anonymousId="a", groupId="g", context={"userAgent": CHROME, "ip": "198.51.100.7"})
    head = request(
        judgements=[Judgement(0, Verdict.FILTERED, Reason.CONSENT)],
        user_agent=CHROME,
        place=Place("CN"),
        visitor="v1",
    )
    row = one_row(event, head)
    kept = {name for name, value in row.items() if value is not None}
    assert kept == {
        *("project", "key_id", "key_no", "dialect", "segment_id", "record", "index", "verdict", "reason"),
        *("message_id", "type", "timestamp", "received_at", "kind"),
    }


def test_a_body_that_was_sealed_is_one_refused_row() -> None:
    judged = [Judgement(0, Verdict.REJECTED, Reason.BAD_ENVELOPE, "", "JSON")]
    head = request(judgements=judged, sealed=True, user_agent=CHROME, place=Place("CN"))
    [row] = rows_of(segment([(head, b'"sj:seal:k1:abc_-"', 1)]))
    assert (row["verdict"], row["reason"], row["raw"]) == ("rejected", "bad_envelope", "sj:seal:k1:abc_-")
    assert (row["message_id"], row["expected"]) == ("abcdefghijklmnopqrstuv-0", "JSON")
    assert (row["ip"], row["user_agent"], row["country"]) == ("203.0.113.0", CHROME, "CN")


def test_an_event_that_was_sealed_within_its_batch_is_its_token() -> None:
    judged = [Judgement(0, Verdict.REJECTED, Reason.TOO_DEEP)]
    [row, other] = rows_of(segment([(request(judgements=judged), batch(["sj:seal:k1:abc", track("b")]), 2)]))
    assert (row["verdict"], row["raw"], other["verdict"]) == ("rejected", "sj:seal:k1:abc", "ok")


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"context": {"locale": "en"}}, {"locale": "en"}), ({}, {"locale": "zh"}), ({"context": 7}, None)],
)
def test_the_context_of_a_refused_event_is_its_own_or_the_envelopes(given: Any, expected: Any) -> None:
    head = request(judgements=[Judgement(0, Verdict.REJECTED, Reason.WRONG_TYPE)])
    row = one_row({**track("m"), "userId": {}, **given}, head, context={"locale": "zh"})
    assert (json.loads(row["context"]) if row["context"] else None) == expected


class Plan:
    """A compiled plan as far as cleaning goes."""

    def __init__(self, **cleaners: str) -> None:
        self._cleaners: dict[tuple[str, ...], str] = {(name,): kind for name, kind in cleaners.items()}

    def cleaners(self, of_type: str, name: str | None) -> Mapping[tuple[str, ...], str]:
        known = (of_type, name) in (("track", "Seen"), ("identify", None))
        return self._cleaners if known else {}


def plans(project: str, version: str) -> Plan | None:
    known = {("shop", "v7"): Plan(price="number", currency="currency", region="region", email="email")}
    return known.get((project, version))


SENT = {"price": "￥99", "currency": "rmb", "note": "N/A"}


def test_values_are_cleaned_by_the_plan_that_judged_the_event() -> None:
    head = request(plan_version="v7")
    row = one_row(track("m", properties=SENT), head, plans)
    assert row["properties"] == '{"price":99,"currency":"CNY","note":"N/A"}'
    assert json.loads(row["uncleaned"]) == {"/properties/price": "￥99", "/properties/currency": "rmb"}
    identify = {"type": "identify", "userId": "u", "traits": {"region": "北京市", "email": " A@B.cn"}}
    row = one_row(identify, head, plans)
    assert row["traits"] == '{"region":"北京","email":"a@b.cn"}'
    assert json.loads(row["uncleaned"]) == {"/traits/region": "北京市", "/traits/email": " A@B.cn"}


@pytest.mark.parametrize(
    ("head", "event"),
    [
        (request(), track("m", properties=SENT)),
        (request(plan_version="v6"), track("m", properties=SENT)),
        (request(plan_version="v7"), {**track("m", properties=SENT), "event": "Other"}),
        (
            request(plan_version="v7", judgements=[Judgement(0, Verdict.REJECTED, Reason.PLAN_VIOLATION)]),
            track("m", properties=SENT),
        ),
    ],
)
def test_without_a_plan_and_in_what_was_refused_nothing_is_cleaned(head: Any, event: Any) -> None:
    row = one_row(event, head, plans)
    assert row["uncleaned"] is None
    assert row["properties"] in (None, json.dumps(SENT, ensure_ascii=False))


def test_a_page_says_where_the_visit_came_from() -> None:
    page = {
        "url": "https://s.example/tea?utm_source=baidu&utm_medium=cpc&bd_vid=x1",
        "referrer": "https://www.baidu.com/",
    }
    row = one_row({"type": "page", "anonymousId": "a", "context": {"page": page}})
    assert (row["page_host"], row["page_path"]) == ("s.example", "/tea")
    assert row["page_search"] == "?utm_source=baidu&utm_medium=cpc&bd_vid=x1"
    assert (row["campaign_source"], row["campaign_medium"]) == ("baidu", "cpc")
    assert (row["click_id_kind"], row["click_id"], row["channel"]) == ("bd_vid", "x1", "Paid Search")
    assert (row["referrer_host"], row["referrer_class"], row["referrer_source"]) == (
        *("www.baidu.com", "search", "Baidu"),
    )
    other = one_row({"type": "identify", "anonymousId": "a", "context": {"page": page}})
    assert (other["page_url"], other["channel"], other["campaign_source"]) == (page["url"], None, None)


def test_bots_are_marked_and_kept() -> None:
    row = one_row(track("m", context={"userAgent": CHROME, "webdriver": True}))
    assert (row["is_bot"], row["bot_reason"], row["verdict"]) == (True, "automation", "ok")


def clicks(*at: int) -> list[dict[str, Any]]:
    return [track(f"m{one}", anonymousId="a", timestamp=iso(RECEIVED + one)) for one in at]


def test_repeated_clicks_are_marked() -> None:
    found = rows_of(segment([(request(), batch(clicks(0, 300_000, 2_000_000)), 3)]))
    assert [row["repeated"] for row in found] == [False, True, False]
    without = rows_of(segment([(request(), batch([{**clicks(0)[0], "anonymousId": None}]), 1)]))
    assert without[0]["repeated"] is None


def test_devices_are_remembered_over_requests_and_segments_where_that_is_wanted() -> None:
    first, second = (segment([(request(), batch(clicks(at)), 1)]) for at in (0, 500_000))
    assert not any(rows_of(data)[0]["repeated"] for data in (first, second))
    clocks = DeviceClocks()
    parquets = [convert(data, NAME, clocks=clocks).parquet for data in (first, second)]
    assert parquets[0] == convert(first, NAME).parquet
    assert parquets[1] != convert(second, NAME).parquet
    assert len(clocks) == 1


def test_the_four_times_of_an_event_are_kept() -> None:
    event = track("m", timestamp=iso(RECEIVED + 3_600_000_000), anonymousId="a")
    row = one_row(event, request(sent_at=iso(RECEIVED + 3_601_000_000)))
    moments = {
        name: row[name].timestamp() * 1e6 - RECEIVED
        for name in ("original_timestamp", "sent_at", "received_at", "timestamp")
    }
    assert moments == pytest.approx(
        {"original_timestamp": 3.6e9, "sent_at": 3.601e9, "received_at": 0, "timestamp": -1e6}, abs=5
    )
    assert (row["clock"], row["clock_offset"]) == ("skewed", -3_601_000_000)


def test_a_fault_of_ours_is_told_and_costs_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(event: Any, *_: object, taken: bool) -> Any:
        if event.message_id == "b":
            raise RuntimeError("a mistake of ours that quotes 13800138000")
        return (RECEIVED, *(None for _ in MOMENT[1:]))

    monkeypatch.setattr(request_rows, "moment_of", fail)
    data = segment([(request(), batch([track("a"), track("b")]), 2)])
    landing = convert(data, NAME)
    assert (landing.unprocessed, landing.count.events) == (1, 2)
    assert landing.trouble is not None
    assert landing.trouble.startswith("RuntimeError in fail, line ")
    good, hit = rows_of(data)
    assert (good["verdict"], hit["verdict"], hit["reason"]) == ("ok", "damaged", "unprocessed")
    assert (hit["raw"], hit["message_id"], hit["project"]) == (json.dumps(track("b")), "b", "shop")
    assert convert(b"", NAME).trouble is None


def test_a_request_that_cannot_be_read_any_more_is_told() -> None:
    landing = convert(segment([(request(dialect="unheard-of"), batch([track("a")]), 1)]), NAME)
    assert (landing.unprocessed, landing.trouble) == (1, "a request reads differently than at the door")
