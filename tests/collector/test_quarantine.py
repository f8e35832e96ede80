"""Bodies that cannot be read: refused as ever, and kept where only the quarantine key reads them."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from collector.quarantine import KEPT_BYTES, Room
from sdk_contract.privacy import Vault
from sdk_contract.verdicts import Judgement, Reason, Verdict
from tests.collector.running import Running, now, running
from warehouse.secrets import Secrets
from warehouse.segments import HOUR_US

HIDDEN = b"li.na@example.com"


def vault(door: Running) -> Vault:
    return Secrets.open(door.door.settings.secrets, now, lambda size: b"x" * size).vault()


def bodies(door: Running) -> list[bytes]:
    return [vault(door).unseal(json.loads(record.body)) for record in door.records()]


@pytest.mark.parametrize(
    ("body", "headers", "reason", "kept"),
    [
        (HIDDEN + b" hello", {}, Reason.BAD_ENVELOPE, HIDDEN + b" hello"),
        (b'{"batch":[' + HIDDEN, {}, Reason.BAD_ENVELOPE, b'{"batch":[' + HIDDEN),
        (gzip.compress(b'{"batch":5}', mtime=0), {}, Reason.BAD_ENVELOPE, b'{"batch":5}'),
        (
            gzip.compress(b"[" + HIDDEN, mtime=0)[:-9],
            {},
            Reason.BAD_COMPRESSION,
            gzip.compress(b"[" + HIDDEN, mtime=0)[:-9],
        ),
        (HIDDEN, {"content-encoding": "li.na@example.com"}, Reason.BAD_COMPRESSION, HIDDEN),
    ],
)
def test_what_cannot_be_read_is_kept_sealed(
    tmp_path: Path, body: bytes, headers: dict[str, str], reason: Reason, kept: bytes
) -> None:
    with running(tmp_path) as door:
        answer = door.client.post("/v1/batch", content=body, headers=headers)
        (record,) = door.records()
        assert bodies(door) == [kept]
    assert (answer.status_code, answer.json()["reason"]) == (400, reason.value)
    head = record.head
    assert (head.sealed, record.events, head.project, head.kind) == (True, 1, "shop", "batch")
    (judged,) = head.judgements
    assert (judged.index, judged.verdict, judged.reason, judged.pointer) == (0, Verdict.REJECTED, reason, "")
    assert judged.expected
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert HIDDEN not in written


def test_only_the_first_bytes_are_kept(tmp_path: Path) -> None:
    body = b"no json " * 20_000
    with running(tmp_path) as door:
        assert door.client.post("/v1/batch", content=body).status_code == 400
        assert bodies(door) == [body[:KEPT_BYTES]]


def test_over_the_quota_it_is_only_counted(tmp_path: Path) -> None:
    with running(tmp_path, quarantine_bytes=250) as door:
        answers = [door.client.post("/v1/batch", content=b"x" * 100) for _ in range(3)]
        assert len(door.records()) == 2
        text = metrics(door)
    assert [answer.status_code for answer in answers] == [400] * 3
    assert 'sojourn_quarantined_total{outcome="kept",reason="bad_envelope"} 2.0' in text
    assert 'sojourn_quarantined_total{outcome="over_quota",reason="bad_envelope"} 1.0' in text
    assert 'sojourn_refused_requests_total{reason="bad_envelope"} 3.0' in text
    assert 'sojourn_events_total{reason="bad_envelope",verdict="rejected"} 2.0' in text


def metrics(door: Running) -> str:
    door.door.metrics.flush(door.door.counts)
    return str(door.client.get("/metrics").text)


def test_what_is_refused_without_being_read_is_counted_and_not_kept(tmp_path: Path) -> None:
    with running(tmp_path, body_limit=2_000, key_rate=1.0) as door:
        unknown = httpx.post(f"{door.url}/v1/batch", content=b"no json", trust_env=False)
        large = door.client.post("/v1/batch", content=b"x" * 3_000)
        bomb = door.client.post("/v1/batch", content=gzip.compress(b"[" + b" " * 9_000))
        for _ in range(3):
            door.client.post("/v1/track", json={"event": "e", "userId": "u"})
        quota = door.client.post("/v1/track", json={"event": "e", "userId": "u"})
        assert not [record for record in door.records() if record.head.sealed]
        text = metrics(door)
    answers = [unknown, large, bomb, quota]
    assert [answer.status_code for answer in answers] == [400, 413, 413, 429]
    for reason, number in (("bad_envelope", 1), ("body_too_large", 2), ("over_quota", 1)):
        assert f'sojourn_refused_requests_total{{reason="{reason}"}} {number}.0' in text


def test_a_key_has_its_room_by_the_hour() -> None:
    room = Room(100)
    assert [room.take(1, 60, 0), room.take(1, 60, 1), room.take(1, 40, 2), room.take(2, 100, 3)] == [
        True, False, True, True
    ]  # fmt: skip
    assert room.take(1, 100, HOUR_US)
    assert not Room(0).take(1, 1, 0)


def test_an_event_that_cannot_be_read_does_not_seal_its_batch(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        answer = door.client.post("/v1/batch", content=b'{"batch":[{"type":"page","userId":"u"},NaN]}')
        (record,) = door.records()
    assert answer.status_code == 200
    assert not record.head.sealed
    assert record.head.judgements == [
        Judgement(1, Verdict.REJECTED, Reason.BAD_VALUE, "", record.head.judgements[0].expected)
    ]
