"""The smallest whole form of `catalog`, and what its figures mean."""

from pathlib import Path

import msgspec
import pytest

from loadtest.catalog import Catalogs, Trial, catalogs, refused
from loadtest.cli import now_us
from tests.warehouse.lakes import Site
from warehouse.writer import open_writer

HELD = Trial({"kill": 1}, 10, 0, 0, 0, True, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"missing": 1},
        {"doubled": 1},
        {"difference": 1},
        {"acked": 0},
        {"second_refused": False},
        {"writer_starts": 2},
    ],
)
def test_a_trial_holds_only_where_everything_does(change: dict[str, int]) -> None:
    other = msgspec.structs.replace(HELD, **change)
    assert Catalogs({}, HELD, HELD).held
    assert not Catalogs({}, HELD, other).held
    assert not Catalogs({}, other, HELD).held


def test_a_second_writer_is_refused_for_the_first_and_for_nothing_else(tmp_path: Path) -> None:
    site = Site(tmp_path)
    lines: list[str] = []
    variables = {"SOJOURN_DATA": site.settings.data}
    with open_writer(site.settings, site.registry, now=site.now):
        assert refused(variables, lines.append), lines
    assert not refused({**variables, "SOJOURN_LOAD_ROWS": "many"}, lines.append)
    assert "SOJOURN_LOAD_ROWS" in lines[-1]


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(400)
def test_a_lock_and_a_restart_lose_nothing() -> None:
    lines: list[str] = []
    found, charts = catalogs(1, 0.5, 1.0, 100.0, 3, now_us, lines.append)
    assert found.held, lines
    assert sum(found.postgres.faults.values()) == 1
    assert set(found.commit) == {"sqlite", "postgres"}
    assert len(charts) == 2
