"""From a journal segment to its landing object: one row for each received event, whatever became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import astuple

from sdk_contract.canonical import Event, canonical, glimpse
from sdk_contract.dialects import Dialect, Parsed
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.times import parse_time
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.enrich.agent import UNKNOWN, data_version, read_agent
from warehouse.enrich.clock import moment
from warehouse.landing import FORMAT, SCHEMA, object_key
from warehouse.segments import HOUR_US, Damage, Record, RecordHead, SegmentCount, count, opened_at, scan

DIALECTS: Mapping[str, Dialect] = {SEGMENT.name: SEGMENT}
SOURCE = b"sojourn.source"

_OF_REQUEST = ("project", "key_id", "key_no", "dialect", "plan_version", "received_at", "record")
_OF_EVENT = (
    *("index", "verdict", "reason", "pointer", "expected", "message_id", "type"),
    *("timestamp", "original_timestamp", "sent_at", "ip", "user_agent", "browser"),
    *("os_name", "os_version", "device_type", "device_model", "is_bot", "raw"),
)
_REPEATING = [
    *("project", "key_id", "key_no", "dialect", "segment_id", "verdict", "reason", "pointer", "expected"),
    *("plan_version", "type", "event", "category", "user_id", "anonymous_id", "group_id", "ip", "user_agent"),
    *("locale", "timezone", "page_url", "page_path", "page_title", "page_referrer", "page_search"),
    *("campaign_source", "campaign_medium", "campaign_name", "campaign_term", "campaign_content"),
    *("library_name", "library_version", "app_name", "app_version", "os_name", "os_version", "device_type"),
    *("device_model", "screen_width", "screen_height", "browser", "context", "integrations"),
]
_UNMEASURED = frozenset({"properties", "traits", "context", "integrations", "extra", "raw"})
_MEASURED = [name for name in SCHEMA.names if name not in _UNMEASURED]
_ROW_GROUP = 100_000
_UNFIT = (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError)
_nothing: Any = dict.fromkeys(Event.__struct_fields__)
_BLANK = Event(**_nothing)
_KEPT_RAW = frozenset({Verdict.REJECTED, Verdict.FILTERED})

# A row in two parts: what is ours to say, and the event as it was sent.
Row = tuple[tuple[Any, ...], Event]


class Landing(msgspec.Struct, frozen=True):
    """What becomes of a segment.

    An object's key and bytes, and what the segment counts. Same segment, same bytes.
    """

    segment_id: str
    key: str
    parquet: bytes
    source: str
    count: SegmentCount


def convert(data: bytes, segment_id: str) -> Landing:
    """Turns a segment into its landing object.

    Damage becomes rows; nothing in the bytes can make this fail.
    """
    opened = opened_at(data, segment_id)
    found = list(scan(data))
    source = hashlib.sha256(data).hexdigest()
    parquet = write_parquet(table_of(found, segment_id, opened), segment_id, source)
    return Landing(segment_id, object_key(segment_id, opened), parquet, source, count(found, opened))


def table_of(found: Iterable[Record | Damage], segment_id: str, opened: int) -> pa.Table:
    """The rows of a segment as `SCHEMA` has them, in the order of its records; `opened` in µs UTC."""
    rows: list[Row] = []
    for number, one in enumerate(found):
        if isinstance(one, Record):
            rows += _safe_rows_of(one, number, segment_id)
        else:
            rows += _damaged(one, number, segment_id, opened)
    return _table(rows, segment_id)


def write_parquet(table: pa.Table, segment_id: str, source: str) -> bytes:
    """The object's bytes; `source` (SHA-256 of the segment) tells later which bytes it was made from."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        SCHEMA,
        compression="zstd",
        use_dictionary=_REPEATING,
        write_statistics=_MEASURED,
        store_schema=False,
    ) as writer:
        writer.write_table(table, row_group_size=_ROW_GROUP)
        marks = {"segment": segment_id, "source": source, "format": FORMAT, "enrichment": data_version()}
        writer.add_key_value_metadata({f"sojourn.{name}": value for name, value in marks.items()})
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def source_of(parquet: bytes) -> str | None:
    """Which segment bytes an object was made from; None where it does not say."""
    try:
        metadata = pq.read_schema(pa.BufferReader(parquet)).metadata or {}
    except (pa.ArrowException, OSError):
        return None
    mark: bytes | None = metadata.get(SOURCE)
    return None if mark is None else mark.decode()


def _safe_rows_of(record: Record, number: int, segment_id: str) -> list[Row]:
    try:
        return list(_rows_of(record, number, segment_id))
    except Exception:  # one request must not stop its segment; it is kept whole instead
        return list(_unreadable(record, number, segment_id))


