"""Locks and rights in the data folder."""

import os
from pathlib import Path

import pytest

from collector.errors import CannotStart
from collector.folder import held, is_held, make_writable, wait_released


def test_a_lock_names_folder_and_holder(tmp_path: Path) -> None:
    lock = tmp_path / "up.lock"
    with held(lock, "sojourn up"):
        assert is_held(lock)
        wanted = f"sojourn up runs already on {tmp_path} \\(pid {os.getpid()}\\)"
        with pytest.raises(CannotStart, match=wanted), held(lock, "sojourn up"):
            pass
    assert not is_held(lock)
    with held(lock, "sojourn up"):
        pass


def test_a_lock_in_the_journal_names_the_data_folder(tmp_path: Path) -> None:
    lock = tmp_path / "journal" / "collect.lock"
    lock.parent.mkdir()
    with held(lock, "x"), pytest.raises(CannotStart, match=f"on {tmp_path} "), held(lock, "x"):
        pass


def test_waiting_ends_when_the_lock_is_free(tmp_path: Path) -> None:
    lock, times = tmp_path / "lock", []
    taken = held(lock, "x")
    taken.__enter__()

    def sleep(seconds: float) -> None:
        times.append(seconds)
        if len(times) == 3:
            taken.__exit__(None, None, None)

    assert wait_released([lock, tmp_path / "none"], 10, lambda: 0.0, sleep)
    assert len(times) == 3


def test_waiting_gives_up(tmp_path: Path) -> None:
    clock = iter([0.0, 1.0, 2.1])
    with held(tmp_path / "lock", "x"):
        assert not wait_released([tmp_path / "lock"], 2, lambda: next(clock), lambda _: None)


def test_a_folder_is_made(tmp_path: Path) -> None:
    make_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match=f"{tmp_path}/file/data cannot be written: Not a directory"):
        make_writable(tmp_path / "file" / "data")
