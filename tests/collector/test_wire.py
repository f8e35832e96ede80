"""What a client sees: verdicts, refusals, CORS, on the wire of a real server."""

import gzip
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sdk_contract.verdicts import Verdict
from tests.collector.running import Running, running

GOOD = {"type": "track", "event": "Paid", "userId": "u1"}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("door"), body_seconds=0.5, body_limit=4 * 1024 * 1024) as found:
        yield found


def batch(*events: object) -> bytes:
    return (
        b'{"batch":['
        + b",".join(e if isinstance(e, bytes) else json.dumps(e).encode() for e in events)
        + b"]}"
    )


def verdicts(answer: httpx.Response) -> list[tuple[str, str | None]]:
    assert answer.status_code == 200, answer.text
    return [(one["verdict"], one.get("reason")) for one in answer.json()["verdicts"]]


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/batch/", "/v1/b", "/v1/b/"])
def test_a_batch_is_answered_event_by_event(door: Running, path: str) -> None:
    answer = door.client.post(
        path, content=batch({**GOOD, "messageId": path}, {**GOOD, "messageId": "m-2", "userId": {"no": 1}}, 7)
    )
    body = answer.json()
    assert (body["success"], body["accepted"], body["rejected"]) == (True, 1, 2)
    assert verdicts(answer) == [("ok", None), ("rejected", "wrong_type"), ("rejected", "not_an_object")]
    assert [one["message_id"] for one in body["verdicts"]][:2] == [path, "m-2"]
    assert body["verdicts"][1]["pointer"] == "/userId"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/v1/track", {"event": "Paid"}),
        ("/v1/t/", {"event": "Paid"}),
        ("/v1/page", {}),
        ("/v1/p", {}),
        ("/v1/screen", {}),
        ("/v1/identify", {}),
        ("/v1/i", {}),
        ("/v1/group", {"groupId": "g"}),
        ("/v1/alias", {"previousId": "a"}),
    ],
)
def test_every_single_route_names_the_type(door: Running, path: str, event: dict[str, str]) -> None:
    assert verdicts(door.client.post(path, json={"userId": "u1", **event})) == [("ok", None)]


def test_what_was_answered_is_in_the_journal_with_its_judgements(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        answer = door.client.post("/v1/batch", content=batch(GOOD, {"type": "track", "userId": "u1"}))
        assert [one["verdict"] for one in answer.json()["verdicts"]] == ["ok", "rejected"]
        (record,) = door.records()
    head = record.head
    assert (record.events, head.key_id, head.project, head.dialect, head.kind) == (
        2,
        door.key.id,
        "shop",
        "segment",
        "batch",
    )
    assert [(one.index, one.verdict) for one in head.judgements] == [(1, Verdict.REJECTED)]
    assert answer.json()["verdicts"][1]["message_id"] == f"{head.batch_id}-1"
    assert len(head.batch_id) == 22
    assert json.loads(record.body)["batch"][0] == GOOD


DEEP = b'{"type":"track","event":"E","userId":"u","properties":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
LARGE = json.dumps({**GOOD, "properties": {"text": "x" * 2**20}}).encode()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"type":"track","event":"E","userId":"u","properties":{"a":tru}}', "bad_value"),
        (b'{"type":"track","event":"E","userId":["u"]}', "wrong_type"),
        (b'{"type":"track","event":5,"userId":"u"}', "wrong_type"),
        (b'{"type":"track","event":"E","userId":"u\\u0000"}', "bad_value"),
        (b'{"type":"track","event":"E","userId":"u","properties":{"a":"\\ud800"}}', "bad_encoding"),
        (b'{"type":"track","event":"E","userId":"u","properties":{"a":"\xff"}}', "bad_encoding"),
        (b'{"type":"dance","userId":"u"}', "unknown_type"),
        (b'{"type":"track","userId":"u"}', "missing_field"),
        (b'{"type":"track","event":"E","userId":"u","timestamp":"yesterday"}', "bad_time"),
        (b'"text"', "not_an_object"),
        (DEEP, "too_deep"),
        (LARGE, "event_too_large"),
    ],
    ids=["malformed", "id a list", "name a number", "null byte", "lone surrogate", "no utf-8", "unknown type",
         "no name", "no time", "a text", "10,000 brackets", "1 MiB"],
)  # fmt: skip
def test_one_bad_event_is_refused_alone(door: Running, bad: bytes, reason: str) -> None:
    answer = door.client.post("/v1/batch", content=batch(GOOD, bad, GOOD))
    assert verdicts(answer) == [("ok", None), ("rejected", reason), ("ok", None)]


