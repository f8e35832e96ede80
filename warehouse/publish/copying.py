"""The lake's rows as PostgreSQL's COPY reads them, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Final

import pyarrow as pa
import pyarrow.csv as csv

from warehouse.lake import Lake

BATCH: Final = 20_000


def batches(lake: Lake, sql: str) -> Iterator[bytes]:
    """CSV without a header. PostgreSQL keeps no NUL in a text, so it goes."""
    options = csv.WriteOptions(include_header=False)
    for batch in lake.execute(sql).to_arrow_reader(BATCH):
        out = BytesIO()
        csv.write_csv(pa.Table.from_batches([batch]), out, options)
        yield out.getvalue().replace(b"\x00", b"")
