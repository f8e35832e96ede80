"""One device that floods is limited, and nobody else."""

import fcntl
import json
from pathlib import Path

import pytest
from msgspec import Raw

from collector import devices
from collector.devices import NOBODY, Devices, device_of, without
from sdk_contract.judging import Judged
from sdk_contract.verdicts import Judgement, Reason, Verdict
from tests.collector.running import running

RATE = 10.0


def event(device: str | int | None, **fields: object) -> Raw:
    return Raw(json.dumps({"type": "track", "event": "e", "anonymousId": device, **fields}).encode())


class Machine:
    """Workers with one clock and one table."""

    def __init__(self, folder: Path, workers: int = 1, rate: float = RATE) -> None:
        self.now = 1000.0
        self.workers = [
            Devices(rate, folder / "devices", lambda: self.now, lambda size: b"k" * size)
            for _ in range(workers)
        ]

    def over(self, *sent: str | int | None, worker: int = 0, key_no: int = 1) -> set[int]:
        return set(self.workers[worker].charge(key_no, [event(one) for one in sent]).events)


def test_a_device_that_floods_is_over_and_the_others_are_not(tmp_path: Path) -> None:
    one = Machine(tmp_path)
    assert one.over(*["a"] * 50, "b") == set()
    assert one.over("b", "a", "c", "a", None) == {1, 3}
    assert one.over("a", key_no=2) == set()
    assert one.workers[0].charge(1, [event("a")]).seconds == 3
    one.now += 3.1
    assert one.over("a") == set()


@pytest.mark.parametrize("workers", [1, 3])
def test_the_workers_share_what_a_device_may_send(tmp_path: Path, workers: int) -> None:
    machine = Machine(tmp_path, workers)
    passed = 0
    for number in range(2000):
        machine.now += 0.01
        passed += not machine.over("a", worker=number % workers)
    assert RATE * 20 <= passed <= RATE * 22 + 1


def test_a_device_is_limited_also_while_another_worker_holds_the_table(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 2)
    assert machine.over(*["a"] * 50, worker=1) == set()
    with (tmp_path / "devices").open("rb") as table:
        fcntl.flock(table, fcntl.LOCK_EX)
        assert machine.over("a", "b", worker=0) == {0}


def test_a_user_is_a_device_where_there_is_no_other_and_nobody_is_not() -> None:
    assert [device_of(raw) for raw in (event("a", userId="u"), event("", userId="u"), event(7))] == [
        "a",
        "u",
        7,
    ]
    assert [device_of(Raw(raw)) for raw in (b"{}", b"3", b'{"userId":{}}', b"\xff")] == [None] * 4


def test_a_full_table_forgets_who_owes_least(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "SETS", 1)
    machine = Machine(tmp_path)
    assert machine.over(*["flood"] * 100) == set()
    for number in range(200):
        machine.now += 0.01
        assert machine.over(f"other{number}") == set()
    assert machine.over("flood") == {0}


def test_no_rate_is_no_limit_and_no_table(tmp_path: Path) -> None:
    assert Machine(tmp_path, rate=0.0).workers[0].charge(1, [event("a")] * 10**5) is NOBODY
    assert not list(tmp_path.iterdir())


def test_what_is_refused_anyway_stays_refused() -> None:
    refused, warned = Judgement(1, Verdict.REJECTED, Reason.BAD_TIME), Judgement(2, Verdict.WARNING)
    over = devices.Over(frozenset({0, 1, 2}), 1)
    limited = without(Judged(["a", "b", "c", "d"], [refused, warned]), over).judgements
    assert [(one.index, one.verdict, one.reason) for one in limited] == [
        (0, Verdict.FILTERED, Reason.DEVICE_QUOTA),
        (1, Verdict.REJECTED, Reason.BAD_TIME),
        (2, Verdict.FILTERED, Reason.DEVICE_QUOTA),
    ]


def sent(*names: str) -> list[dict[str, object]]:
    return [
        {"type": "track", "event": "e", "anonymousId": name, "properties": {"long": "secret"}}
        for name in names
    ]


def test_a_batch_keeps_a_stub_of_what_is_over_and_a_flood_alone_is_429(tmp_path: Path) -> None:
    with running(tmp_path, device_rate=1.0, key_rate=100.0) as door:
        assert door.client.post("/v1/batch", json={"batch": sent(*["a"] * 40)}).json()["accepted"] == 40
        alone = door.client.post("/v1/batch", json={"batch": sent(*["a"] * 500)})
        mixed = door.client.post("/v1/batch", json={"batch": sent("b", "a", "c")})
        records = door.records()
    assert (alone.status_code, alone.json()["reason"]) == (429, "over_quota")
    assert int(alone.headers["retry-after"]) > 30
    said = [(one["verdict"], one.get("reason")) for one in mixed.json()["verdicts"]]
    assert said == [("ok", None), ("filtered", "device_quota"), ("ok", None)]
    assert len(records) == 2, "what is refused whole is not kept, and the key is in no debt for it"
    kept = json.loads(records[1].body)["batch"]
    assert ["long" in str(one) for one in kept] == [True, False, True]
    assert records[1].head.judgements == [Judgement(1, Verdict.FILTERED, Reason.DEVICE_QUOTA)]
