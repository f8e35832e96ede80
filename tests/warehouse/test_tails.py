"""A segment that lost its tail without a trace: its footer, or its successor's head, says what it held."""

from collections import Counter
from collections.abc import Sequence
from io import BytesIO

import pyarrow.parquet as pq
import pytest

from tests.collector.segments_made import batch, track
from tests.warehouse.test_segments import NAME, OPENED, OPENED_HOUR, WORKER, flipped, pad, record_head
from warehouse.rows import convert, count_of
from warehouse.segments import (
    Damage,
    Footer,
    Head,
    Record,
    SegmentCount,
    Tally,
    encode_footer,
    encode_head,
    encode_record,
    frames,
    scan,
)
from warehouse.tails import completed, stated, whole_tally

EVENTS = ((1, 2), (2, 1), (1, 4))  # (key_no, events) of each record
HELD = [Tally(1, OPENED_HOUR, 6), Tally(2, OPENED_HOUR, 1)]


def segment(footer: bool = True) -> tuple[bytes, list[int]]:
    """A small segment, and where each record ends."""
    data, ordinal, ends = encode_head(Head("n", WORKER, 1_700_000_000_000, 7, OPENED)), 0, []
    for key_no, events in EVENTS:
        data += encode_record(record_head(key_no), b"{}", ordinal, events)
        ordinal += events
        ends.append(len(data))
    return (data + encode_footer(Footer(HELD), ordinal) if footer else data), ends


def successor(name: str = NAME, held: Sequence[Tally] = HELD) -> bytes:
    return pad(encode_head(Head("n", WORKER, 1_700_000_000_000, 8, OPENED, name, list(held))))


def by_cell(data: bytes, after: bytes | None = None) -> dict[tuple[int, int], int]:
    return {(one.key_no, one.hour): one.events for one in whole_tally(data, NAME, after).tally}


WHOLE, ENDS = segment()
UNSEALED, _ = segment(footer=False)
ALL = {(1, OPENED_HOUR): 6, (2, OPENED_HOUR): 1}


def test_a_whole_segment_is_as_it_is_read() -> None:
    found = list(scan(WHOLE))
    assert completed(found, stated(WHOLE, NAME), OPENED) == found
    assert whole_tally(WHOLE, NAME) == SegmentCount(7, 3, 0, HELD)


def test_cut_at_any_byte_the_successor_tells_what_was_there() -> None:
    for length in range(len(WHOLE)):
        kept = sum(end <= length for end in ENDS)
        found = whole_tally(WHOLE[:length], NAME, successor())
        assert (found.events, found.records) == (7, kept)
        assert found.damaged == sum(events for _, events in EVENTS[kept:])
        assert by_cell(WHOLE[:length], successor()) == ALL


def test_without_a_successor_what_the_tail_held_does_not_show() -> None:
    assert whole_tally(WHOLE[: ENDS[0]], NAME).events == 2
    assert whole_tally(WHOLE[: ENDS[0]], NAME, successor("n-w0-1700000000000-00000006")).events == 2
    assert whole_tally(WHOLE[: ENDS[0]], NAME, b"rubbish").events == 2


def test_a_footer_gives_lost_frames_their_key() -> None:
    for bit in range((ENDS[0] + 8) * 8, (ENDS[0] + 40) * 8):
        assert by_cell(flipped(WHOLE, bit)) == ALL


def test_every_bit_of_a_segment_costs_its_record_alone_and_keeps_every_count() -> None:
    used = [byte for frame in frames(WHOLE) for byte in range(frame.offset, frame.after)]
    ends = [0, *ENDS]
    for bit in (byte * 8 + bit for byte in used for bit in range(8)):
        hurt = flipped(WHOLE, bit)
        found = list(scan(hurt))
        first = len(encode_head(Head("n", WORKER, 1_700_000_000_000, 7, OPENED)))
        starts = [first, *ENDS[:-1]]
        struck = [start <= bit // 8 < end for start, end in zip(starts, ends[1:], strict=True)]
        records = [one.events for one in found if isinstance(one, Record)]
        assert records == [events for (_, events), hit in zip(EVENTS, struck, strict=True) if not hit]
        assert by_cell(hurt, successor()) == ALL


@pytest.mark.parametrize("value", [0x00, 0xFF, 0xF5])
def test_any_byte_may_be_anything(value: int) -> None:
    for at in range(len(WHOLE)):
        hurt = WHOLE[:at] + bytes([value]) + WHOLE[at + 1 :]
        found = whole_tally(hurt, NAME, successor())
        assert found.records >= 2
        assert by_cell(hurt, successor()) == ALL


def test_what_was_written_but_never_acknowledged_is_no_damage() -> None:
    held = [Tally(1, OPENED_HOUR, 2)]
    found = whole_tally(UNSEALED, NAME, successor(held=held))
    assert (found.events, found.damaged) == (7, 0)


def test_damage_becomes_rows_that_keep_their_key_and_hour() -> None:
    head = encode_head(Head("n", WORKER, 1_700_000_000_000, 7, OPENED))
    body = batch([track("a"), track("b")])
    landing = convert(head + encode_record(record_head(1), body, 0, 2), NAME, after=successor())
    rows = pq.read_table(BytesIO(landing.parquet)).to_pylist()
    assert Counter((row["verdict"], row["key_no"]) for row in rows) == {
        ("ok", 1): 2,
        ("damaged", 1): 4,
        ("damaged", 2): 1,
    }
    counted = count_of(landing.parquet)
    assert landing.count.tally == counted.tally == HELD
    assert landing.count.damaged == counted.damaged == 5


def test_damage_beyond_what_is_stated_stays_unnamed() -> None:
    gap = Damage(0, 0, 0, 5, None, None)
    assert completed([gap], [Tally(3, OPENED_HOUR, 2)], OPENED) == [
        Damage(0, 0, 0, 2, 3, OPENED_HOUR),
        Damage(0, 0, 2, 3, None, None),
    ]
