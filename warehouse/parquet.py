"""Parquet bytes read as rows, in the thread that asks."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def read_rows(
    parquet: bytes, columns: Sequence[str] | None = None, dictionaries: Sequence[str] | None = None
) -> pa.Table:
    """All rows, of some columns or of all; texts of `dictionaries` stay encoded.

    Arrow's own threads are not used: a short program that has started them can abort as it ends.
    ArrowInvalid where the bytes are no Parquet, or a column is not there.
    """
    with pq.ParquetFile(pa.BufferReader(parquet), read_dictionary=dictionaries) as file:
        if columns is not None and (missing := set(columns) - set(file.schema_arrow.names)):
            raise pa.ArrowInvalid(f"there is no column {min(missing)}")
        return file.read(columns=columns, use_threads=False)
