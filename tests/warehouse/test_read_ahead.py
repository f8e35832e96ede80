"""Objects are read side by side and given in order; a store that goes away costs nothing that was read."""

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from tests.warehouse.lakes import Site, event
from warehouse import read_ahead
from warehouse.errors import StoreUnavailable
from warehouse.landing import LocalStore
from warehouse.load import load_new
from warehouse.read_ahead import AT_ONCE, ReadAhead

STORE = LocalStore("/nowhere")


def rows_of(number: int) -> pa.Table:
    return pa.table({"a": range(number)})


def test_some_are_read_side_by_side_and_all_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    company = threading.Barrier(AT_ONCE)

    def read(_: object, key: str) -> pa.Table:
        company.wait(timeout=30)
        return rows_of(int(key))

    monkeypatch.setattr(read_ahead, "read_object", read)
    keys = [str(number) for number in range(1, 2 * AT_ONCE + 1)]
    found = [(key, rows.result().num_rows) for key, rows in ReadAhead(STORE, keys, 10**6).each()]
    assert found == [(key, int(key)) for key in keys]


def test_little_more_is_read_than_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def read(_: object, key: str) -> pa.Table:
        asked.append(key)
        return rows_of(10)

    monkeypatch.setattr(read_ahead, "read_object", read)
    reading = ReadAhead(STORE, [str(number) for number in range(100)], 60).each()
    taken = [next(reading) for _ in range(6)]
    reading.close()
    assert [key for key, _ in taken] == [str(number) for number in range(6)]
    assert len(asked) <= 6 + AT_ONCE - 1


def test_what_was_read_before_the_store_went_away_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path)
    keys = [site.land([event(name)]) for name in "abc"]
    real = site.store.get

    def get(key: str) -> bytes:
        if key == keys[2]:
            raise StoreUnavailable("the store is away")
        return real(key)

    monkeypatch.setattr(site.store, "get", get)
    with site.writer() as lake:
        report = load_new(lake, site.store, site.dedup(lake), limit=9, now=site.now)
        assert (report.objects, report.waiting) == (2, 1)
        with pytest.raises(StoreUnavailable):
            load_new(lake, site.store, site.dedup(lake), limit=9, now=site.now)
        monkeypatch.undo()
        assert load_new(lake, site.store, site.dedup(lake), limit=9, now=site.now).objects == 1
