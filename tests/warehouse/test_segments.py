"""The journal's file format: what was written is found again, and what is hurt is counted."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.errors import BadName
from warehouse.segments import (
    HEAD_BYTES,
    HOUR_US,
    MAGIC,
    PAGE,
    RECORD,
    Damage,
    Footer,
    Head,
    Record,
    RecordHead,
    SegmentCount,
    Tally,
    encode_footer,
    encode_head,
    encode_record,
    frames,
    opened_at,
    read_footer,
    read_head,
    scan,
    segment_id,
    split_segment_id,
    tally,
)

WORKER = "n-w0"
NAME = segment_id(WORKER, 1_700_000_000_000, 7)
OPENED = 1_700_000_000_123_456
OPENED_HOUR = OPENED // HOUR_US


def record_head(key_no: int = 3, received_at: int = OPENED, batch_id: str = "b" * 22) -> RecordHead:
    return RecordHead(
        received_at, key_no, f"k_{key_no}", "shop", "segment", "batch", None, "UA", None, batch_id
    )


def segment(bodies: list[tuple[bytes, int]], footer: bool = True) -> tuple[bytes, list[int]]:
    """A segment, one record a page as single commits leave them, and where its records begin."""
    data = pad(encode_head(Head("n", WORKER, 1_700_000_000_000, 7, OPENED)))
    offsets, ordinal = [], 0
    for number, (body, events) in enumerate(bodies):
        offsets.append(len(data))
        data = pad(data + encode_record(record_head(number % 3), body, ordinal, events))
        ordinal += events
    return (data + encode_footer(Footer([]), ordinal) if footer else data), offsets


def pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % PAGE)


BODIES = [(b'{"a":1}', 1), (b"x" * 700, 20), (MAGIC * 9, 3), (b"", 2), (b'{"z":"\xc3\xa9"}', 5)]
SEGMENT, OFFSETS = segment(BODIES)
UNSEALED, _ = segment(BODIES, footer=False)
EVENTS = sum(events for _, events in BODIES)
WHOLE = list(scan(SEGMENT))


def test_a_record_is_found_as_it_was_written() -> None:
    judged = [Judgement(2, Verdict.REJECTED, Reason.WRONG_TYPE, "/userId", "string or integer")]
    head = RecordHead(OPENED, 9, "k_9", "店", "segment", "track", "::", "é", "now", "i" * 22, "v3", judged)
    [found] = scan(encode_record(head, b'{"a":"\xe8\x8c\xb6"}', 41, 3), ordinal=41)
    assert isinstance(found, Record)
    assert (found.head, found.body, found.ordinal, found.events) == (head, b'{"a":"\xe8\x8c\xb6"}', 41, 3)
    assert (found.key_no, found.hour) == (9, OPENED_HOUR)


def test_a_segment_is_read_in_order_with_its_head_and_footer() -> None:
    records = [one for one in WHOLE if isinstance(one, Record)]
    assert [(one.body, one.events) for one in records] == BODIES
    assert [one.offset for one in records] == OFFSETS
    head = read_head(SEGMENT)
    assert head is not None
    assert (head.worker, head.number, head.opened_at) == (WORKER, 7, OPENED)
    assert read_footer(SEGMENT) == Footer([])
    assert read_footer(UNSEALED) is None


def test_a_segment_counts_by_key_and_hour() -> None:
    expected = [Tally(0, OPENED_HOUR, 3), Tally(1, OPENED_HOUR, 25), Tally(2, OPENED_HOUR, 3)]
    assert tally(SEGMENT, NAME) == SegmentCount(EVENTS, len(BODIES), 0, expected)


def test_a_scan_goes_on_where_an_earlier_one_ended() -> None:
    first = WHOLE[1]
    assert isinstance(first, Record)
    rest = list(scan(SEGMENT, first.after, first.ordinal + first.events))
    assert rest == WHOLE[2:]


def test_a_hurt_body_loses_exactly_its_record_and_says_whose_it_was() -> None:
    found = list(scan(flipped(SEGMENT, (OFFSETS[1] + HEAD_BYTES + 200) * 8)))
    assert found[:1] + found[2:] == WHOLE[:1] + WHOLE[2:]
    lost = found[1]
    assert isinstance(lost, Damage)
    assert (lost.ordinal, lost.events, lost.key_no, lost.hour) == (1, 20, 1, OPENED_HOUR)


def test_a_hurt_head_shows_as_a_gap_in_the_ordinals() -> None:
    found = list(scan(flipped(SEGMENT, (OFFSETS[1] + 20) * 8)))
    assert [one for one in found if isinstance(one, Record)] == WHOLE[:1] + WHOLE[2:]
    assert [(one.ordinal, one.events, one.key_no) for one in found if isinstance(one, Damage)] == [
        (1, 20, None)
    ]


def test_the_footer_tells_of_a_last_record_whose_head_is_hurt() -> None:
    count = tally(flipped(SEGMENT, (OFFSETS[-1] + 5) * 8), NAME)
    assert (count.events, count.damaged) == (EVENTS, BODIES[-1][1])
    assert Tally(0, OPENED_HOUR, 3 + BODIES[-1][1]) in count.tally


def test_a_lost_page_in_the_middle_costs_the_records_on_it() -> None:
    page = OFFSETS[2]
    count = tally(SEGMENT[:page] + bytes(PAGE) + SEGMENT[page + PAGE :], NAME)
    assert (count.events, count.damaged, count.records) == (EVENTS, 3, len(BODIES) - 1)


def test_a_record_that_msgpack_cannot_read_is_damage_though_its_checksum_holds() -> None:
    from warehouse.segments import frame_head, payload_crc

    payload = b"\x03\0\0\0\xff\xff\xff"
    frame = frame_head(RECORD, len(payload), payload_crc(payload, b""), 0, 4, 1, OPENED_HOUR) + payload
    assert list(scan(frame)) == [Damage(0, len(frame), 0, 4, 1, OPENED_HOUR)]


def test_a_segment_without_a_readable_head_opened_when_its_worker_started() -> None:
    assert opened_at(SEGMENT, NAME) == OPENED
    assert opened_at(flipped(SEGMENT, 90), NAME) == 1_700_000_000_000_000
    assert opened_at(b"", NAME) == 1_700_000_000_000_000


@given(st.integers(0, len(SEGMENT)))
@example(0)
@example(len(SEGMENT))
@settings(max_examples=100, deadline=None)
def test_a_cut_at_any_byte_leaves_every_whole_record_and_no_damage(length: int) -> None:
    assert list(scan(SEGMENT[:length])) == [one for one in WHOLE if one.after <= length]


def test_a_cut_at_every_byte_of_a_short_segment() -> None:
    data, _ = segment([(b"{}", 2), (b"[]", 1)])
    whole = list(scan(data))
    for length in range(len(data)):
        assert list(scan(data[:length])) == [one for one in whole if one.after <= length]


@given(st.integers(0, len(SEGMENT) * 8 - 1))
@settings(max_examples=100, deadline=None)
def test_a_flipped_bit_costs_at_most_the_record_it_is_in(bit: int) -> None:
    hurt = flipped(SEGMENT, bit)
    found = list(scan(hurt))
    kept = [one for one in WHOLE if not one.offset <= bit // 8 < one.after]
    assert [one for one in found if isinstance(one, Record)] == kept
    lost = sum(one.events for one in WHOLE) - sum(one.events for one in kept)
    assert sum(one.events for one in found if isinstance(one, Damage)) == lost
    assert tally(hurt, NAME).events == EVENTS


def test_every_flipped_bit_of_a_short_segment() -> None:
    data, _ = segment([(b"{}", 2), (b"[]", 1)])
    used = [byte for frame in frames(data) for byte in range(frame.offset, frame.after)]
    for bit in (byte * 8 + bit for byte in used for bit in range(8)):
        count = tally(flipped(data, bit), NAME)
        assert count.events == 3
        assert count.damaged in (0, 1, 2)


@given(st.binary(max_size=2000), st.integers(0, len(OFFSETS) - 1))
@settings(max_examples=100, deadline=None)
def test_rubbish_of_any_kind_neither_raises_nor_hides_what_follows(rubbish: bytes, number: int) -> None:
    at = OFFSETS[number]
    found = list(scan(SEGMENT[:at] + rubbish + SEGMENT[at:]))
    assert [one.body for one in found if isinstance(one, Record)] == [body for body, _ in BODIES]


@given(st.binary(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_are_no_records(data: bytes) -> None:
    assert list(scan(data)) == []
    assert read_head(data) is None
    assert read_footer(data) is None


def test_a_frame_from_elsewhere_is_not_counted_twice() -> None:
    again = SEGMENT[OFFSETS[0] : OFFSETS[1]]
    data = SEGMENT[: OFFSETS[3]] + again + SEGMENT[OFFSETS[3] :]
    assert tally(data, NAME).events == EVENTS


def test_a_segment_id_is_split_as_it_was_made() -> None:
    made = segment_id("my-node-w12", 1_700_000_000_000, 3)
    assert made == "my-node-w12-1700000000000-00000003"
    assert split_segment_id(made) == ("my-node-w12", 1_700_000_000_000, 3)


@pytest.mark.parametrize(
    "text", ["", "x", "n-w0-17-3", "-1700000000000-00000003", "n-1700000000000-0000000x", "n-w0.parquet"]
)
def test_a_bad_segment_id_is_named_with_what_would_do(text: str) -> None:
    with pytest.raises(BadName, match="expected <worker>-<epoch"):
        split_segment_id(text)


def flipped(data: bytes, bit: int) -> bytes:
    hurt = bytearray(data)
    hurt[bit // 8] ^= 1 << bit % 8
    return bytes(hurt)
