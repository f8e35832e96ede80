"""From rows to the bytes of a landing object: columns in `SCHEMA`'s order, one Parquet file.

What many rows share (their request, verdict, place, scene) is there once and has a number; a row has the
numbers, and what is its own. So a column of what is shared is made of its few distinct values, and Parquet
is given the numbers as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec.structs import astuple

from sdk_contract.canonical import Event
from sdk_contract.verdicts import Judgement
from warehouse.enrich.event import MOMENT
from warehouse.enrich.scene import SCENE, Scene, Scenes
from warehouse.enrich.tables import data_version
from warehouse.landing import FORMAT, SCHEMA

SOURCE = b"sojourn.source"

OF_REQUEST: Final = (
    *("project", "key_id", "key_no", "dialect", "plan_version", "received_at", "record"),
    *("kind", "privacy", "signals", "visitor_id", "ip"),
)
OF_VERDICT: Final = ("verdict", "reason", "pointer", "expected")
OF_PLACE: Final = ("country", "region", "city")
# Of each row: the numbers of what it shares, and what is its own.
NUMBERS: Final = ("of_request", "of_verdict", "of_place", "of_scene")
OWN: Final = ("index", "message_id", "raw", "uncleaned", *MOMENT)
NO_SCENE: Final = 0
_OF_EVENT: Final = (
    *("type", "event", "category", "user_id", "anonymous_id", "group_id", "previous_id"),
    *("original_timestamp", "properties", "traits", "integrations", "extra"),
)
_AS_SENT: Final = tuple(
    "original_timestamp" if name == "timestamp" else name for name in Event.__struct_fields__
)

# A row in two parts: what is ours to say (`NUMBERS`, `OWN`), and the event as it was sent.
Row = tuple[tuple[Any, ...], Event]

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
_OK: Final = ("ok", None, None, None)
_ROW_GROUP: Final = 100_000
_UNFIT: Final = (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError)


class Numbered:
    """Distinct tuples in the order in which they came, each with its number."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self._numbers: dict[tuple[Any, ...], int] = {}

    def number(self, row: tuple[Any, ...]) -> int:
        found = self._numbers.get(row)
        if found is None:
            found = self._numbers[row] = len(self.rows)
            self.rows.append(row)
        return found


class Sheet:
    """The rows of a segment as they are made, and what they share."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.requests, self.verdicts, self.places = Numbered(), Numbered(), Numbered()
        self.scenes: list[Scene] = [(None,) * len(SCENE)]
        self._by_agent: dict[str | None, Scenes] = {}
        self.nowhere = self.places.number((None, None, None))

    def verdict(self, judged: Judgement | None) -> int:
        """The number of a verdict; None is a plain ok."""
        if judged is None:
            return self.verdicts.number(_OK)
        reason = judged.reason.value if judged.reason else None
        return self.verdicts.number((judged.verdict.value, reason, judged.pointer, judged.expected))

    def scenes_of(self, user_agent: str | None) -> Scenes:
        """The scenes of requests with this user agent."""
        found = self._by_agent.get(user_agent)
        if found is None:
            found = self._by_agent[user_agent] = Scenes(self.scenes, user_agent)
        return found

    def table(self, segment_id: str) -> pa.Table:
        """All rows; a value that does not fit its column is null. Texts that repeat are dictionaries."""
        columns = {
            **_columns(_AS_SENT, [astuple(event) for _, event in self.rows]),
            **_columns((*NUMBERS, *OWN), [ours for ours, _ in self.rows]),
        }
        shared = (
            (OF_REQUEST, self.requests.rows, "of_request"),
            (OF_VERDICT, self.verdicts.rows, "of_verdict"),
            (OF_PLACE, self.places.rows, "of_place"),
            (SCENE, self.scenes, "of_scene"),
        )
        found = {name: _array(columns[name], SCHEMA.field(name).type) for name in (*OWN, *_OF_EVENT)}
        for names, rows, by in shared:
            numbers = pa.array(columns[by], pa.int32())
            for name, values in _columns(names, rows).items():
                column = _spread(values, SCHEMA.field(name).type, numbers)
                found[name] = _first(column, found[name]) if name in found else column
        length = len(self.rows)
        found["segment_id"] = _spread((segment_id,), pa.string(), pa.array([0] * length, pa.int32()))
        arrays = [found.get(field.name, pa.nulls(length, field.type)) for field in SCHEMA]
        fields = [field.with_type(array.type) for field, array in zip(SCHEMA, arrays, strict=True)]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields, SCHEMA.metadata))


def write_parquet(rows: pa.Table, segment_id: str, source: str) -> bytes:
    """The object's bytes; `source` (SHA-256 of the segment) tells later which bytes it was made from."""
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


def _spread(values: Sequence[Any], kind: pa.DataType, numbers: pa.Array) -> pa.Array:
    """A column whose value in each row is that of its number."""
    distinct = _array(values, kind)
    if distinct.null_count == len(distinct):
        return pa.nulls(len(numbers), kind)
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


def _columns(names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> Mapping[str, Sequence[Any]]:
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ([] for _ in names)
    return dict(zip(names, columns, strict=True))
