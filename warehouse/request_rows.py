"""The rows of one request: one for each of its events, whatever became of it, and whatever fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Raw

from sdk_contract.canonical import (
    ABSENT,
    NULL,
    Event,
    Whole,
    canonical,
    event_of,
    glimpse,
    named,
    text,
)
from sdk_contract.dialects import Parsed, Read
from sdk_contract.dialects.known import BY_NAME
from sdk_contract.errors import Refused
from sdk_contract.times import micros, parse_time
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.enrich.clock import is_prompt, moment
from warehouse.enrich.devices import DeviceClocks, repeats
from warehouse.enrich.event import CLICKED, Asked, Cleans, clean, moment_of
from warehouse.segments import HOUR_US, Damage, Place, Record, RecordHead
from warehouse.sheet import NO_SCENE, Row, Sheet, as_sent

_FEW: Final = 64  # devices in a request that stands alone
_SEALED: Final = '"sj:seal:'
_nothing: Any = dict.fromkeys(Event.__struct_fields__)
_BLANK: Final = Event(**_nothing)


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
    """Request number `number` of a segment, on its way to rows of `sheet`.

    `plan` cleans its values, `clocks` remembers its devices.
    """

    def __init__(
        self,
        record: Record,
        number: int,
        read: Read | Parsed,
        sheet: Sheet,
        plan: Cleans | None,
        clocks: DeviceClocks | None,
        troubles: Troubles,
    ) -> None:
        head = self._head = record.head
        self._record, self._number, self._read = record, number, read
        self._sheet, self._plan, self._troubles = sheet, plan, troubles
        self._events: Sequence[Whole | Raw] = read.events
        self._raws = read.events if isinstance(read, Parsed) else None
        self._shared = sheet.request(of_request(head, number))
        self._places = head.places
        self._place = sheet.places.number(_whereabouts(head.place))
        self._scenes = sheet.scenes_of(head.user_agent)
        sent_at = _time(read.sent_at or head.sent_at)
        devices = DeviceClocks(_FEW) if clocks is None else clocks
        self._kind, self._context = head.kind, read.context
        self._asked = Asked(head.project, head.received_at, sent_at, devices)

    def rows(self) -> list[Row]:
        """In order; what is looked up for each event is looked up here, once."""
        if self._head.judgements:
            judged = {one.index: one for one in self._head.judgements}
            return [self._judged(sent, index, judged.get(index)) for index, sent in enumerate(self._events)]
        sent_at = self._asked.sent_at
        if isinstance(self._read, Read) and self._plan is None and sent_at is not None:
            return self._at_once(self._read.events, sent_at)
        taken, verdict = self._taken, self._sheet.verdict(None)
        return [taken(sent, index, verdict) for index, sent in enumerate(self._events)]

    def _at_once(self, events: Sequence[Whole], sent_at: int) -> list[Row]:
        """The rows of taken events: made in place where nothing about an event is out of the ordinary.

        Such a row is the one that `_taken` makes, without what the calls and structs between its steps cost,
        which is a third of it. What is unusual, or fails, is left to `_taken`.
        """
        shared, verdict, asked = self._shared, self._sheet.verdict(None), self._asked
        place, has_places, place_of = self._place, bool(self._places), self._place_of
        scenes, known_scenes, outer = self._scenes, self._scenes.known, bytes(self._context or b"")
        project, received_at, rows = asked.project, asked.received_at, list[Row]()
        prompt, device_of = is_prompt(sent_at, received_at), asked.clocks.of
        last = known = None
        for index, sent in enumerate(events):
            of_type, message_id, device, user_id = sent.type, sent.message_id, sent.anonymous_id, sent.user_id
            group_id, previous_id, time = sent.group_id, sent.previous_id, sent.timestamp
            name, odd_name = sent.event, sent.name
            if of_type != "track":
                name, odd_name = named(of_type, name, odd_name)
            try:
                if (
                    of_type and odd_name is None and type(time) is datetime
                    and type(message_id) is str and message_id and type(device) is str and device
                    and (user_id is None or type(user_id) is str)
                    and (group_id is None or type(group_id) is str)
                    and (previous_id is None or type(previous_id) is str)
                    and sent.sent_at is None
                    and sent.metadata is sent.channel is sent.original_timestamp is ABSENT
                ):  # fmt: skip
                    if known is None or device != last:
                        last, known = device, device_of((project, device))
                    name, properties, repeated, when = name or None, text(sent.properties), None, micros(time)
                    traits = None if sent.traits is ABSENT else text(sent.traits)
                    integrations = None if sent.integrations is ABSENT else text(sent.integrations)
                    context, clock = bytes(sent.context) or outer, known.clock
                    if (scene := known_scenes[of_type].get(context)) is None:
                        scene = scenes.number(of_type, outer if context == NULL else context, properties)
                    if not (prompt and clock.is_right and when <= received_at):
                        at, flag, offset = moment(when, sent_at, received_at, clock)
                    else:
                        at, flag, offset = when, None, 0
                        if when <= sent_at and ((newest := clock.newest) is None or when > newest):
                            clock.newest = when
                    if of_type in CLICKED:
                        deed = hash((of_type, name, properties))
                        repeated = repeats(known.deeds, deed, when, message_id)
                    rows.append((
                        shared, verdict, place_of(index) if has_places else place, scene,
                        index, message_id, None, None,
                        at, flag, offset, repeated, sent_at,
                        when, of_type, name, sent.category or None, user_id or None, device,
                        group_id or None, previous_id or None, properties, traits, integrations, None,
                    ))  # fmt: skip
                    continue
            except Exception:  # `_taken` tells of it, where it comes up there too
                pass
            rows.append(self._taken(sent, index, verdict))
        return rows

    def _judged(self, sent: Whole | Raw, index: int, judged: Judgement | None) -> Row:
        if judged is not None:
            if judged.verdict == Verdict.FILTERED:
                return self._filtered(index, judged)
            if judged.verdict == Verdict.REJECTED:
                return self._refused(index, judged)
        return self._taken(sent, index, self._sheet.verdict(judged))

    def _taken(self, sent: Whole | Raw, index: int, verdict: int) -> Row:
        try:
            event = event_of(sent, self._kind, self._context) if type(sent) is Whole else None
            if event is None:
                event = canonical(self._raw(index), self._kind, self._context)
            message_id = event.message_id or f"{self._head.batch_id}-{index}"
            scene = self._scenes.number(event.type, event.context, event.properties)
            uncleaned = None if self._plan is None else clean(event, self._plan)
            moment = moment_of(event, self._asked, message_id, taken=True)
        except Exception as problem:  # the door took it: a fault of ours must not lose it
            self._troubles.add(problem)
            return self._refused(index, Judgement(index, Verdict.DAMAGED, Reason.UNPROCESSED))
        place = self._place_of(index) if self._places else self._place
        ours = (self._shared, verdict, place, scene, index, message_id, None, uncleaned)
        return ours + moment + as_sent(event)

    def _refused(self, index: int, judged: Judgement) -> Row:
        """An event that is kept whole, and of which only what can be read has columns."""
        raw = self._raw(index)
        event = glimpse(raw, self._head.kind, self._read.context)
        message_id = event.message_id or f"{self._head.batch_id}-{index}"
        try:
            moment = moment_of(event, self._asked, message_id, taken=False)
            scene = self._scenes.number(event.type, event.context, event.properties)
        except Exception:  # of an event that was taken it is told already, of another it costs nothing
            moment = _moment(self._head.received_at, _time(self._head.sent_at))
            scene = self._scenes.bare(event)
        numbers = (self._shared, self._sheet.verdict(judged), self._place_of(index), scene)
        return (*numbers, index, message_id, _raw(bytes(raw)), None, *moment, *as_sent(event))

    def _filtered(self, index: int, judged: Judgement) -> Row:
        """Of an event that was to be kept out there is its message id and type, nothing of the person."""
        event = glimpse(self._raw(index), self._head.kind)
        message_id = event.message_id or f"{self._head.batch_id}-{index}"
        nobodys = self._sheet.request(of_request(self._head, self._number, of_a_person=False))
        numbers = (nobodys, self._sheet.verdict(judged), self._sheet.nowhere, NO_SCENE)
        moment, kept = _moment(self._head.received_at), msgspec.structs.replace(_BLANK, type=event.type)
        return (*numbers, index, message_id, None, None, *moment, *as_sent(kept))

    def _raw(self, index: int) -> Raw:
        if self._raws is None:
            self._raws = BY_NAME[self._head.dialect].parse(self._head.kind, self._record.body).events
        return self._raws[index]

    def _place_of(self, index: int) -> int:
        """The place of the event's own address where it brought one."""
        own = self._places.get(index)
        return self._place if own is None else self._sheet.places.number(_whereabouts(own))


