"""The hint `duplicate` in replies: for what is on disk, and nowhere but in the reply."""

from pathlib import Path
from typing import Any

import pytest

from collector.errors import JournalUnavailable
from sdk_contract.plan import read_plan
from sdk_contract.verdicts import Judgement
from tests.collector.running import Running, running

PLAN = {
    "plan.yaml": "version: 1.0.0\nunplanned: allow",
    "events/paid.yaml": "event: Paid\nproperties: {required: [amount]}",
}


def event(message_id: str | None, **more: object) -> dict[str, object]:
    return (
        {"type": "track", "event": "Seen", "userId": "u"}
        | ({"messageId": message_id} if message_id else {})
        | more
    )


def sent(door: Running, *events: object) -> list[str]:
    answer = door.client.post("/v1/batch", json={"batch": events})
    return [one["verdict"] for one in answer.json()["verdicts"]]


def judgements(door: Running) -> list[list[Judgement]]:
    return [record.head.judgements for record in door.records()]


def test_an_id_that_came_before_is_told_and_kept_all_the_same(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        assert sent(door, event("a"), event("b"), event("a")) == ["ok", "ok", "duplicate"]
        answer = door.client.post("/v1/batch", json={"batch": [event("b"), event("c")]}).json()
        assert sent(door, event(None), event(None)) == ["ok", "ok"]
        assert judgements(door) == [[], [], []]
        assert [record.events for record in door.records()] == [3, 2, 2]
    assert (answer["accepted"], answer["rejected"]) == (2, 0)
    assert answer["verdicts"] == [
        {"index": 0, "message_id": "b", "verdict": "duplicate", "reason": "duplicate"},
        {"index": 1, "message_id": "c", "verdict": "ok"},
    ]


def test_what_was_refused_may_come_again_when_it_is_mended(tmp_path: Path) -> None:
    with running(tmp_path, plan_mode="enforce", plan=read_plan(PLAN)) as door:
        bad, good = event("m", event="Paid"), event("m", event="Paid", properties={"amount": 1})
        assert sent(door, bad, event("n")) == ["rejected", "ok"]
        assert sent(door, good, event("n"), {**event("n"), "type": 5}) == ["ok", "duplicate", "rejected"]


def test_what_is_not_on_disk_is_no_duplicate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise JournalUnavailable("no space left")

    with running(tmp_path) as door:
        with monkeypatch.context() as broken:
            broken.setattr(door.door.journal, "put", fail)
            assert door.client.post("/v1/batch", json={"batch": [event("a")]}).status_code == 503
        assert sent(door, event("a")) == ["ok"]
        assert sent(door, event("a")) == ["duplicate"]


def test_one_bad_event_in_two_thousand_costs_one(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        events: list[object] = [event(str(number)) for number in range(2_000)]
        events[1_234] = {**event("1234"), "userId": {"not": "an id"}}
        answer = door.client.post("/v1/batch", json={"batch": events}).json()
        (record,) = door.records()
    assert (answer["accepted"], answer["rejected"]) == (1_999, 1)
    bad = [one for one in answer["verdicts"] if one["verdict"] != "ok"]
    assert [(one["index"], one["message_id"], one["reason"], one["pointer"]) for one in bad] == [
        (1_234, "1234", "wrong_type", "/userId")
    ]
    assert record.events == 2_000
    assert [one.index for one in record.head.judgements] == [1_234]
