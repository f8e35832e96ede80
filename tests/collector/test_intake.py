"""The hot path where things go wrong, and what it keeps from the disk."""

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.door import Door
from collector.errors import JournalUnavailable
from collector.exchange import Exchange
from collector.heads import Head
from collector.pipeline import Asked, sender_of
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.plan import read_plan
from sdk_contract.verdicts import Reason
from tests.collector.running import Running, running

EVENT = {"event": "Paid", "userId": "u1"}


def test_no_address_reaches_the_disk(tmp_path: Path) -> None:
    hidden = "203.0.113.77"
    event = {
        **EVENT,
        "context": {"ip": hidden, "page": {"url": f"https://x/?from={hidden}"}},
        "properties": {hidden: 1, "seen": ["2001:db8:77:1::9"]},
        "messageId": f"m-{hidden}",
    }
    headers = {"user-agent": f"probe ({hidden})"}
    with running(tmp_path) as door:
        assert door.client.post("/v1/track", json=event, headers=headers).status_code == 200
        bad = {**event, "userId": {"ip": hidden}}
        assert door.client.post("/v1/track", json=bad).json()["rejected"] == 1
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"203.0.113.0" in kept
    assert hidden.encode() not in kept
    assert b"2001:db8:77:1::9" not in kept


@pytest.mark.parametrize(("policy", "ip"), [("keep", "127.0.0.1"), ("truncate", "127.0.0.0"), ("drop", None)])
def test_the_peer_is_treated_by_the_policy_of_the_key(tmp_path: Path, policy: str, ip: str | None) -> None:
    with running(tmp_path, policy=policy) as door:
        door.client.post("/v1/track", json=EVENT, headers={"x-forwarded-for": "198.51.100.7"})
        assert [record.head.ip for record in door.records()] == [ip]


def test_a_trusted_proxy_names_the_client(tmp_path: Path) -> None:
    with running(tmp_path, trusted_proxies="127.0.0.0/8", policy="keep") as door:
        door.client.post("/v1/track", json=EVENT, headers={"x-forwarded-for": "198.51.100.7, 127.0.0.9"})
        assert [record.head.ip for record in door.records()] == ["198.51.100.7"]


def test_over_quota_is_429_with_the_time_to_wait(tmp_path: Path) -> None:
    with running(tmp_path, key_rate=1.0) as door:
        answers = [door.client.post("/v1/track", json=EVENT) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["retry-after"]) >= 1
    assert answers[3].json()["reason"] == "over_quota"


def test_a_full_disk_is_503_until_there_is_room(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        door.door.gate.full, door.door.gate.retry_after = "the disk is 90% full", 17
        shut = door.client.post("/v1/track", json=EVENT, headers={"origin": "https://a"})
        ready = door.client.get("/ready")
        door.door.gate.full = None
        again = door.client.post("/v1/track", json=EVENT)
    assert shut.status_code == 503
    assert 17 <= int(shut.headers["retry-after"]) <= 22
    why = "the disk is 90% full"
    assert shut.json() == {
        "success": False,
        "reason": "overloaded",
        "error": why,
        "code": "overloaded",
        "message": why,
    }
    assert shut.headers["access-control-allow-origin"] == "https://a"
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["the disk is 90% full"])
    assert again.status_code == 200


def test_too_many_bytes_in_flight_is_503(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        door.door.gate.inflight = door.door.gate.inflight_limit + 1
        assert door.client.post("/v1/track", json=EVENT).json()["reason"] == "overloaded"
        door.door.gate.inflight = 0
        assert door.client.post("/v1/track", json=EVENT).status_code == 200
        assert door.client.post("/v1/track", content=b"no").status_code == 400
        assert door.door.gate.inflight == 0


def test_draining_refuses_what_is_new(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        door.door.drain()
        refused = door.client.post("/v1/track", json=EVENT)
        ready = door.client.get("/ready")
    assert (refused.status_code, refused.json()["reason"]) == (503, "draining")
    assert refused.headers["connection"] == "close"
    assert "retry-after" in refused.headers
    assert ready.json()["reasons"] == ["the collector is stopping"]


def test_what_could_not_be_made_durable_is_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise JournalUnavailable("no space left")

    with running(tmp_path) as door:
        monkeypatch.setattr(door.door.journal, "put", fail)
        refused = door.client.post("/v1/track", json=EVENT)
        monkeypatch.undo()
        assert door.client.post("/v1/track", json=EVENT).status_code == 200
    assert (refused.status_code, refused.json()["reason"]) == (503, "overloaded")
    assert "retry-after" in refused.headers


def test_an_unexpected_error_is_one_log_entry_and_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("secret detail")

    with running(tmp_path) as door:
        monkeypatch.setattr(door.door.journal, "put", fail)
        answer = door.client.post("/v1/track", json=EVENT)
        monkeypatch.undo()
        logged = [call for call in door.log.calls if call.method_name == "error"]
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    (call,) = logged
    assert call.kwargs["id"] in answer.json()["error"]
    assert isinstance(call.kwargs["exc_info"], ZeroDivisionError)


def test_an_unexpected_error_on_a_cold_route_is_an_id_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: Door) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Door, "ready", fail)
    with running(tmp_path) as door:
        caplog.clear()
        answer = door.client.get("/ready")
        logged = [call for call in door.log.calls if call.method_name == "error"]
    assert not caplog.records
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert [call.kwargs["id"] in answer.json()["error"] for call in logged] == [True]


