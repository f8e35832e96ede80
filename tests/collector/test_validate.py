"""POST /v1/validate: the path of production, and nothing of it is kept."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sdk_contract.plan import read_plan
from tests.collector.running import Running, running

EVENT = """
event: Paid
properties:
  type: object
  required: [amount]
  properties: {amount: {type: number}, mail: {type: string, x-pii: email}}
"""
PLAN = {"plan.yaml": "version: 1.2.0", "events/paid.yaml": EVENT}
PAID = {
    "type": "track",
    "event": "Paid",
    "userId": "u",
    "messageId": "m",
    "properties": {"amount": 1, "mail": "a@b.cn"},
}


def kept(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "journal").rglob("*") if path.is_file())


def validated(door: Running, body: object, query: str = "") -> dict[str, Any]:
    answer = door.client.post(f"/v1/validate{query}", json=body)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_batch_and_a_single_event_are_judged_and_not_kept(tmp_path: Path) -> None:
    with running(tmp_path, plan_mode="enforce", plan=read_plan(PLAN), privacy="standard") as door:
        before = kept(tmp_path)
        wrong = {**PAID, "messageId": "w", "properties": {}}
        batch = validated(door, {"batch": [PAID, wrong, 5]})
        single = validated(door, PAID)
        nameless = validated(door, {"event": "Paid"})
        assert kept(tmp_path) == before
        assert door.records() == []
        assert door.client.post("/v1/track/", json=PAID).json()["verdicts"][0]["verdict"] == "ok"
    assert [one["verdict"] for one in batch["verdicts"]] == ["ok", "rejected", "rejected"]
    assert (batch["verdicts"][1]["reason"], batch["verdicts"][1]["pointer"]) == (
        "plan_violation",
        "/properties/amount",
    )
    assert (batch["accepted"], batch["rejected"], batch["stored"]) == (1, 2, False)
    assert (batch["plan"], batch["privacy"]) == ("1.2.0", "standard@0")
    assert [one["verdict"] for one in single["verdicts"]] == ["ok"]
    assert nameless["verdicts"][0]["pointer"] == "/type"
    assert "events" not in batch


def test_it_shows_what_would_be_kept(tmp_path: Path) -> None:
    with running(tmp_path, plan_mode="warn", plan=read_plan(PLAN), privacy="standard") as door:
        event = {**PAID, "context": {"ip": "203.0.113.9"}}
        body = b'{"batch":[%s,{"a":NaN}]}' % json.dumps(event).encode()
        answer = door.client.post("/v1/validate/?show=stored", content=body).json()
        door.client.post("/v1/batch", content=body)
        (record,) = door.records()
    shown = answer["events"]
    assert shown[0]["properties"]["amount"] == 1
    assert shown[0]["properties"]["mail"].startswith("sj:hash:")
    assert shown[0]["context"]["ip"] == "203.0.113.0"
    assert shown[1].startswith("sj:seal:")
    assert json.loads(record.body)["batch"] == shown


def test_without_a_policy_what_is_no_json_is_shown_as_text(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        answer = door.client.post("/v1/validate?show=stored", content=b'{"batch":[{"a":NaN}]}').json()
    assert answer["events"] == ['{"a":NaN}']


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"hello", 400, "bad_envelope"),
        (b'{"batch":[', 400, "bad_envelope"),
        (b'{"batch":[' + b"5," * 2000 + b"5]}", 413, "too_many_events"),
    ],
)
def test_it_refuses_what_production_refuses_and_keeps_nothing_of_that_either(
    tmp_path: Path, body: bytes, status: int, reason: str
) -> None:
    with running(tmp_path) as door:
        answer = door.client.post("/v1/validate", content=body)
        unknown = door.client.post("/v1/validate", content=b"{}", auth=("wk_none", ""))
        assert door.records() == []
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert (unknown.status_code, unknown.json()["reason"]) == (401, "unknown_key")


def test_the_key_may_stand_in_the_body(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        client = httpx.Client(base_url=door.url, trust_env=False)
        for body in ({"batch": [PAID], "writeKey": door.key.secret}, {**PAID, "writeKey": door.key.secret}):
            assert client.post("/v1/validate", json=body).json()["verdicts"][0]["verdict"] == "ok"
        assert client.post("/v1/validate", json=PAID).status_code == 401
        assert client.get("/v1/validate").status_code == 405
        client.close()
