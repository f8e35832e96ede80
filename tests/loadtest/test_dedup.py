"""Three sendings of everything, small; and the figures tell when something is doubled or dropped."""

from pathlib import Path

import msgspec
import pytest

from loadtest import dedup as module
from loadtest.dedup import BATCH, TIMES, dedup, sendings
from warehouse.dedup import DedupIndex

DAY = 86_400_000_000


def quiet(line: str) -> None:
    pass


def test_every_batch_comes_three_times_within_seven_days_in_order() -> None:
    found = list(sendings(40, 0, 1))
    assert found == sorted(found)
    for batch in range(40):
        times = [sending.at for sending in found if sending.batch == batch]
        assert len(times) == TIMES
        assert times[-1] - times[0] <= 7 * DAY


def test_nothing_is_doubled_or_dropped_through_restarts(tmp_path: Path) -> None:
    result = dedup(8 * BATCH, (BATCH,), tmp_path, 3, quiet)
    assert result.held
    assert result.bytes_per_id <= 64
    assert set(result.load_cpu_s) == {str(BATCH)}
    assert not list(tmp_path.iterdir())


def test_an_index_that_forgets_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DedupIndex, "add", lambda index, stored, covered: setattr(index, "covered", covered))
    monkeypatch.setattr(module, "_rebuilds", lambda *_: True)
    result = dedup(8 * BATCH, (), tmp_path, 3, quiet)
    assert result.doubled > 0
    assert not result.held


@pytest.mark.parametrize("field", ["false_drops", "doubled"])
def test_a_single_one_is_too_many(field: str) -> None:
    good = module.DedupFigures(5, 15, 1, 5, 10, 0, 0, 1, 1, True, 32.0, {})
    assert good.held
    assert not msgspec.structs.replace(good, **{field: 1}).held
