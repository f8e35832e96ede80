"""From a journal segment to its landing object: one row for each received event, whatever became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
import pyarrow as pa
from msgspec import Raw

from sdk_contract.canonical import Event, canonical, glimpse
from sdk_contract.dialects import Dialect, Parsed
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.times import parse_time
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.enrich.devices import DeviceClocks
from warehouse.enrich.event import ENRICHED, Asked, Cleans, Plans, enrich
from warehouse.landing import object_key
from warehouse.row_table import SOURCE, Row, source_of, table, write_parquet
from warehouse.segments import (
    HOUR_US,
    Damage,
    Place,
    Record,
    RecordHead,
    SegmentCount,
    count,
    opened_at,
    scan,
)

__all__ = ["SOURCE", "Landing", "convert", "source_of", "table_of", "write_parquet"]

DIALECTS: Final[Mapping[str, Dialect]] = {SEGMENT.name: SEGMENT}

Known = Mapping[tuple[str, str], Cleans | None]

_nothing: Any = dict.fromkeys(Event.__struct_fields__)
_BLANK: Final = Event(**_nothing)
_FEW: Final = 64  # devices in a request that stands alone
_SEALED: Final = '"sj:seal:'


class Landing(msgspec.Struct, frozen=True):
    """What becomes of a segment.

    An object's key and bytes, and what the segment counts. Same segment, same bytes. `trouble` is the first
    fault of ours that came up; `unprocessed` counts the events that it and its like hit.
    """

    segment_id: str
    key: str
    parquet: bytes
    source: str
    count: SegmentCount
    unprocessed: int = 0
    trouble: str | None = None


class Troubles:
    """Faults of ours while rows are made: the first, and how many events they hit."""

    def __init__(self) -> None:
        self.events = 0
        self.first: str | None = None

    def add(self, problem: Exception | str, events: int = 1) -> None:
        """Texts of errors are not kept: they may quote what was sent."""
        self.events += events
        if self.first is None:
            self.first = problem if isinstance(problem, str) else _place_of(problem)


def convert(
    data: bytes,
    segment_id: str,
    plans: Plans = lambda _project, _version: None,
    clocks: DeviceClocks | None = None,
) -> Landing:
    """Turns a segment into its landing object.

    Damage becomes rows; nothing in the bytes can make this fail. `plans(project, version)` gives the plan by
    which values are cleaned, and what it raises comes through; `clocks` remembers devices from segment to
    segment, without it each request stands alone.
    """
    opened, troubles = opened_at(data, segment_id), Troubles()
    found = list(scan(data))
    source = hashlib.sha256(data).hexdigest()
    rows = table_of(found, segment_id, opened, plans, clocks, troubles)
    parquet = write_parquet(rows, segment_id, source)
    key = object_key(segment_id, opened)
    return Landing(segment_id, key, parquet, source, count(found, opened), troubles.events, troubles.first)


def table_of(
    found: Iterable[Record | Damage],
    segment_id: str,
    opened: int,
    plans: Plans = lambda _project, _version: None,
    clocks: DeviceClocks | None = None,
    troubles: Troubles | None = None,
) -> pa.Table:
    """The rows of a segment as `SCHEMA` has them, in the order of its records; `opened` in µs UTC."""
    rows: list[Row] = []
    found, troubles = list(found), troubles or Troubles()
    known = _plans_of(found, plans)
    for number, one in enumerate(found):
        if isinstance(one, Damage):
            rows += _damaged(one, number, segment_id, opened)
            continue
        try:
            rows += _rows_of(one, number, segment_id, known, clocks, troubles)
        except Exception as problem:  # one request must not stop its segment; it is kept whole instead
            troubles.add(problem, one.events)
            rows += _unreadable(one, number, segment_id)
    return table(rows, segment_id)


def _plans_of(found: Iterable[Record | Damage], plans: Plans) -> Known:
    """Every plan that will be needed: an error of whoever gives them is none of an event's."""
    heads = (one.head for one in found if isinstance(one, Record))
    asked = {(head.project, head.plan_version) for head in heads if head.plan_version is not None}
    return {(project, version): plans(project, version) for project, version in sorted(asked)}


def _rows_of(
    record: Record,
    number: int,
    segment_id: str,
    plans: Known,
    clocks: DeviceClocks | None,
    troubles: Troubles,
) -> list[Row]:
    head = record.head
    if head.sealed:
        return [_sealed(record, number)]
    parsed = _parse(record)
    if parsed is None:
        troubles.add("a request reads differently than at the door", record.events)
        return list(_unreadable(record, number, segment_id))
    request, asked = _request(head, number), _asked(head, parsed, plans, clocks)
    judgements = {judged.index: judged for judged in head.judgements}
    return [
        _row(raw, parsed, head, index, judgements.get(index), request, asked, troubles)
        for index, raw in enumerate(parsed.events)
    ]


def _parse(record: Record) -> Parsed | None:
    """The request as the door read it; None where it reads differently now, which no rule of ours allows."""
    try:
        parsed = DIALECTS[record.head.dialect].parse(record.head.kind, record.body)
    except (KeyError, Refused):
        return None
    return parsed if len(parsed.events) == record.events else None


def _asked(head: RecordHead, parsed: Parsed, plans: Known, clocks: DeviceClocks | None) -> Asked:
    return Asked(
        head.project,
        head.received_at,
        _time(parsed.sent_at or head.sent_at),
        head.ip,
        head.user_agent,
        head.place,
        head.places,
        DeviceClocks(_FEW) if clocks is None else clocks,
        None if head.plan_version is None else plans[head.project, head.plan_version],
    )


