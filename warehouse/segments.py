"""The journal's file format: CRC-framed records, bytes in, records out.

A segment is a run of frames. Every frame has a 40-byte head and a payload:

    magic 4s | head_crc u32 | length u32 | body_crc u32 | ordinal u64 | events u32 | key_no u32 | hour u32 |
    kind u8 | 3 zero bytes

little endian. `head_crc` covers the 32 bytes after it, `body_crc` the payload (both CRC32C). `ordinal` counts
the events of the segment before this frame, so that a lost frame shows as a gap. `hour` is the received hour
since 1970. Kinds are HEAD (first), RECORD, FOOTER (last of a sealed segment). Zeros between frames are
padding: a commit starts on a page of its own, so that a page which holds acknowledged records is never
written again. The magic begins with 0xF5, a byte that UTF-8 never uses, so no request body can imitate a
frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from struct import Struct

import google_crc32c
import msgspec

from sdk_contract.verdicts import Judgement
from warehouse.errors import BadName

MAGIC = b"\xf5SJ1"
HEAD, RECORD, FOOTER = 1, 2, 3
PAGE = 4096
HOUR_US = 3_600_000_000
HEAD_BYTES = 40
HEAD_READ = 1 << 16  # the HEAD frame is within the first bytes of a segment

_FRAME = Struct("<4sIIIQIIIB3x")
_HEAD_TAIL = Struct("<IIQIIIB3x")
_LENGTH = Struct("<I")
_crc = google_crc32c.value
_extend = google_crc32c.extend


class Tally(msgspec.Struct, array_like=True, frozen=True):
    """Events received under one write key (0: unknown) in one hour (counted since 1970)."""

    key_no: int
    hour: int
    events: int


class Head(msgspec.Struct, array_like=True, frozen=True):
    """The first frame of a segment: who wrote it, when (µs UTC), and what the segment before it counted."""

    node: str
    worker: str
    epoch: int
    number: int
    opened_at: int
    previous: str | None = None
    previous_tally: list[Tally] = []


class Footer(msgspec.Struct, array_like=True, frozen=True):
    """The last frame of a segment that was sealed in order."""

    tally: list[Tally]


class Place(msgspec.Struct, array_like=True, frozen=True):
    """Where an address is: ISO 3166-1 code of the country, region, city, as far as the database knows."""

    country: str | None = None
    region: str | None = None
    city: str | None = None


class RecordHead(msgspec.Struct, array_like=True, frozen=True):
    """What the door knows of one request. `received_at` is µs UTC; `ip` and `user_agent` are treated already.

    An event without a message id is called `<batch_id>-<index>`. `judgements` names only events that are not
    plain ok. `place` is the sender's, `places` has those of events that brought an address of their own.
    `visitor` is the first-party cookie's id, `signals` what the browser asked for (`gpc`, `dnt`, `gpc,dnt`),
    `privacy` the policy that treated the body (`name@version`). A `sealed` body is one JSON string: the
    request, encrypted, because it could not be read.
    """

    received_at: int
    key_no: int
    key_id: str
    project: str
    dialect: str
    kind: str
    ip: str | None
    user_agent: str | None
    sent_at: str | None
    batch_id: str
    plan_version: str | None = None
    judgements: list[Judgement] = []
    place: Place | None = None
    places: dict[int, Place] = {}
    visitor: str | None = None
    signals: str | None = None
    privacy: str | None = None
    sealed: bool = False


class Record(msgspec.Struct, frozen=True):
    """One request: `body` is the treated JSON text as the dialect reads it; `ordinal` counts events before
    it.

    It stands at `offset` up to `after`; a scan of a growing file goes on from there with `ordinal + events`.
    """

    offset: int
    after: int
    head: RecordHead
    body: bytes
    ordinal: int
    events: int
    key_no: int
    hour: int


class Damage(msgspec.Struct, frozen=True):
    """Events that were written here and are lost. Key and hour are known when the frame's head survived."""

    offset: int
    after: int
    ordinal: int
    events: int
    key_no: int | None
    hour: int | None


class Frame(msgspec.Struct, frozen=True):
    """A frame whose head is good. `payload` is None when the payload's checksum does not hold."""

    offset: int
    after: int
    kind: int
    payload: bytes | None
    ordinal: int
    events: int
    key_no: int
    hour: int


class SegmentCount(msgspec.Struct, frozen=True):
    """`events` counts everything that was written, damaged events too; `tally` splits it by key and hour."""

    events: int
    records: int
    damaged: int
    tally: list[Tally]


_encode = msgspec.msgpack.Encoder().encode
_decode_record_head = msgspec.msgpack.Decoder(RecordHead).decode
_decode_head = msgspec.msgpack.Decoder(Head).decode
_decode_footer = msgspec.msgpack.Decoder(Footer).decode


def segment_id(worker: str, epoch: int, number: int) -> str:
    """The segment's name everywhere; within a worker, names sort by age."""
    return f"{worker}-{epoch:013d}-{number:08d}"


def split_segment_id(text: str) -> tuple[str, int, int]:
    """(worker, epoch in ms, number). Raises `BadName`."""
    worker, epoch, number = (["", "", "", *text.rsplit("-", 2)])[-3:]
    if not worker or (len(epoch), len(number)) != (13, 8) or not (epoch + number).isdecimal():
        raise BadName(f"segment id {text!r}: expected <worker>-<epoch, 13 digits>-<number, 8 digits>")
    return worker, int(epoch), int(number)


