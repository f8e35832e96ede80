"""What is written of a request whose key has rules: stubs, treated properties, sealed events, clean texts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sdk_contract.plan import read_plan
from sdk_contract.privacy import PRESETS, Policy
from sdk_contract.verdicts import Reason
from tests.collector.running import Running, now, running
from warehouse.registry import Registry
from warehouse.secrets import Secrets

MAIL, PHONE, NAME, CARD = "li.na@example.com", "13812345678", "李娜 of Chengdu", "4111111111111111"
EVENT = """
event: Paid
properties:
  type: object
  properties:
    amount: {type: number}
    scores: {type: object, additionalProperties: {type: number}}
    mail: {type: string, x-pii: email}
    name: {type: string, x-pii: name}
"""
TRAITS = """
type: identify
properties: {type: object, properties: {name: {type: string, x-pii: name}}}
"""
PLAN = {
    "plan.yaml": "version: 1.0.0\nunplanned: reject",
    "events/paid.yaml": EVENT,
    "events/identify.yaml": TRAITS,
    "events/news.yaml": "event: News Read\nconsent: marketing\nproperties: {type: object}",
}
PAID = {"type": "track", "event": "Paid", "userId": "u", "messageId": "m"}
PERSON = {"amount": 5, "mail": MAIL, "name": NAME}


@contextmanager
def strict(folder: Path, **more: Any) -> Iterator[Running]:
    options: dict[str, Any] = {"policy": "drop", "plan_mode": "enforce", "privacy": "strict"} | more
    with running(folder, plan=read_plan(PLAN), **options) as door:
        yield door


def post(door: Running, *events: object, **envelope: object) -> list[dict[str, Any]]:
    answer = door.client.post("/v1/batch", json={"batch": events} | envelope)
    found: list[dict[str, Any]] = answer.json()["verdicts"]
    return found


def unsealed(folder: Path, token: str) -> bytes:
    return Secrets.open(folder / "secrets", now, lambda size: b"x" * size).vault().unseal(token)


def written(folder: Path) -> str:
    """Everything on disk but the keys."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "secrets"]
    return b"".join(path.read_bytes() for path in files).decode(errors="replace")


def hidden(folder: Path) -> list[str]:
    """Which of the secrets of these tests can be found on disk, in any of their usual spellings."""
    text = written(folder)
    spellings = [MAIL, PHONE, NAME, json.dumps(NAME)[1:-1], CARD, "203.0.113.9", "li.na"]
    return [one for one in spellings if one in text]


def test_planned_data_is_treated_and_the_rest_is_kept(tmp_path: Path) -> None:
    with strict(tmp_path) as door:
        (verdict,) = post(door, {**PAID, "properties": PERSON})
        (record,) = door.records()
    (event,) = json.loads(record.body)["batch"]
    assert verdict["verdict"] == "ok"
    assert (record.head.privacy, record.head.plan_version) == ("strict@0", "1.0.0")
    assert event["properties"]["amount"] == 5
    assert event["properties"]["mail"].startswith("sj:hash:")
    assert event["properties"]["name"] == ""
    assert hidden(tmp_path) == []


def test_the_plan_sees_what_was_sent_and_the_disk_what_is_left(tmp_path: Path) -> None:
    with strict(tmp_path) as door:
        bad = {**PAID, "properties": {**PERSON, "scores": {MAIL: PHONE}}}
        (verdict,) = post(door, bad)
        (record,) = door.records()
    assert (verdict["verdict"], verdict["pointer"]) == ("rejected", f"/properties/scores/{MAIL}")
    (judged,) = record.head.judgements
    assert judged.pointer is not None
    assert judged.pointer.startswith("/properties/scores/sj:hash:")
    assert hidden(tmp_path) == []


