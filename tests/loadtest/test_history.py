"""The past that is written by SQL is landing as documented, and of the same devices as the traffic."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

from loadtest import history
from loadtest.history import Past, copy_data, in_schema, write_past
from loadtest.people import anonymous_id
from warehouse.landing import SCHEMA, LocalStore, segment_of
from warehouse.registry import Registry

END = 1_795_300_000_000_000


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> Past:
    monkeypatch.setattr(history, "OBJECT_ROWS", 3_000)
    return Past(8_192, END, seed=5, devices=40)


def test_rows_are_whole_and_in_the_schema(past: Past, tmp_path: Path) -> None:
    said: list[str] = []
    write_past(tmp_path, past, said.append)
    objects = [found.key for found in LocalStore(tmp_path / "landing").list()]
    tables = [ds.dataset(tmp_path / "landing" / key).to_table() for key in objects]
    assert len(objects) == 3
    assert all(table.schema.equals(SCHEMA) for table in tables)
    rows = pa.concat_tables(tables)
    assert len(set(rows["message_id"].to_pylist())) == len(rows) == past.rows
    assert set(rows["anonymous_id"].to_pylist()) == {anonymous_id(5, person, 0) for person in range(40)}
    visits = pc.value_counts(rows["anonymous_id"]).to_pylist()
    assert all(device["counts"] % 8 == 0 for device in visits)
    assert rows["received_at"][0].value >= past.start
    assert rows["received_at"][-1].value < END
    assert {segment_of(key) for key in objects} == set(rows["segment_id"].to_pylist())


def test_the_books_know_of_it(past: Past, tmp_path: Path) -> None:
    key = write_past(tmp_path, past, lambda _: None)
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: END)
    received = registry.received()
    registry.close()
    assert {key_no for key_no, _, _ in received} == {key.no}
    assert sum(events for _, _, events in received) == past.rows
    assert {hour for _, hour, _ in received} == set(
        range(past.start // 3_600_000_000, END // 3_600_000_000 + 1)
    )


def test_columns_that_are_missing_are_null() -> None:
    table = in_schema(
        pa.table({name: pa.array([_value(name)], SCHEMA.field(name).type) for name in _required()})
    )
    assert table.schema.equals(SCHEMA)
    assert table["raw"].to_pylist() == [None]


def _required() -> list[str]:
    return [field.name for field in SCHEMA if not field.nullable]


def _value(name: str) -> object:
    return "x" if pa.types.is_string(SCHEMA.field(name).type) else 0


def test_a_copy_links_what_never_changes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.parquet").write_bytes(b"rows")
    (source / "catalog.sqlite").write_bytes(b"old")
    copy_data(source, tmp_path / "copy")
    (tmp_path / "copy" / "catalog.sqlite").write_bytes(b"new")
    assert (source / "catalog.sqlite").read_bytes() == b"old"
    assert (source / "a.parquet").samefile(tmp_path / "copy" / "a.parquet")