def frame_head(
    kind: int, length: int, body_crc: int, ordinal: int, events: int = 0, key_no: int = 0, hour: int = 0
) -> bytes:
    """The 40 bytes before a payload of `length` bytes."""
    tail = _HEAD_TAIL.pack(length, body_crc, ordinal, events, key_no, hour, kind)
    return MAGIC + _LENGTH.pack(_crc(tail)) + tail


def record_prefix(head: RecordHead) -> bytes:
    """What stands before the body in a RECORD's payload."""
    packed = _encode(head)
    return _LENGTH.pack(len(packed)) + packed


def payload_crc(prefix: bytes, body: bytes) -> int:
    """CRC32C of a payload that stands in two pieces."""
    return int(_extend(_crc(prefix), body))


def encode_record(head: RecordHead, body: bytes, ordinal: int, events: int) -> bytes:
    """One RECORD frame."""
    prefix = record_prefix(head)
    crc, length = payload_crc(prefix, body), len(prefix) + len(body)
    hour = head.received_at // HOUR_US
    return frame_head(RECORD, length, crc, ordinal, events, head.key_no, hour) + prefix + body


def encode_head(head: Head) -> bytes:
    """The HEAD frame."""
    payload = _encode(head)
    return frame_head(HEAD, len(payload), _crc(payload), 0) + payload


def encode_footer(footer: Footer, ordinal: int) -> bytes:
    """The FOOTER frame of a segment of `ordinal` events."""
    payload = _encode(footer)
    return frame_head(FOOTER, len(payload), _crc(payload), ordinal) + payload


def frames(data: bytes, start: int = 0) -> Iterator[Frame]:
    """Every frame whose head is good, in order; other bytes are skipped, whatever they are. Never raises."""
    at = data.find(MAGIC, start)
    while at >= 0:
        frame = _frame_at(data, at)
        if frame is not None:
            yield frame
        at = data.find(MAGIC, at + 1 if frame is None else frame.after)


def _frame_at(data: bytes, at: int) -> Frame | None:
    if at + HEAD_BYTES > len(data):
        return None
    _, head_crc, length, body_crc, ordinal, events, key_no, hour, kind = _FRAME.unpack_from(data, at)
    after = at + HEAD_BYTES + length
    if after > len(data) or _crc(data[at + 8 : at + HEAD_BYTES]) != head_crc:
        return None
    payload = data[at + HEAD_BYTES : after]
    good = payload if _crc(payload) == body_crc else None
    return Frame(at, after, kind, good, ordinal, events, key_no, hour)


def scan(data: bytes, start: int = 0, ordinal: int = 0) -> Iterator[Record | Damage]:
    """The records of a segment in order, and between them what is lost. Never raises, whatever the bytes are.

    `start` and `ordinal` continue an earlier scan of a growing file. A frame cut by the end of the data is
    not there: nothing of it was acknowledged. Damage shows by a payload's checksum or by a gap in the
    ordinals.
    """
    for frame in frames(data, start):
        if frame.ordinal < ordinal:
            continue
        if frame.ordinal > ordinal:
            yield Damage(frame.offset, frame.offset, ordinal, frame.ordinal - ordinal, None, None)
        ordinal = frame.ordinal + frame.events
        if frame.kind == RECORD and frame.events:
            yield _record(frame)


def _record(frame: Frame) -> Record | Damage:
    lost = Damage(frame.offset, frame.after, frame.ordinal, frame.events, frame.key_no, frame.hour)
    if frame.payload is None or len(frame.payload) < 4:
        return lost
    body_at = 4 + _LENGTH.unpack_from(frame.payload)[0]
    try:
        head = _decode_record_head(frame.payload[4:body_at])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return lost
    body = frame.payload[body_at:]
    return Record(
        frame.offset, frame.after, head, body, frame.ordinal, frame.events, frame.key_no, frame.hour
    )


def read_head(data: bytes) -> Head | None:
    """The segment's head, or None where it is lost."""
    payload = next((f.payload for f in frames(data) if f.kind == HEAD), None)
    try:
        return None if payload is None else _decode_head(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_footer(data: bytes) -> Footer | None:
    """The segment's footer, or None where the segment was not sealed in order or the footer is lost."""
    at = data.rfind(MAGIC)
    last = next((f for f in frames(data, at) if f.kind == FOOTER), None) if at >= 0 else None
    try:
        return None if last is None or last.payload is None else _decode_footer(last.payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def opened_at(data: bytes, name: str) -> int:
    """When the segment was opened (µs UTC); where its head is lost: when its worker started, by its name."""
    head = read_head(data)
    return split_segment_id(name)[1] * 1000 if head is None else head.opened_at


def tally(data: bytes, name: str) -> SegmentCount:
    """Counts a segment by reading it."""
    return count(scan(data), opened_at(data, name))


def count(found: Iterable[Record | Damage], opened: int) -> SegmentCount:
    """Counts what a scan found.

    Damage of unknown key and hour counts for key 0 in the hour of `opened` (µs).
    """
    counts: Counter[tuple[int, int]] = Counter()
    records = damaged = 0
    for one in found:
        lost = isinstance(one, Damage)
        records, damaged = records + (not lost), damaged + (one.events if lost else 0)
        counts[one.key_no or 0, opened // HOUR_US if one.hour is None else one.hour] += one.events
    split = [Tally(key, hour, events) for (key, hour), events in sorted(counts.items())]
    return SegmentCount(sum(counts.values()), records, damaged, split)