def read_request(record: Record) -> Read | Parsed | None:
    """The request as the door read it; None where it reads differently now, which no rule of ours allows."""
    dialect, kind = BY_NAME.get(record.head.dialect), record.head.kind
    if dialect is None:
        return None
    try:
        found = dialect.read(kind, record.body) or dialect.parse(kind, record.body)
    except Refused:
        return None
    return found if len(found.events) == record.events else None


def of_request(head: RecordHead, number: int, *, of_a_person: bool = True) -> tuple[Any, ...]:
    """The values of `OF_REQUEST` for request number `number` of a segment."""
    key = (head.project, head.key_id, head.key_no, head.dialect, head.plan_version, head.received_at, number)
    person = (head.visitor, head.ip) if of_a_person else (None, None)
    return (*key, head.kind, head.privacy, head.signals, *person)


def sealed(record: Record, number: int, sheet: Sheet) -> Row:
    """A body that could not be read: one row, whose raw is the token that holds it encrypted."""
    head = record.head
    judged = head.judgements[0] if head.judgements else Judgement(0, Verdict.REJECTED, Reason.BAD_ENVELOPE)
    return _unread(record, number, sheet, 0, judged, f"{head.batch_id}-0", _raw(record.body))


def unreadable(record: Record, number: int, sheet: Sheet) -> Iterator[Row]:
    """Bytes that are whole and yet not what the door read: kept, with the first of the rows."""
    for index in range(record.events):
        raw = _readable(record.body) if index == 0 else None
        message_id = f"damaged-{sheet.segment_id}-{record.ordinal + index}"
        judged = Judgement(index, Verdict.DAMAGED, Reason.UNPROCESSED)
        yield _unread(record, number, sheet, index, judged, message_id, raw)


