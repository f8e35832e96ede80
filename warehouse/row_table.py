"""From rows to the bytes of a landing object: columns in `SCHEMA`'s order, one Parquet file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import astuple

from sdk_contract.canonical import Event
from warehouse.enrich.event import ENRICHED
from warehouse.enrich.tables import data_version
from warehouse.landing import FORMAT, SCHEMA

SOURCE = b"sojourn.source"

OF_REQUEST: Final = (
    *("project", "key_id", "key_no", "dialect", "plan_version", "received_at", "record"),
    *("kind", "privacy", "signals"),
)
OF_EVENT: Final = (
    *("index", "verdict", "reason", "pointer", "expected", "message_id", "type", "raw", "visitor_id"),
)
_OURS: Final = (*OF_EVENT, *ENRICHED)
_REPEATING: Final = [
    *("project", "key_id", "key_no", "dialect", "segment_id", "verdict", "reason", "pointer", "expected"),
    *("plan_version", "type", "event", "category", "user_id", "anonymous_id", "group_id", "ip", "user_agent"),
    *("locale", "timezone", "page_url", "page_path", "page_title", "page_referrer", "page_search"),
    *("campaign_source", "campaign_medium", "campaign_name", "campaign_term", "campaign_content"),
    *("library_name", "library_version", "app_name", "app_version", "os_name", "os_version", "device_type"),
    *("device_model", "screen_width", "screen_height", "browser", "context", "integrations"),
    *("kind", "privacy", "signals", "visitor_id", "country", "region", "city", "clock", "clock_offset"),
    *("page_host", "referrer_host", "referrer_class", "referrer_source", "click_id_kind", "campaign_id"),
    *("channel", "bot_reason"),
]
_UNMEASURED: Final = frozenset(
    {"properties", "traits", "context", "integrations", "extra", "raw", "uncleaned"}
)
_MEASURED: Final = [name for name in SCHEMA.names if name not in _UNMEASURED]
_ROW_GROUP: Final = 100_000
_UNFIT: Final = (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError)

# A row in two parts: what is ours to say (`OF_EVENT`, `ENRICHED`), and the event as it was sent.
Row = tuple[tuple[Any, ...], Event]
# The rows of one request, and what is the same in all of them (`OF_REQUEST`).
Rows = tuple[tuple[Any, ...], list[Row]]


def table(requests: Sequence[Rows], segment_id: str) -> pa.Table:
    """The rows as `SCHEMA` has them; a value that does not fit its column is null."""
    rows = [row for _, rows in requests for row in rows]
    ours = _columns(_OURS, [mine for mine, _ in rows])
    sent = _columns(Event.__struct_fields__, [astuple(event) for _, event in rows])
    values = {**sent, **ours}
    shared = _columns((*OF_REQUEST, "segment_id"), [(*request, segment_id) for request, _ in requests])
    owners = pa.array([number for number, (_, rows) in enumerate(requests) for _ in rows], pa.int32())
    arrays = [
        _array(shared[field.name], field.type).take(owners)
        if field.name in shared
        else _array(values.get(field.name, [None] * len(rows)), field.type)
        for field in SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def write_parquet(rows: pa.Table, segment_id: str, source: str) -> bytes:
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
        writer.write_table(rows, row_group_size=_ROW_GROUP)
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


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if values.count(None) == len(values):
        return pa.nulls(len(values), kind)
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