def test_a_raw_null_byte_in_a_body_is_answered(door: Running) -> None:
    answer = door.client.post(
        "/v1/batch", content=batch(GOOD, b'{"type":"track","event":"\x00","userId":"u"}')
    )
    assert answer.status_code == 200
    assert verdicts(answer)[0] == ("ok", None)
    assert verdicts(answer)[1][0] == "rejected"


BOMB = gzip.compress(b'{"batch":[' + b" " * 40_000_000 + b"]}", 9)


@pytest.mark.parametrize(
    ("content", "headers", "status", "reason"),
    [
        (b'{"batch":[', {}, 400, "bad_envelope"),
        (b"", {}, 400, "bad_envelope"),
        (b"[" * 10_000, {}, 400, "bad_envelope"),
        (b'{"batch":5}', {}, 400, "bad_envelope"),
        (b"\x00\x01\x02", {}, 400, "bad_envelope"),
        (gzip.compress(batch(GOOD), mtime=0)[:-12], {"content-encoding": "gzip"}, 400, "bad_compression"),
        (gzip.compress(batch(GOOD), mtime=0)[:20], {}, 400, "bad_compression"),
        (BOMB, {"content-encoding": "gzip"}, 413, "body_too_large"),
        (b'{"batch":[' + b" " * 5_000_000 + b"]}", {}, 413, "body_too_large"),
        (b'{"batch":[' + b",".join([b"{}"] * 2_001) + b"]}", {}, 413, "too_many_events"),
    ],
    ids=["cut", "empty", "brackets", "batch a number", "binary", "gzip cut", "gzip cut, unnamed", "bomb",
         "large", "many"],
)  # fmt: skip
def test_an_unreadable_envelope_is_refused_whole(
    door: Running, content: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = door.client.post(
        "/v1/batch", content=content, headers={**headers, "origin": "https://shop.example"}
    )
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert verdicts(door.client.post("/v1/batch", content=batch(GOOD))) == [("ok", None)]


def test_a_mild_bomb_is_refused_by_its_ratio(door: Running) -> None:
    packed = gzip.compress(b'{"batch":[' + b" " * 3_000_000 + b"]}", 9)
    answer = door.client.post("/v1/batch", content=packed, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "bad_compression")


@pytest.mark.parametrize("named", [True, False])
def test_gzip_is_unpacked_whatever_the_headers_say(door: Running, named: bool) -> None:
    headers = {"content-encoding": "gzip"} if named else {"content-type": "text/plain"}
    assert verdicts(door.client.post("/v1/batch", content=gzip.compress(batch(GOOD)), headers=headers)) == [
        ("ok", None)
    ]


def test_an_unknown_key_is_refused_before_the_body_is_read(door: Running) -> None:
    answer = door.client.post("/v1/batch", content=b"not read", auth=("wk_nobody", ""))
    assert (answer.status_code, answer.json()["reason"]) == (401, "unknown_key")
    bare = httpx.post(f"{door.url}/v1/batch", content=batch(GOOD), trust_env=False)
    assert (bare.status_code, bare.json()["reason"]) == (401, "unknown_key")


def test_the_key_may_stand_in_body_or_query(door: Running) -> None:
    event = {**GOOD, "writeKey": door.key.secret}
    assert verdicts(httpx.post(f"{door.url}/v1/track", json=event, trust_env=False)) == [("ok", None)]
    url = f"{door.url}/v1/batch?writeKey={door.key.secret}"
    assert verdicts(httpx.post(url, content=batch(GOOD), trust_env=False)) == [("ok", None)]


def test_a_slow_body_is_cut(door: Running) -> None:
    host, port = httpx.URL(door.url).host, httpx.URL(door.url).port
    with socket.create_connection((host, port or 0), timeout=20) as client:
        client.sendall(b"POST /v1/batch?writeKey=%b HTTP/1.1\r\nhost: x\r\n" % door.key.secret.encode())
        client.sendall(b'content-length: 100\r\n\r\n{"batch":[')
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert b'"slow_body"' in answer


def test_a_client_that_leaves_early_harms_nobody(door: Running) -> None:
    host, port = httpx.URL(door.url).host, httpx.URL(door.url).port
    with socket.create_connection((host, port or 0), timeout=20) as client:
        client.sendall(b"POST /v1/batch?writeKey=%b HTTP/1.1\r\nhost: x\r\n" % door.key.secret.encode())
        client.sendall(b'content-length: 100\r\n\r\n{"batch":[')
    assert verdicts(door.client.post("/v1/batch", content=batch(GOOD))) == [("ok", None)]


def test_a_chunked_body_is_read(door: Running) -> None:
    pieces = iter([b'{"batch":[', json.dumps(GOOD).encode(), b"]}"])
    assert verdicts(door.client.post("/v1/batch", content=pieces)) == [("ok", None)]


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/t/", "/health", "/nowhere"])
def test_options_is_answered_everywhere(door: Running, path: str) -> None:
    asked = {"origin": "https://a.example", "access-control-request-headers": "authorization,x-retry-count"}
    answer = httpx.options(f"{door.url}{path}", headers=asked, trust_env=False)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == "authorization,x-retry-count"
    assert int(answer.headers["access-control-max-age"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/batch", 200),
        ("GET", "/v1/batch", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/health", 200),
    ],
)
def test_every_answer_reflects_the_origin(door: Running, method: str, path: str, status: int) -> None:
    content = batch(GOOD) if method == "POST" else None
    answer = door.client.request(method, path, content=content, headers={"origin": "null"})
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "null"
    assert answer.headers["access-control-expose-headers"] == "Retry-After"
    assert answer.headers["vary"] == "Origin"


def test_no_origin_no_cors(door: Running) -> None:
    answer = door.client.post("/v1/batch", content=batch(GOOD))
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_hot_paths_take_only_post(door: Running, method: str) -> None:
    answer = door.client.request(method, "/v1/track/")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_a_dialect_has_its_addresses_under_its_name_too(door: Running) -> None:
    assert door.client.post("/segment/v1/batch/", content=batch(GOOD)).status_code == 200


def test_an_unknown_path_lists_what_there_is(door: Running) -> None:
    answer = door.client.post("/v2/batch", content=b"{}")
    assert answer.status_code == 404
    assert {"/v1/batch", "/health", "/live"} <= set(answer.json()["exists"])


def test_nothing_is_redirected(door: Running) -> None:
    assert door.client.get("/health//").status_code == 404
    assert door.client.post("/v1/batch//", content=batch(GOOD)).status_code == 404


def test_a_cold_route_refuses_other_methods_in_json(door: Running) -> None:
    answer = door.client.post("/health")
    assert (answer.status_code, answer.json()["success"]) == (405, False)


def test_health_and_ready(door: Running) -> None:
    assert door.client.get("/health/").json() == {"status": "ok", "worker": "test-w0"}
    ready = door.client.get("/ready")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)


def test_an_empty_batch_is_fine(door: Running) -> None:
    assert door.client.post("/v1/batch", content=b'{"batch":[]}').json()["verdicts"] == []
