"""The rows of one request: one for each of its events, whatever became of it, and whatever fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Raw

from sdk_contract.canonical import Event, canonical, glimpse
from sdk_contract.dialects import Dialect, Parsed
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.times import parse_time
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.enrich.devices import DeviceClocks
from warehouse.enrich.event import ENRICHED, Asked, Cleans, enrich
from warehouse.row_table import Row, Rows
from warehouse.segments import HOUR_US, Damage, Place, Record, RecordHead

DIALECTS: Final[Mapping[str, Dialect]] = {SEGMENT.name: SEGMENT}

_nothing: Any = dict.fromkeys(Event.__struct_fields__)
_BLANK: Final = Event(**_nothing)
_FEW: Final = 64  # devices in a request that stands alone
_SEALED: Final = '"sj:seal:'


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


class Request:
    """One request on its way to rows. `plan` cleans its values, `clocks` remembers its devices."""

    def __init__(
        self,
        head: RecordHead,
        parsed: Parsed,
        plan: Cleans | None,
        clocks: DeviceClocks | None,
        troubles: Troubles,
    ) -> None:
        self._head, self._parsed, self._troubles = head, parsed, troubles
        self._asked = Asked(
            head.project,
            head.received_at,
            _time(parsed.sent_at or head.sent_at),
            head.ip,
            head.user_agent,
            head.place,
            head.places,
            DeviceClocks(_FEW) if clocks is None else clocks,
            plan,
        )

    def rows(self) -> list[Row]:
        judgements = {judged.index: judged for judged in self._head.judgements}
        return [self._row(raw, index, judgements.get(index)) for index, raw in enumerate(self._parsed.events)]

    def _row(self, raw: Raw, index: int, judged: Judgement | None) -> Row:
        if judged is not None:
            if judged.verdict == Verdict.FILTERED:
                return self._filtered(raw, index, judged)
            if judged.verdict == Verdict.REJECTED:
                return self._refused(raw, index, judged)
        head = self._head
        try:
            event = canonical(raw, head.kind, self._parsed.context)
            message_id = event.message_id or f"{head.batch_id}-{index}"
            facts = enrich(event, self._asked, index, message_id, taken=True)
        except Exception as problem:  # the door took it: a fault of ours must not lose it
            self._troubles.add(problem)
            return self._refused(raw, index, Judgement(index, Verdict.DAMAGED, Reason.UNPROCESSED))
        return (*_verdict(index, judged), message_id, _type(event), None, head.visitor, *facts), event

    def _refused(self, raw: Raw, index: int, judged: Judgement) -> Row:
        """An event that is kept whole, and of which only what can be read has columns."""
        head = self._head
        event = glimpse(raw, head.kind, self._parsed.context)
        message_id = event.message_id or f"{head.batch_id}-{index}"
        try:
            facts = enrich(event, self._asked, index, message_id, taken=False)
        except Exception:  # of an event that was taken it is told already, of another it costs nothing
            facts = _facts_of(head)
        ours = (*_verdict(index, judged), message_id, _type(event), _raw(bytes(raw)), head.visitor)
        return (*ours, *facts), event

    def _filtered(self, raw: Raw, index: int, judged: Judgement) -> Row:
        """Of an event that was to be kept out there is its message id and type, nothing of the person."""
        event, head = glimpse(raw, self._head.kind), self._head
        message_id = event.message_id or f"{head.batch_id}-{index}"
        ours = (*_verdict(index, judged), message_id, _type(event), None, None)
        return (*ours, *_no_facts(head.received_at)), _BLANK


def parse(record: Record) -> Parsed | None:
    """The request as the door read it; None where it reads differently now, which no rule of ours allows."""
    try:
        parsed = DIALECTS[record.head.dialect].parse(record.head.kind, record.body)
    except (KeyError, Refused):
        return None
    return parsed if len(parsed.events) == record.events else None


def of_request(head: RecordHead, number: int) -> tuple[Any, ...]:
    """The values of `OF_REQUEST` for request number `number` of a segment."""
    key = (head.project, head.key_id, head.key_no, head.dialect)
    return (*key, head.plan_version, head.received_at, number, head.kind, head.privacy, head.signals)


def sealed(record: Record) -> Row:
    """A body that could not be read: one row, whose raw is the token that holds it encrypted."""
    head = record.head
    judged = head.judgements[0] if head.judgements else Judgement(0, Verdict.REJECTED, Reason.BAD_ENVELOPE)
    ours = (*_verdict(0, judged), f"{head.batch_id}-0", None, _raw(record.body), head.visitor)
    return (*ours, *_facts_of(head)), _BLANK


def unreadable(record: Record, segment_id: str) -> Iterator[Row]:
    """Bytes that are whole and yet not what the door read: kept, with the first of the rows."""
    for index in range(record.events):
        raw = _readable(record.body) if index == 0 else None
        message_id = f"damaged-{segment_id}-{record.ordinal + index}"
        verdict = _verdict(index, Judgement(index, Verdict.DAMAGED, Reason.UNPROCESSED))
        yield (*verdict, message_id, None, raw, record.head.visitor, *_facts_of(record.head)), _BLANK


def damaged(damage: Damage, number: int, segment_id: str, opened: int) -> Rows:
    """A row for each event that is lost; `opened` (µs UTC) is its time where that is lost too."""
    when = opened if damage.hour is None else damage.hour * HOUR_US
    rows: list[Row] = []
    for index in range(damage.events):
        message_id = f"damaged-{segment_id}-{damage.ordinal + index}"
        verdict = _verdict(index, Judgement(index, Verdict.DAMAGED, Reason.DAMAGED))
        rows.append(((*verdict, message_id, None, None, None, *_no_facts(when)), _BLANK))
    return (None, None, damage.key_no, None, None, when, number, None, None, None), rows


def _type(event: Event) -> str | None:
    return None if event.type == "batch" else event.type


def _verdict(index: int, judged: Judgement | None) -> tuple[Any, ...]:
    if judged is None:
        return (index, "ok", None, None, None)
    reason = judged.reason.value if judged.reason else None
    return (index, judged.verdict.value, reason, judged.pointer, judged.expected)


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
