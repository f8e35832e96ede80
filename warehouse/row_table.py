"""From a sheet of rows to the bytes of a landing object: columns in `SCHEMA`'s order, one Parquet file.

A column of what rows share is made of its few distinct values, and Parquet is given their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.checksums import CHECKSUM, UNKNOWN, is_whole, sealed
from warehouse.enrich.event import MOMENT
from warehouse.enrich.scene import SCENE
from warehouse.enrich.tables import data_version
from warehouse.landing import FORMAT, SCHEMA
from warehouse.sheet import NUMBERS, OF_PLACE, OF_REQUEST, OF_VERDICT, OWN, SENT, Sheet

SOURCE = b"sojourn.source"

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
# By these one looks for rows; of other columns the least and the greatest value tell nothing worth its price.
_MEASURED: Final = [
    *("project", "key_id", "key_no", "dialect", "segment_id", "record", "index", "verdict", "reason"),
    *("plan_version", "message_id", "type", "event", "timestamp", "original_timestamp", "sent_at"),
    *("received_at", "replayed_at"),
]
_ROW_GROUP: Final = 100_000
_KINDS: Final[Mapping[str, pa.DataType]] = {field.name: field.type for field in SCHEMA}
_UNFIT: Final = (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError)


def table(sheet: Sheet) -> pa.Table:
    """The rows with the columns of `SCHEMA`; a value that does not fit its column is null.

    What rows share is dictionaries where it is text; `cast(SCHEMA)` makes texts of them.
    """
    sheet.turn()
    length = len(sheet.columns["index"])
    own = {name: _array(sheet.columns[name], _KINDS[name]) for name in (*OWN, *MOMENT, *SENT)}
    segment = _spread([sheet.segment_id], pa.string(), pa.array([0] * length, pa.int32()))
    found = {**own, **_shared(sheet), "segment_id": segment}
    arrays = [found[name] if name in found else pa.nulls(length, kind) for name, kind in _KINDS.items()]
    fields = [field.with_type(array.type) for field, array in zip(SCHEMA, arrays, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, SCHEMA.metadata))


def write_parquet(rows: pa.Table, segment_id: str, source: str) -> bytes:
    """The object's bytes; `source` tells later which segment it was made from."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        rows.schema,
        compression="zstd",
        use_dictionary=_REPEATING,
        write_statistics=_MEASURED,
        store_schema=False,
    ) as writer:
        writer.write_table(rows, row_group_size=_ROW_GROUP)
        marks = {"segment": segment_id, "source": source, "format": FORMAT, "enrichment": data_version()}
        named = {f"sojourn.{name}": value for name, value in marks.items()}
        writer.add_key_value_metadata({**named, CHECKSUM: UNKNOWN})
    return sealed(sink.getvalue().to_pybytes())


def source_of(parquet: bytes) -> str | None:
    """Which segment an object was made from; None where it is damaged or does not say."""
    if not is_whole(parquet):
        return None
    try:
        metadata = pq.read_schema(pa.BufferReader(parquet)).metadata or {}
    except (pa.ArrowException, OSError):
        return None
    mark: bytes | None = metadata.get(SOURCE)
    return None if mark is None else mark.decode()


def _shared(sheet: Sheet) -> dict[str, pa.Array]:
    """The columns of what rows share; an event's own address goes before its request's."""
    numbers = (pa.array(sheet.columns[name], pa.int32()) for name in NUMBERS)
    of_request, of_verdict, of_place, of_scene = numbers
    found = _spread_all(OF_REQUEST, sheet.requests, of_request)
    found |= _spread_all(OF_VERDICT, sheet.verdicts.rows, of_verdict)
    found |= _spread_all(OF_PLACE, sheet.places.rows, of_place)
    scenes = _spread_all(SCENE, sheet.scenes, of_scene)
    return {**found, **scenes, "ip": _first(scenes["ip"], found["ip"])}


def _spread_all(
    names: tuple[str, ...], rows: Sequence[tuple[Any, ...]], numbers: pa.Array
) -> dict[str, pa.Array]:
    return {name: _spread(values, _KINDS[name], numbers) for name, values in _columns(names, rows).items()}


def _spread(values: Sequence[Any], kind: pa.DataType, numbers: pa.Array) -> pa.Array:
    """A column whose value in each row is that of its number."""
    if all(value is None for value in values):
        return pa.nulls(len(numbers), kind)
    distinct = _array(values, kind)
    if not pa.types.is_string(kind):
        return distinct.take(numbers)
    encoded = distinct.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.take(numbers), encoded.dictionary, safe=False)


def _first(column: pa.Array, other: pa.Array) -> pa.Array:
    """The first of two that is there."""
    if column.null_count == len(column):
        return other
    if other.null_count == len(other):
        return column
    return pc.coalesce(column.cast(pa.string()), other.cast(pa.string()))


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


def _columns(names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ([] for _ in names)
    return dict(zip(names, columns, strict=True))