def _row(
    raw: Raw,
    parsed: Parsed,
    head: RecordHead,
    index: int,
    judged: Judgement | None,
    request: tuple[Any, ...],
    asked: Asked,
    troubles: Troubles,
) -> Row:
    if judged is not None:
        if judged.verdict == Verdict.FILTERED:
            return _filtered(raw, head, index, judged, request)
        if judged.verdict == Verdict.REJECTED:
            return _refused(raw, parsed, head, index, judged, request, asked)
    try:
        event = canonical(raw, head.kind, parsed.context)
        message_id = event.message_id or f"{head.batch_id}-{index}"
        facts = enrich(event, asked, index, message_id, taken=True)
    except (
        Exception
    ) as problem:  # the door took it, so a fault of ours must neither lose it nor stop its segment
        troubles.add(problem)
        unprocessed = Judgement(index, Verdict.DAMAGED, Reason.UNPROCESSED)
        return _refused(raw, parsed, head, index, unprocessed, request, asked)
    return (*request, *_verdict(index, judged), message_id, _type(event), None, *facts), event


def _refused(
    raw: Raw,
    parsed: Parsed,
    head: RecordHead,
    index: int,
    judged: Judgement,
    request: tuple[Any, ...],
    asked: Asked,
) -> Row:
    """An event that is kept whole, and of which only what can be read has columns."""
    event = glimpse(raw, head.kind, parsed.context)
    message_id = event.message_id or f"{head.batch_id}-{index}"
    try:
        facts = enrich(event, asked, index, message_id, taken=False)
    except Exception:  # it is told already, or has to be told only of events that were taken
        facts = _no_facts(head.received_at)
    ours = (*_verdict(index, judged), message_id, _type(event), _raw(bytes(raw)))
    return (*request, *ours, *facts), event


def _filtered(raw: Raw, head: RecordHead, index: int, judged: Judgement, request: tuple[Any, ...]) -> Row:
    """Of an event that was to be kept out there is its message id and type, and nothing of the person."""
    event = glimpse(raw, head.kind)
    ours = (*_verdict(index, judged), event.message_id or f"{head.batch_id}-{index}", _type(event), None)
    return (*request[:-1], None, *ours, *_no_facts(head.received_at)), _BLANK


def _sealed(record: Record, number: int) -> Row:
    """A body that could not be read: one row, whose raw is the token that holds it encrypted."""
    head = record.head
    judged = head.judgements[0] if head.judgements else Judgement(0, Verdict.REJECTED, Reason.BAD_ENVELOPE)
    ours = (*_verdict(0, judged), f"{head.batch_id}-0", None, _raw(record.body))
    return (*_request(head, number), *ours, *_facts_of(head)), _BLANK


def _type(event: Event) -> str | None:
    return None if event.type == "batch" else event.type


def _verdict(index: int, judged: Judgement | None) -> tuple[Any, ...]:
    if judged is None:
        return (index, "ok", None, None, None)
    reason = judged.reason.value if judged.reason else None
    return (index, judged.verdict.value, reason, judged.pointer, judged.expected)


def _request(head: RecordHead, number: int) -> tuple[Any, ...]:
    key = (head.project, head.key_id, head.key_no, head.dialect)
    door = (head.kind, head.privacy, head.signals, head.visitor)
    return (*key, head.plan_version, head.received_at, number, *door)


def _unreadable(record: Record, number: int, segment_id: str) -> Iterator[Row]:
    """Bytes that are whole and yet not what the door read: kept, with the first of the rows."""
    head, request = record.head, _request(record.head, number)
    for index in range(record.events):
        raw = _readable(record.body) if index == 0 else None
        message_id = f"damaged-{segment_id}-{record.ordinal + index}"
        verdict = _verdict(index, Judgement(index, Verdict.DAMAGED, Reason.UNPROCESSED))
        yield (*request, *verdict, message_id, None, raw, *_facts_of(head)), _BLANK


def _damaged(damage: Damage, number: int, segment_id: str, opened: int) -> Iterator[Row]:
    when = opened if damage.hour is None else damage.hour * HOUR_US
    request = (None, None, damage.key_no, None, None, when, number, None, None, None, None)
    for index in range(damage.events):
        message_id = f"damaged-{segment_id}-{damage.ordinal + index}"
        verdict = _verdict(index, Judgement(index, Verdict.DAMAGED, Reason.DAMAGED))
        yield (*request, *verdict, message_id, None, None, *_no_facts(when)), _BLANK


def _facts_of(head: RecordHead) -> tuple[Any, ...]:
    """What the door knew of a request whose events cannot be read: a replay makes their rows of it."""
    place = head.place or Place()
    return _no_facts(
        head.received_at, sent_at=_time(head.sent_at), ip=head.ip, user_agent=head.user_agent,
        country=place.country, region=place.region, city=place.city,
    )  # fmt: skip


def _no_facts(when: int, **known: Any) -> tuple[Any, ...]:
    """What enrichment says of an event of which only the time of receiving is known (µs UTC)."""
    known["timestamp"] = when
    return tuple(known.get(name) for name in ENRICHED)


def _time(text: str | None) -> int | None:
    try:
        return None if text is None else parse_time(text)
    except ValueError:
        return None


def _raw(raw: bytes) -> str:
    """The event as text; of a sealed one the token alone."""
    text = _readable(raw)
    return text[1:-1] if text.startswith(_SEALED) and text.endswith('"') else text


def _readable(raw: bytes) -> str:
    """The bytes as text; a byte that is no UTF-8 is written as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


def _place_of(problem: Exception) -> str:
    """Which error it was and where it came up."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else ""
    return f"{type(problem).__name__}{where}"
