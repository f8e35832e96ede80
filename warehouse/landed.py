"""Landing objects as rows on their way into the lake, and the SELECTs that give each table its part."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.checksums import is_whole
from warehouse.errors import ObjectDamaged
from warehouse.landing import SCHEMA, Store, segment_of
from warehouse.parquet import read_rows

STORED, DUPLICATE = "stored", "duplicate"
FATES = (STORED, DUPLICATE, "rejected", "filtered", "damaged")
GONE = len(FATES)
_NUMBER = {fate: number for number, fate in enumerate(FATES)}
_JSON = ("properties", "traits", "context", "integrations", "extra", "uncleaned")


class Landed(msgspec.Struct, frozen=True):
    """One landing object read whole; its rows take the load_seqs from `first` on."""

    key: str
    first: int
    rows: pa.Table

    @property
    def last(self) -> int:
        return self.first + int(self.rows.num_rows) - 1


def read_object(store: Store, key: str) -> pa.Table:
    """All rows of a landing object, in order, with the columns of SCHEMA.

    ObjectDamaged names one that cannot be read.
    """
    return open_object(store.get(key), key)


def open_object(data: bytes, key: str) -> pa.Table:
    """The same of an object's bytes."""
    if not is_whole(data):
        raise ObjectDamaged(f"landing object {key} cannot be read: its checksum does not hold")
    try:
        segment_of(key)
        table = read_rows(data)
        missing = [field for field in SCHEMA if field.name not in table.column_names]
        for field in missing:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
        return table.select(SCHEMA.names).cast(SCHEMA)
    except (pa.ArrowException, OSError) as error:
        raise ObjectDamaged(f"landing object {key} cannot be read: {error}") from error


def together(objects: Sequence[Landed]) -> pa.Table:
    """The rows of some objects with their load_seq."""
    rows = pa.concat_tables([landed.rows for landed in objects])
    seqs = [np.arange(landed.first, landed.last + 1, dtype=np.int64) for landed in objects]
    return rows.append_column("load_seq", pa.array(np.concatenate(seqs)))


def refused_fates(rows: pa.Table) -> npt.NDArray[np.int8]:
    """The number in FATES of each row by its verdict alone: stored where it may be stored.

    GONE, which no verdict gives, is for rows whose place a replay took.
    """
    fates = np.zeros(rows.num_rows, np.int8)
    verdicts = rows.column("verdict").to_numpy(zero_copy_only=False)
    for fate in FATES[2:]:
        fates[verdicts == fate] = _NUMBER[fate]
    return fates


def with_fates(rows: pa.Table, fates: npt.NDArray[np.int8], same_body: npt.NDArray[np.bool_]) -> pa.Table:
    return rows.append_column("fate", pa.array(fates)).append_column("same_body", pa.array(same_body))


def json_column(name: str) -> str:
    """Text as JSON; text that DuckDB cannot read as JSON becomes a JSON string, so that no query stumbles
    over it.
    """
    return f"coalesce(try_cast({name} AS JSON), to_json({name})) AS {name}"


def candidates_sql(source: str) -> str:
    """Rows that may be stored, with the columns the dedup index asks for, JSON as events will have it."""
    return f"SELECT * REPLACE ({', '.join(_replaced(('properties', 'traits')))}) FROM {source} WHERE fate = 0"


def events_sql(source: str) -> str:
    """What goes into events."""
    return f"""
        SELECT * EXCLUDE (raw, uncounted, fate, same_body) REPLACE ({", ".join(_replaced(_JSON))}),
            identity_key(
                project,
                CASE WHEN anonymous_id IS NULL THEN 'user_id' ELSE 'anonymous_id' END,
                coalesce(anonymous_id, user_id, '')
            ) AS subject_key,
            timestamp::DATE AS event_day
        FROM {source} WHERE fate = {_NUMBER[STORED]}"""


def duplicates_sql(source: str) -> str:
    """What goes into duplicates."""
    return f"""
        SELECT load_seq, project, message_id, key_id, key_no, received_at, segment_id,
            record, index, same_body
        FROM {source} WHERE fate = {_NUMBER[DUPLICATE]}"""


def rejected_sql(source: str) -> str:
    """What goes into rejected."""
    return f"""
        SELECT load_seq, project, key_id, key_no, segment_id, record, index, verdict, reason, pointer,
            expected, plan_version, message_id, type, event, received_at, library_name, library_version, raw,
            dialect, kind, privacy, signals, sent_at, ip, user_agent, visitor_id, country, region,
            city, context, replayed_at
        FROM {source} WHERE fate > {_NUMBER[DUPLICATE]} AND fate < {GONE}"""


def _replaced(columns: Sequence[str]) -> list[str]:
    return [json_column(name) for name in columns]