def _rows_of(record: Record, number: int, segment_id: str) -> Iterator[Row]:
    head, parsed = record.head, _parse(record)
    if parsed is None:
        yield from _unreadable(record, number, segment_id)
        return
    request = _request(head, number)
    sent_at = _time(parsed.sent_at or head.sent_at)
    judgements = {judged.index: judged for judged in head.judgements}
    for index, raw in enumerate(parsed.events):
        event, text, judged = _read(raw, parsed, head.kind, index, judgements.get(index))
        yield request + _ours(event, head, index, judged, sent_at, text), event


def _parse(record: Record) -> Parsed | None:
    """The request as the door read it; None where it reads differently now, which no rule of ours allows."""
    try:
        parsed = DIALECTS[record.head.dialect].parse(record.head.kind, record.body)
    except (KeyError, Refused):
        return None
    return parsed if len(parsed.events) == record.events else None


def _read(
    raw: msgspec.Raw, parsed: Parsed, kind: str, index: int, judged: Judgement | None
) -> tuple[Event, str | None, Judgement | None]:
    """The event, its bytes where they are kept, and its judgement."""
    if judged is None or judged.verdict not in _KEPT_RAW:
        try:
            return canonical(raw, kind, parsed.context), None, judged
        except Exception:  # the door took it, so whatever this is must neither lose it nor stop its segment
            judged = Judgement(index, Verdict.DAMAGED, Reason.DAMAGED)
    return glimpse(raw, kind), _readable(bytes(raw)), judged


def _ours(
    event: Event, head: RecordHead, index: int, judged: Judgement | None, sent_at: int | None, raw: str | None
) -> tuple[Any, ...]:
    received, sent = head.received_at, event.sent_at if event.sent_at is not None else sent_at
    text = event.user_agent or head.user_agent
    agent = read_agent(text) if text else UNKNOWN
    said = event.os_name is not None
    return (
        *_verdict(index, judged),
        event.message_id or f"{head.batch_id}-{index}",
        None if event.type == "batch" else event.type,
        *(moment(event.timestamp, sent, received, None).timestamp, event.timestamp, sent),
        *(event.ip or head.ip, text, agent.browser),
        *((event.os_name, event.os_version) if said else (agent.os_name, agent.os_version)),
        *(event.device_type or agent.device_type, event.device_model or agent.device_model),
        *(agent.is_bot, raw),
    )


def _verdict(index: int, judged: Judgement | None) -> tuple[Any, ...]:
    if judged is None:
        return (index, "ok", None, None, None)
    reason = judged.reason.value if judged.reason else None
    return (index, judged.verdict.value, reason, judged.pointer, judged.expected)


def _request(head: RecordHead, number: int) -> tuple[Any, ...]:
    key = (head.project, head.key_id, head.key_no, head.dialect)
    return (*key, head.plan_version, head.received_at, number)


def _unreadable(record: Record, number: int, segment_id: str) -> Iterator[Row]:
    """Bytes that are whole and yet not what the door read: kept, with the first of the rows."""
    request, when = _request(record.head, number), record.head.received_at
    for index in range(record.events):
        raw = _readable(record.body) if index == 0 else None
        yield request + _lost(index, f"damaged-{segment_id}-{record.ordinal + index}", when, raw), _BLANK


def _damaged(damage: Damage, number: int, segment_id: str, opened: int) -> Iterator[Row]:
    when = opened if damage.hour is None else damage.hour * HOUR_US
    request = (None, None, damage.key_no, None, None, when, number)
    for index in range(damage.events):
        yield request + _lost(index, f"damaged-{segment_id}-{damage.ordinal + index}", when), _BLANK


def _lost(index: int, message_id: str, when: int, raw: str | None = None) -> tuple[Any, ...]:
    verdict = _verdict(index, Judgement(index, Verdict.DAMAGED, Reason.DAMAGED))
    return (*verdict, message_id, None, when, *(None,) * (len(_OF_EVENT) - 9), raw)


def _time(text: str | None) -> int | None:
    try:
        return None if text is None else parse_time(text)
    except ValueError:
        return None


def _readable(raw: bytes) -> str:
    """The bytes as text; a byte that is no UTF-8 is written as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


def _table(rows: list[Row], segment_id: str) -> pa.Table:
    ours = _columns((*_OF_REQUEST, *_OF_EVENT), [mine for mine, _ in rows])
    sent = _columns(Event.__struct_fields__, [astuple(event) for _, event in rows])
    values = {**sent, **ours, "segment_id": [segment_id] * len(rows)}
    nothing = [None] * len(rows)
    arrays = [_array(values.get(field.name, nothing), field.type) for field in SCHEMA]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, type=kind)
    except _UNFIT:  # of a refused event: whoever reads the whole finds it in `raw`
        return pa.array([value if _fits(value, kind) else None for value in values], type=kind)


def _fits(value: Any, kind: pa.DataType) -> bool:
    try:
        pa.scalar(value, type=kind)
    except _UNFIT:
        return False
    return True


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ([] for _ in names)
    return dict(zip(names, columns, strict=True))
