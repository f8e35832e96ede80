"""The segments that have not landed, looked at again and again while thousands wait."""

from pathlib import Path

import pytest

from tests.warehouse.test_load import put_segment
from warehouse.live import LiveSegment
from warehouse.unlanded import Unlanded

OPENED = 1_795_298_592_515_000


def test_a_sealed_segment_is_read_once_and_forgotten_when_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_segment(tmp_path, "n-w0", 7, OPENED)
    [path] = tmp_path.glob("*/*")
    sealed = path.rename(path.with_suffix(".sealed"))
    unlanded = Unlanded()
    [(key, opened)] = unlanded.look(tmp_path).items()
    assert (key.endswith(f"n-w0-{sealed.stem}.parquet"), opened) == (True, OPENED)
    monkeypatch.setattr(LiveSegment, "opened_at", lambda _: pytest.fail("read again"))
    assert unlanded.look(tmp_path) == {key: OPENED}
    sealed.unlink()
    assert unlanded.look(tmp_path) == {}


def test_a_segment_being_written_is_read_again(tmp_path: Path) -> None:
    put_segment(tmp_path, "n-w0", 7, OPENED)
    [path] = tmp_path.glob("*/*")
    whole = path.read_bytes()
    path = path.rename(path.with_suffix(".open"))
    path.write_bytes(b"")
    unlanded = Unlanded()
    [before] = unlanded.look(tmp_path).values()
    path.write_bytes(whole)
    assert before != OPENED
    assert list(unlanded.look(tmp_path).values()) == [OPENED]
