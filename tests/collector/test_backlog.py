"""How much of the journal waits, since when, and how fast it drains."""

import os
from pathlib import Path

import pytest

from collector import backlog
from collector.backlog import BacklogReader, DrainRate


def put(journal: Path, name: str, size: int) -> Path:
    path = journal / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def test_the_backlog_is_what_the_folders_hold(tmp_path: Path) -> None:
    for name, size in (("w0/1-1.open", 5), ("w0/1-2.sealed", 7), ("w1/1-1.sealed", 1), ("w0/lock", 9)):
        put(tmp_path, name, size)
    os.utime(tmp_path / "w1/1-1.sealed", (1_000, 1_000))
    found = BacklogReader(tmp_path).read()
    assert found.segments == {"w0/1-1": 5, "w0/1-2": 7, "w1/1-1": 1}
    assert (found.size, found.oldest) == (13, 1_000_000)


def test_what_is_published_leaves_the_backlog(tmp_path: Path) -> None:
    reader = BacklogReader(tmp_path)
    sealed = put(tmp_path, "w0/1-1.sealed", 5)
    assert reader.read().size == 5
    sealed.unlink()
    assert (reader.read().size, reader.read().oldest) == (0, None)


def test_a_segment_being_written_grows_and_a_sealed_one_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, looked = BacklogReader(tmp_path), list[str]()
    real = backlog.size_and_age

    def look(path: str) -> tuple[int, int] | None:
        looked.append(path)
        return real(path)

    monkeypatch.setattr(backlog, "size_and_age", look)
    put(tmp_path, "w0/1-1.sealed", 5)
    put(tmp_path, "w0/1-2.open", 5)
    assert reader.read().size == 10
    looked.clear()
    put(tmp_path, "w0/1-2.open", 6)
    assert reader.read().size == 11
    assert looked == [str(tmp_path / "w0/1-2.open")]


def test_a_segment_that_was_open_and_is_sealed_has_its_last_size(tmp_path: Path) -> None:
    reader = BacklogReader(tmp_path)
    path = put(tmp_path, "w0/1-1.open", 5)
    reader.read()
    path.write_bytes(bytes(8))
    path.rename(path.with_suffix(".sealed"))
    assert reader.read().segments == {"w0/1-1": 8}


def test_a_steady_drain_is_measured_exactly() -> None:
    rate = DrainRate()
    for second in range(10):
        rate.look({f"{number}": 100 for number in range(2 * second, 100)}, float(second))
    assert rate.value == pytest.approx(200)


def test_nothing_that_drains_has_no_rate() -> None:
    rate = DrainRate()
    for second in range(10):
        rate.look({"a": 100}, float(second))
    assert rate.value == 0.0