def damaged(damage: Damage, number: int, sheet: Sheet, opened: int) -> Iterator[Row]:
    """A row for each event that is lost; `opened` (µs UTC) is its time where that is lost too."""
    when = opened if damage.hour is None else damage.hour * HOUR_US
    lost = sheet.request((None, None, damage.key_no, None, None, when, number, *(None for _ in range(5))))
    for index in range(damage.events):
        judged = Judgement(index, Verdict.DAMAGED, Reason.DAMAGED)
        numbers = (lost, sheet.verdict(judged), sheet.nowhere, NO_SCENE)
        message_id = f"damaged-{sheet.segment_id}-{damage.ordinal + index}"
        yield (*numbers, index, message_id, None, None, *_moment(when), *as_sent(_BLANK))


def _unread(
    record: Record, number: int, sheet: Sheet, index: int, judged: Judgement, message_id: str, raw: str | None
) -> Row:
    """What the door knew of a request whose events cannot be read: a replay makes their rows of it."""
    head = record.head
    numbers = (
        sheet.request(of_request(head, number)),
        sheet.verdict(judged),
        sheet.places.number(_whereabouts(head.place)),
        sheet.scenes_of(head.user_agent).bare(),
    )
    moment = _moment(head.received_at, _time(head.sent_at))
    return (*numbers, index, message_id, raw, None, *moment, *as_sent(_BLANK))


def _whereabouts(place: Place | None) -> tuple[str | None, ...]:
    """The values of `OF_PLACE`."""
    return (None, None, None) if place is None else (place.country, place.region, place.city)


def _moment(received_at: int, sent_at: int | None = None) -> tuple[Any, ...]:
    """The values of `MOMENT` for an event of which nothing but its request is known."""
    return (received_at, None, None, None, sent_at)


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
