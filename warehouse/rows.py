"""From a journal segment to its landing object: one row for each received event, whatever became of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import pyarrow as pa

from sdk_contract.verdicts import Verdict
from warehouse.enrich.devices import DeviceClocks
from warehouse.enrich.event import Cleans, Plans
from warehouse.landing import SCHEMA, object_key
from warehouse.parquet import read_rows
from warehouse.request_rows import (
    Request,
    Troubles,
    damaged,
    read_request,
    sealed,
    unreadable,
)
from warehouse.row_table import SOURCE, source_of, table, write_parquet
from warehouse.segments import HEAD_BYTES, Damage, Record, SegmentCount, Tally, count, opened_at, scan
from warehouse.sheet import Row, Sheet
from warehouse.tails import completed, stated

__all__ = ["SOURCE", "Landing", "convert", "count_of", "source_of", "table_of", "write_parquet"]

Known = Mapping[tuple[str, str], Cleans | None]


class Landing(msgspec.Struct, frozen=True):
    """What becomes of a segment.

    An object's key and bytes, which segment it was made from, and what that counts. Same segment, same bytes.
    `trouble` is the first fault of ours that came up; `unprocessed` counts the events that such faults hit.
    """

    segment_id: str
    key: str
    parquet: bytes
    source: str
    count: SegmentCount
    unprocessed: int = 0
    trouble: str | None = None


def convert(
    data: bytes,
    segment_id: str,
    plans: Plans = lambda _project, _version: None,
    clocks: DeviceClocks | None = None,
    after: bytes | None = None,
) -> Landing:
    """Turns a segment into its landing object.

    Damage becomes rows; nothing in the bytes can make this fail. `plans(project, version)` gives the plan by
    which values are cleaned, and what it raises comes through; `clocks` remembers devices from segment to
    segment, without it each request stands alone. `after` are the first bytes of the worker's next segment.
    """
    opened, troubles = opened_at(data, segment_id), Troubles()
    read = list(scan(data))
    source = source_named(data, read)
    found = completed(read, stated(data, segment_id, after), opened)
    rows = table(_sheet(found, segment_id, opened, plans, clocks, troubles))
    parquet = write_parquet(rows, segment_id, source)
    key = object_key(segment_id, opened)
    return Landing(segment_id, key, parquet, source, count(found, opened), troubles.events, troubles.first)


def source_named(data: bytes, found: Iterable[Record | Damage]) -> str:
    """Tells a segment from every other by what its frames say: each has the checksum of what it holds.

    All bytes need not be hashed once more for that, which took as long as a tenth of making the rows.
    """
    heads = b"".join(data[one.offset : one.offset + HEAD_BYTES] for one in found)
    return hashlib.sha256(b"%d %b%b" % (len(data), data[:HEAD_BYTES], heads)).hexdigest()


def count_of(parquet: bytes) -> SegmentCount:
    """What a landing object holds of its segment, counted by its rows."""
    columns = ["key_no", "received_at", "record", "verdict"]
    rows = read_rows(parquet, columns).to_pydict()
    hours = [int(moment.timestamp()) // 3600 for moment in rows["received_at"]]
    cells = Counter((key_no or 0, hour) for key_no, hour in zip(rows["key_no"], hours, strict=True))
    damaged = rows["verdict"].count(Verdict.DAMAGED)
    tally = [Tally(key_no, hour, events) for (key_no, hour), events in sorted(cells.items())]
    return SegmentCount(cells.total(), len(set(rows["record"])), damaged, tally)


def table_of(found: Sequence[Record | Damage], segment_id: str, opened: int, plans: Plans) -> pa.Table:
    """The rows of some records as `SCHEMA` has them, each request for itself; `opened` in µs UTC."""
    return table(_sheet(found, segment_id, opened, plans, None, Troubles())).cast(SCHEMA)


def _sheet(
    found: Sequence[Record | Damage],
    segment_id: str,
    opened: int,
    plans: Plans,
    clocks: DeviceClocks | None,
    troubles: Troubles,
) -> Sheet:
    """The rows in the order of the records."""
    sheet, known = Sheet(segment_id), _plans_of(found, plans)
    for number, one in enumerate(found):
        if isinstance(one, Damage):
            sheet.add(damaged(one, number, sheet, opened))
        elif one.head.sealed:
            sheet.add([sealed(one, number, sheet)])
        else:
            rows = _rows_of(one, number, sheet, known, clocks, troubles)
            sheet.add(unreadable(one, number, sheet) if rows is None else rows)
    return sheet


def _plans_of(found: Iterable[Record | Damage], plans: Plans) -> Known:
    """Every plan that will be needed: an error of whoever gives them is none of an event's."""
    heads = (one.head for one in found if isinstance(one, Record))
    asked = {(head.project, head.plan_version) for head in heads if head.plan_version is not None}
    return {(project, version): plans(project, version) for project, version in sorted(asked)}


def _rows_of(
    record: Record,
    number: int,
    sheet: Sheet,
    plans: Known,
    clocks: DeviceClocks | None,
    troubles: Troubles,
) -> list[Row] | None:
    """None where a fault of ours came up: one request must not stop its segment, it is kept whole instead."""
    head = record.head
    try:
        read = read_request(record)
        if read is not None:
            plan = None if head.plan_version is None else plans[head.project, head.plan_version]
            return Request(record, number, read, sheet, plan, clocks, troubles).rows()
        troubles.add("a request reads differently than at the door", record.events)
    except Exception as problem:
        troubles.add(problem, record.events)
    return None