def test_a_revoked_key_is_unknown(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        assert door.client.post("/v1/track", json=EVENT).status_code == 200
        registry = door.door.keyring.registry
        registry.revoke_key(door.key.id)
        door.door.keyring.refresh()
        assert door.client.post("/v1/track", json=EVENT).status_code == 401


def connected(door: Running) -> socket.socket:
    url = httpx.URL(door.url)
    return socket.create_connection((url.host, url.port or 0), timeout=20)


def test_a_connection_that_is_known_goes_by_the_rules_of_the_moment(tmp_path: Path) -> None:
    with running(tmp_path, policy="keep") as door, connected(door) as client:
        registry, body = door.door.keyring.registry, json.dumps(EVENT).encode()
        url = b"/v1/track?writeKey=" + door.key.secret.encode()
        request = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (url, len(body), body)
        for policy in ("keep", "keep", "keep", "truncate", "truncate"):
            registry.change_key(door.key.id, ip_policy=policy)
            door.door.keyring.refresh()
            client.sendall(request)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        registry.revoke_key(door.key.id)
        door.door.keyring.refresh()
        client.sendall(request)
        assert client.recv(65536).startswith(b"HTTP/1.1 401 ")
        kept = [record.head.ip for record in door.records()]
    assert kept == ["127.0.0.1"] * 3 + ["127.0.0.0"] * 2


def test_what_is_noted_of_a_head_tells_nothing_of_who_asks_to_be_anonymous(tmp_path: Path) -> None:
    with running(tmp_path, policy="keep") as door:
        parts, head = door.door.intake.parts, Head([(b"user-agent", b"probe")], b"")
        of_key = parts.keyring.keys[door.key.secret]
        connection: Any = None
        request = Exchange(connection, lambda _: None, head, "192.0.2.7", None, body=b"")
        told = [
            sender_of(parts, Asked(SEGMENT, "track", request, head.named, [], anonymous=anonymous), of_key)
            for anonymous in (False, True, False)
        ]
    assert [one.ip for one in told] == ["192.0.2.7", None, "192.0.2.7"]
    assert told[2] is told[0]


PLAN = {
    "plan.yaml": "version: 7.0.0",
    "events/paid.yaml": "event: Paid\nproperties: {type: object, required: [amount]}",
}


@pytest.mark.parametrize(("mode", "verdict"), [("off", "ok"), ("warn", "warning"), ("enforce", "rejected")])
def test_the_plan_is_applied_as_the_key_says(tmp_path: Path, mode: str, verdict: str) -> None:
    with running(tmp_path, plan=read_plan(PLAN), plan_mode=mode) as door:
        answer = door.client.post("/v1/track", json=EVENT).json()
        (record,) = door.records()
    assert answer["verdicts"][0]["verdict"] == verdict
    assert record.head.plan_version == (None if mode == "off" else "7.0.0")
    if mode != "off":
        assert answer["verdicts"][0]["reason"] == Reason.PLAN_VIOLATION.value


def test_requests_on_one_connection_are_answered_in_order(tmp_path: Path) -> None:
    def request(name: str) -> bytes:
        body = json.dumps({**EVENT, "messageId": name}).encode()
        path = f"/v1/track?writeKey={door.key.secret}"
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
        return head.encode() + (b"connection: close\r\n" if name == "m3" else b"") + b"\r\n" + body

    with running(tmp_path) as door, connected(door) as client:
        client.sendall(request("m1") + request("m2") + request("m3"))
        answer = client.makefile("rb").read().decode()
    assert answer.count("HTTP/1.1 200 OK") == 3
    assert answer.index('"m1"') < answer.index('"m2"') < answer.index('"m3"')


def test_metrics_count_requests_and_events_by_closed_labels(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        door.client.post("/v1/track", json=EVENT)
        door.client.post("/v1/track", json={"userId": "u"})
        door.client.post("/v1/track", json=EVENT, auth=("nobody", ""))
        door.door.metrics.flush(door.door.counts)
        text = door.client.get("/metrics").text
    assert 'sojourn_requests_total{dialect="segment",outcome="accepted"} 2.0' in text
    assert 'sojourn_requests_total{dialect="segment",outcome="unknown_key"} 1.0' in text
    assert 'sojourn_events_total{reason="",verdict="ok"} 1.0' in text
    assert 'sojourn_events_total{reason="missing_field",verdict="rejected"} 1.0' in text
    assert "sojourn_fsync_seconds_count" in text


def test_the_live_view_wants_its_token(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        refused = httpx.get(f"{door.url}/live", headers={"authorization": "Bearer wrong"}, trust_env=False)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


def live_events(door: Running, number: int) -> list[dict[str, Any]]:
    headers = {"authorization": f"Bearer {door.door.live_token}"}
    found: list[dict[str, Any]] = []
    with httpx.stream("GET", f"{door.url}/live", headers=headers, timeout=20, trust_env=False) as answer:
        for line in answer.iter_lines():
            if line == ": quiet" and not found:
                door.client.post("/v1/batch", json={"batch": [{"type": "track", **EVENT}, {"type": "track"}]})
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == number:
                break
    return found


def test_the_live_view_shows_events_with_their_verdicts(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        first, second = live_events(door, 2)
    assert (first["verdict"], first["event"], first["user_id"], first["project"]) == (
        "ok",
        "Paid",
        "u1",
        "shop",
    )
    assert (second["verdict"], second["reason"], second["pointer"]) == ("rejected", "missing_field", "/event")


def test_a_worker_that_is_told_to_end_drains_and_seals(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        assert door.client.post("/v1/track", json=EVENT).status_code == 200
        before = door.door.draining
    assert (before, door.door.draining) == (False, True)
    assert [path.suffix for path in (tmp_path / "journal" / "test-w0").glob("*ed")] == [".sealed"]
    assert not list((tmp_path / "journal" / "test-w0").glob("*.open"))
