"""Requests of foreign protocols through a real door: what is kept of them is native."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.collector.running import Running, running

TP2 = "/com.snowplowanalytics.snowplow/tp2"
HEADERS = {"user-agent": "Mozilla/5.0", "origin": "https://shop.example"}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("door"), policy="keep") as found:
        found.client = httpx.Client(base_url=found.url, timeout=20, trust_env=False)
        yield found


def event(door: Running, **more: str) -> dict[str, str]:
    return {"e": "se", "aid": door.key.secret, "se_ac": "add", "duid": "d", "eid": "e"} | more


def posted(door: Running, *events: object, path: str = TP2, **headers: str) -> Any:
    content = json.dumps({"schema": "x", "data": events}).encode()
    return door.client.post(path, content=content, headers=HEADERS | headers)


@pytest.mark.parametrize("path", [TP2, TP2 + "/", "/snowplow" + TP2])
def test_a_foreign_request_is_kept_as_native_events(door: Running, path: str) -> None:
    answer = posted(door, event(door, eid="m1"), event(door, eid="m2"), path=path)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    record = door.records()[-1]
    assert (record.head.dialect, record.head.kind, record.events) == ("snowplow", "batch", 2)
    assert [one["messageId"] for one in json.loads(record.body)["batch"]] == ["m1", "m2"]
    assert door.key.secret not in record.body.decode()


def test_a_pixel_is_an_event_and_an_image(door: Running) -> None:
    answer = door.client.get("/i", params=event(door, eid="p1"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(door.records()[-1].body)["batch"][0]["messageId"] == "p1"
    assert door.client.post("/i").status_code == 405
    assert door.client.get(TP2).headers["allow"] == "POST, OPTIONS"


def test_who_asks_to_stay_unknown_leaves_no_address(door: Running) -> None:
    posted(door, event(door))
    assert door.records()[-1].head.ip == "127.0.0.1"
    posted(door, event(door), **{"sp-anonymous": "*"})
    assert door.records()[-1].head.ip is None


def test_what_cannot_be_read_is_kept_under_its_key(door: Running) -> None:
    before = len(door.records())
    assert door.client.post(f"{TP2}?writeKey={door.key.secret}", content=b'{"data":{}}').status_code == 400
    assert [record.head.sealed for record in door.records()[before:]] == [True]


def test_what_cannot_be_read_and_names_no_key_is_not_kept(door: Running) -> None:
    before = len(door.records())
    assert door.client.post(TP2, content=b'{"data":{}}').status_code == 400
    assert posted(door, {"e": "pv", "eid": "x", "aid": "nobody"}).status_code == 401
    assert len(door.records()) == before


def test_a_shared_address_is_segments_where_nobody_claims_it(door: Running) -> None:
    body = {
        "batch": [{"type": "identify", "userId": "u", "channel": "server", "context": {"traits": {"a": 1}}}]
    }
    for agent, whose, traits in (("analytics-python/2.1.9", "rudderstack", {"a": 1}), ("x", "segment", None)):
        auth = (door.key.secret, "")
        answer = door.client.post("/v1/batch", json=body, headers={"user-agent": agent}, auth=auth)
        assert answer.json()["accepted"] == 1
        record = door.records()[-1]
        assert record.head.dialect == whose
        assert json.loads(record.body)["batch"][0].get("traits") == traits


def test_a_shared_address_goes_by_the_shape_of_the_body(door: Running) -> None:
    key = door.key.secret
    amplitude = {"api_key": key, "events": [{"event_type": "Bought", "user_id": "mei"}]}
    posthog = {"api_key": key, "batch": [{"event": "Bought", "distinct_id": "mei"}]}
    mixpanel = {"event": "Bought", "properties": {"token": key, "distinct_id": "mei"}}
    for path, body, whose, answer in (
        ("/batch", amplitude, "amplitude", '{"code":200,"events_ingested":1}'),
        ("/batch/", posthog, "posthog", '{"status":1}'),
        ("/track/", posthog, "posthog", '{"status":1}'),
        ("/track/?verbose=1", mixpanel, "mixpanel", '{"status":1,"error":null}'),
    ):
        assert door.client.post(path, json=body).text == answer
        record = door.records()[-1]
        assert record.head.dialect == whose
        (event,) = json.loads(record.body)["batch"]
        assert (event["event"], event["userId"]) == ("Bought", "mei")


def test_an_import_of_lines_is_kept_but_for_what_failed(door: Running) -> None:
    lines = [
        {"event": "Bought", "properties": {"distinct_id": "mei", "time": time, "$insert_id": name}}
        for time, name in ((1795290679, "i-1"), ("soon", "i-2"), (1795290680, "i-3"))
    ]
    content = gzip.compress("\n".join(map(json.dumps, lines)).encode())
    headers = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
    auth = (door.key.secret, "")
    answer = door.client.post("/import?strict=1", content=content, headers=headers, auth=auth)
    assert (answer.status_code, answer.json()["num_records_imported"]) == (400, 2)
    assert [one["insert_id"] for one in answer.json()["failed_records"]] == ["i-2"]
    record = door.records()[-1]
    assert [one["messageId"] for one in json.loads(record.body)["batch"]] == ["i-1", "i-2", "i-3"]
    assert [one.index for one in record.head.judgements] == [1]


def test_events_to_be_validated_are_answered_in_their_protocol_and_not_kept(door: Running) -> None:
    before = len(door.records())
    payload = {"client_id": "", "events": [{"name": "x"}]}
    answer = door.client.post(f"/debug/mp/collect?api_secret={door.key.secret}", json=payload).json()
    assert answer["stored"] is False
    assert [one["fieldPath"] for one in answer["validationMessages"]] == ["events[0].userId"]
    assert len(door.records()) == before


def test_every_dialect_is_asked_for_its_configuration_where_its_sdks_ask(door: Running) -> None:
    settings = door.client.get("/v1/projects/wk_1/settings", headers=HEADERS)
    assert settings.headers["access-control-allow-origin"] == HEADERS["origin"]
    assert settings.json()["integrations"]["Segment.io"]["apiHost"] == f"{door.url.partition('://')[2]}/v1"
    assert door.client.get("/sourceConfig/?writeKey=wk_1").json()["source"]["writeKey"] == "wk_1"
    assert door.client.get("/config/iOS.conf?v=1").json()["configs"]["disableSDK"] is False
    assert door.client.post("/v1/m", json={"series": []}).json() == {"success": True}