def test_what_cannot_be_read_is_sealed_alone(tmp_path: Path) -> None:
    bad = [
        b'{"type":"track","event":"Paid","userId":"u","properties":{"name":"%s",NaN}}' % NAME.encode(),
        b'{"type":"track","event":"Paid","userId":"u","properties":"%s"}' % NAME.encode(),
        b'{"event":"Paid","userId":"u","properties":{"name":"%s"}}' % NAME.encode(),
        b'{"type":"track","event":["Paid"],"properties":{"name":"%s"}}' % NAME.encode(),
        json.dumps(NAME).encode(),
        b'{"type":"track","event":"Paid","properties":{"name":"%s"},"x":"%s"}'
        % (NAME.encode(), b"y" * 40_000),
    ]
    good = json.dumps({**PAID, "properties": PERSON}).encode()
    with strict(tmp_path) as door:
        body = b'{"batch":[%s]}' % b",".join([*bad, good])
        answer = door.client.post("/v1/batch", content=body).json()
        (record,) = door.records()
        events = json.loads(record.body)["batch"]
        assert [unsealed(tmp_path, token) for token in events[:-1]] == bad
    assert [one["verdict"] for one in answer["verdicts"]] == ["rejected"] * len(bad) + ["ok"]
    assert events[-1]["properties"]["amount"] == 5
    assert hidden(tmp_path) == []


def test_a_single_event_that_cannot_be_read_is_sealed(tmp_path: Path) -> None:
    bad = b'{"event":"Paid","userId":"u","properties":{"name":"%s",NaN}}' % NAME.encode()
    with strict(tmp_path) as door:
        assert door.client.post("/v1/track", content=bad).json()["rejected"] == 1
        (record,) = door.records()
        assert unsealed(tmp_path, json.loads(record.body)) == bad
    assert (record.head.sealed, record.events) == (False, 1)


def test_the_envelope_the_user_agent_and_the_time_of_sending_are_treated_too(tmp_path: Path) -> None:
    context = {"traits": {"name": NAME}, "ip": "203.0.113.9", "app": {"name": MAIL}}
    with strict(tmp_path) as door:
        identify = {"type": "identify", "userId": "u", "traits": {"name": NAME}}
        door.client.post(
            "/v1/batch",
            json={"batch": [identify], "context": context, "sentAt": MAIL, "more": PHONE},
            headers={"user-agent": f"shop ({MAIL}; 203.0.113.9)"},
        )
        (record,) = door.records()
    assert record.head.user_agent is not None
    assert record.head.user_agent.startswith("shop (")
    assert json.loads(record.body)["context"]["traits"] == {"name": ""}
    assert hidden(tmp_path) == []


