"""What the lake's tables say, by SQL of our own: rows by key, hour and fate, and the rows of every id."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from loadtest.books.ledger import Cell
from warehouse.lake import Lake

_ROWS_AT_ONCE: Final = 1_000_000
_HOUR: Final = "epoch_us(received_at) // 3_600_000_000"
_CELLS: Final = f"""
    SELECT key_no, {_HOUR} AS hour, 'stored' AS term, count(*) FROM events GROUP BY ALL
    UNION ALL
    SELECT key_no, {_HOUR}, 'duplicate', count(*) FROM duplicates GROUP BY ALL
    UNION ALL
    SELECT key_no, {_HOUR}, verdict || '.' || coalesce(reason, ''), count(*) FROM rejected GROUP BY ALL"""
_ANCHORS: Final = f"""
    SELECT message_id, {_HOUR} AS hour, count(*) FROM (
        SELECT message_id, received_at FROM events
        UNION ALL SELECT message_id, received_at FROM duplicates
        UNION ALL SELECT message_id, received_at FROM rejected
    ) SEMI JOIN sought USING (message_id) GROUP BY ALL"""
_IDS: Final = """
    SELECT try_cast(substr(message_id, 4) AS BIGINT) AS id FROM {} WHERE message_id LIKE 'bk-%'"""

Numbers = npt.NDArray[np.uint8]


class IdRows(msgspec.Struct, frozen=True, eq=False):
    """How many rows each id has, by fate; `marked`: duplicates whose body differs.

    `unknown`: rows of ids that were never sent.
    """

    stored: Numbers
    duplicate: Numbers
    marked: Numbers
    refused: Numbers
    unknown: int


def cells(lake: Lake, names: dict[int, str]) -> dict[Cell, Counter[str]]:
    """Rows by key (number -> name), hour and term: stored, duplicate, or verdict.reason."""
    found: dict[Cell, Counter[str]] = defaultdict(Counter)
    for key_no, hour, term, rows in lake.query(_CELLS):
        found[names.get(key_no, f"no {key_no}"), hour][term] += rows
    return found


def hours_of(lake: Lake, ids: Sequence[str]) -> dict[str, Counter[int]]:
    """Every row of these ids by its received hour."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    with lake.table("sought", pa.table({"message_id": pa.array(ids, pa.string())})):
        for message_id, hour, rows in lake.query(_ANCHORS):
            found[message_id][hour] += rows
    return found


def id_rows(lake: Lake, ids: int) -> IdRows:
    """Rows of each of the ids 0 to `ids`; memory is a few bytes an id, however many rows there are."""
    stored, unknown = _counted(lake, "events", ids)
    duplicate, more = _counted(lake, "duplicates", ids)
    marked, _ = _counted(lake, "(FROM duplicates WHERE NOT same_body)", ids)
    refused, most = _counted(lake, "rejected", ids)
    return IdRows(stored, duplicate, marked, refused, unknown + more + most)


def _counted(lake: Lake, source: str, ids: int) -> tuple[Numbers, int]:
    counts, unknown = np.zeros(ids, np.uint8), 0
    for found in _batches(lake, source):
        known = found[(found >= 0) & (found < ids)]
        unknown += len(found) - len(known)
        np.add.at(counts, known, np.uint8(1))
    return counts, unknown


def _batches(lake: Lake, source: str) -> Iterator[npt.NDArray[np.int64]]:
    reader = lake.execute(_IDS.format(source)).to_arrow_reader(_ROWS_AT_ONCE)
    for batch in reader:
        yield batch.column("id").fill_null(-1).to_numpy()
