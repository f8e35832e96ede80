"""Requests, records and what landed of them, for the tests of journal and sink."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from collector.writer import Entry
from sdk_contract.verdicts import Judgement
from warehouse.landing import Store
from warehouse.segments import (
    HOUR_US,
    Footer,
    Head,
    RecordHead,
    Tally,
    encode_footer,
    encode_head,
    encode_record,
    payload_crc,
    record_prefix,
)

RECEIVED = 1_795_298_592_515_000  # 2026-11-21T22:03:12.515Z
WORKER = "n-w0"


def request(
    key_no: int = 1, received_at: int = RECEIVED, judgements: Sequence[Judgement] = (), **given: Any
) -> RecordHead:
    fields: dict[str, Any] = {
        "key_id": f"k_{key_no}",
        "project": "shop",
        "dialect": "segment",
        "kind": "batch",
        "ip": "203.0.113.0",
        "user_agent": None,
        "sent_at": None,
        "batch_id": "abcdefghijklmnopqrstuv",
        "plan_version": None,
    }
    return RecordHead(received_at, key_no, **{**fields, **given}, judgements=list(judgements))


def track(message_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "userId": "u", "messageId": message_id, **fields}


def batch(events: Sequence[Any], **envelope: Any) -> bytes:
    return json.dumps({"batch": list(events), **envelope}, ensure_ascii=False).encode()


def entry(message_ids: Sequence[str], head: RecordHead | None = None) -> Entry:
    head, body = head or request(), batch([track(one) for one in message_ids])
    prefix = record_prefix(head)
    hour = head.received_at // HOUR_US
    return Entry(prefix, body, payload_crc(prefix, body), len(message_ids), head.key_no, hour)


def segment(records: Iterable[tuple[RecordHead, bytes, int]], number: int = 1) -> bytes:
    data, ordinal = encode_head(Head("n", WORKER, 1_795_298_592_515, number, RECEIVED)), 0
    for head, body, events in records:
        data += encode_record(head, body, ordinal, events)
        ordinal += events
    return data + encode_footer(Footer([]), ordinal)


def landed(store: Store) -> list[dict[str, Any]]:
    """Every row in landing, in the order of the objects."""
    tables = (pq.read_table(io.BytesIO(store.get(found.key))) for found in store.list())
    return [row for table in tables for row in table.to_pylist()]


class Books:
    """The registry's part in publishing, in memory: a worker's segments by age, each once."""

    def __init__(self) -> None:
        self.trimmed: dict[str, str] = {}
        self.received = 0

    def tally_segment(self, worker: str, segment_id: str, tally: Sequence[Tally]) -> bool:
        if segment_id <= self.trimmed.get(worker, ""):
            return False
        self.trimmed[worker] = segment_id
        self.received += sum(one.events for one in tally)
        return True


def put_sealed(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.sealed"
    path.write_bytes(data)
    return path
