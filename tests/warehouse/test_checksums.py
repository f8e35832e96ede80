"""A flipped bit anywhere in a landing object is found before anything of it is believed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.collector.segments_made import RECEIVED, WORKER, batch, put_sealed, request, segment, track
from tests.warehouse.lakes import Site, event
from warehouse.check import check
from warehouse.checksums import is_whole
from warehouse.errors import ObjectDamaged
from warehouse.landed import read_object
from warehouse.landing import LocalStore
from warehouse.rows import convert, source_of
from warehouse.segments import segment_id

EPOCH = RECEIVED // 1000
SEGMENT = segment([(request(), batch([track("a", properties={"n": 1}), track("b")]), 2)])
LANDING = convert(SEGMENT, segment_id(WORKER, EPOCH, 1))


def flipped(data: bytes, bit: int) -> bytes:
    hurt = bytearray(data)
    hurt[bit // 8] ^= 1 << bit % 8
    return bytes(hurt)


def test_every_byte_is_under_the_checksum() -> None:
    assert is_whole(LANDING.parquet)
    key = LANDING.parquet.rindex(b"sojourn.checksum")
    for byte in range(len(LANDING.parquet)):
        if not key <= byte < key + len(b"sojourn.checksum") + 2:
            assert not is_whole(flipped(LANDING.parquet, byte * 8 + byte % 8)), byte


def test_an_object_cut_short_is_not_believed_either(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new(LANDING.key, LANDING.parquet[:-9])
    with pytest.raises(ObjectDamaged, match="cannot be read"):
        read_object(store, LANDING.key)


def test_what_another_program_wrote_is_taken_as_it_is() -> None:
    other = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1]}), other)
    assert is_whole(other.getvalue().to_pybytes())
    assert is_whole(b"")


def test_a_damaged_object_does_not_say_what_it_was_made_from() -> None:
    assert source_of(LANDING.parquet) == LANDING.source
    assert source_of(flipped(LANDING.parquet, 800)) is None


def test_a_damaged_object_is_named_and_left_out_and_the_others_are_loaded(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.land([event("good")])
    bad = flipped(LANDING.parquet, 8 * 600)
    site.store.put_new(LANDING.key, bad)
    with site.opened() as writer:
        report = writer.load()
        assert report.damaged_objects == (LANDING.key,)
        assert writer.lake.query("SELECT message_id FROM events") == [("good",)]
    [line] = check(site.settings, site.registry).damage
    assert LANDING.key in line
    site.store.replace(LANDING.key, LANDING.parquet)
    with site.opened() as writer:
        assert writer.load().stored == 2


def test_a_damaged_object_of_a_segment_that_is_still_there_is_put_again(tmp_path: Path) -> None:
    from collector.publish import land

    path = put_sealed(tmp_path / WORKER, f"{EPOCH:013d}-00000001", SEGMENT)
    store = LocalStore(tmp_path / "landing")
    store.put_new(LANDING.key, flipped(LANDING.parquet, 8 * 600))
    assert land(path, store).count.events == 2
    assert is_whole(store.get(LANDING.key))