def test_who_is_suppressed_leaves_a_stub(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        vault = Secrets.open(tmp_path / "secrets", now, lambda size: b"x" * size).vault()
        registry = Registry.open(door.door.settings.registry, now=now)
        for kind, value in (("user_id", "77"), ("anonymous_id", "device-9")):
            registry.suppress("shop", vault.digest(kind, value))
        registry.close()
        door.door.keyring.refresh()
        page = {"type": "page", "messageId": "p", "properties": {"title": NAME}}
        verdicts = post(
            door,
            {**page, "userId": 77},
            {**page, "anonymousId": "device-9", "userId": "u"},
            {**page, "anonymousId": "device-9", "messageId": None, "timestamp": 5},
            {"type": "alias", "previousId": "device-9", "userId": "u", "messageId": "q"},
            {**page, "userId": "device-9"},
            context={"locale": NAME},
        )
        (record,) = door.records()
    events = json.loads(record.body)["batch"]
    assert [one["verdict"] for one in verdicts] == ["filtered"] * 4 + ["ok"]
    assert {one["reason"] for one in verdicts[:4]} == {Reason.SUPPRESSED.value}
    assert events[:2] == [{"type": "page", "messageId": "p"}] * 2
    assert events[2]["messageId"] == f"{record.head.batch_id}-2"
    assert events[3] == {"type": "alias", "messageId": "q"}
    assert events[4]["properties"] == {"title": NAME}


def test_without_consent_nothing_is_left_of_an_event(tmp_path: Path) -> None:
    news = {"type": "track", "event": "News Read", "userId": "u", "properties": {"title": NAME}}

    def asked(answer: object) -> dict[str, object]:
        return {**news, "context": {"consent": {"categoryPreferences": {"marketing": answer}}}}

    with strict(tmp_path) as door:
        verdicts = post(door, asked(True), asked(False), news, context={"locale": NAME})
    assert [one["verdict"] for one in verdicts] == ["ok", "filtered", "filtered"]
    with strict(tmp_path / "lax", privacy="none", policy="keep") as door:
        assert [one["verdict"] for one in post(door, asked(True), asked(False), news)] == [
            "ok",
            "filtered",
            "ok",
        ]
        post(door, asked(False), context={"locale": NAME})
        assert json.loads(door.records()[-1].body).keys() == {"batch"}


@pytest.mark.parametrize(
    ("headers", "verdict"), [({"sec-gpc": "1"}, "filtered"), ({"dnt": "1"}, "filtered"), ({}, "ok")]
)
def test_a_browser_that_asks_is_heard_where_the_policy_says_so(
    tmp_path: Path, headers: dict[str, str], verdict: str
) -> None:
    with strict(tmp_path) as door:
        answer = door.client.post("/v1/track", json=PAID, headers=headers).json()
        (record,) = door.records()
    assert answer["verdicts"][0]["verdict"] == verdict
    assert (record.head.signals is None) == (not headers)


def test_an_event_that_we_fail_on_is_kept_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, plan=read_plan(PLAN), plan_mode="enforce") as door:
        (rules,) = (one.rules for one in door.door.keyring.keys.values())
        assert rules is not None
        assert rules.plan is not None
        check = type(rules.plan.plan).check

        def fail(plan: Any, of_type: str, name: str | None, *rest: Any) -> Any:
            if name == "Odd":
                raise ZeroDivisionError("secret detail")
            return check(plan, of_type, name, *rest)

        monkeypatch.setattr(type(rules.plan.plan), "check", fail)
        odd = {**PAID, "event": "Odd"}
        verdicts = post(
            door, {**PAID, "messageId": "1"}, {**odd, "messageId": "2"}, {**odd, "messageId": "3"}, 5
        )
        monkeypatch.undo()
        (record,) = door.records()
        logged = [call for call in door.log.calls if call.method_name == "error"]
    assert [(one["verdict"], one.get("reason")) for one in verdicts] == [
        ("ok", None), ("warning", "unprocessed"), ("warning", "unprocessed"), ("rejected", "not_an_object")
    ]  # fmt: skip
    assert [one["message_id"] for one in verdicts[:3]] == ["1", "2", "3"]
    assert json.loads(record.body)["batch"][1]["event"] == "Odd"
    assert len(logged) == 1
    assert logged[0].kwargs["id"]


def test_where_protecting_fails_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> bytes:
        raise ZeroDivisionError(MAIL)

    with strict(tmp_path) as door:
        monkeypatch.setattr("warehouse.protect.scrub", fail)
        answer = door.client.post("/v1/track", json=PAID)
        monkeypatch.undo()
        assert door.records() == []
    assert answer.status_code == 500
    assert MAIL not in answer.text


def test_a_policy_of_ones_own_is_named_with_its_number(tmp_path: Path) -> None:
    mine = Policy(pii={"name": "encrypt"}, detect={"email": "mask"})
    with running(tmp_path, plan=read_plan(PLAN)) as door:
        registry = door.door.keyring.registry
        registry.set_policy("mine", PRESETS["standard"].to_json(), "test")
        registry.set_policy("mine", mine.to_json(), "test")
        registry.change_key(door.key.id, privacy="mine")
        door.door.keyring.refresh()
        post(door, {**PAID, "properties": PERSON})
        (record,) = door.records()
    (event,) = json.loads(record.body)["batch"]
    assert (record.head.privacy, record.head.plan_version) == ("mine@2", None)
    assert event["properties"]["name"].startswith("sj:enc:")
    assert event["properties"]["mail"] == "l***@e***.com"
