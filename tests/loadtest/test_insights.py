"""The questions of the measuring command find somebody in a small shop, and are timed."""

from pathlib import Path

import pytest

from loadtest.errors import ProgramFailed
from loadtest.insights import QUESTIONS, asked, insights
from tests.warehouse.insights.shop import stitched_shop
from tests.warehouse.lakes import NOON


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stitched_shop(tmp_path_factory.mktemp("shop"))


def test_figures_of_every_question(shop: Path) -> None:
    said: list[str] = []
    found = insights(0, 1, shop, lambda: NOON, said.append)
    assert found.events > 500
    assert set(found.cpu_s) == set(QUESTIONS)
    assert all(seconds > 0 for seconds in found.cpu_s.values())
    assert found.peak_mb > 50
    assert len(said) == len(QUESTIONS)


def test_an_answer_about_nobody_is_none(shop: Path) -> None:
    with pytest.raises(ProgramFailed, match="nobody"):
        asked(shop, "trend", {"where": ["country = nowhere"]}, NOON)
    with pytest.raises(ProgramFailed, match="is no time"):
        asked(shop, "trend", {"since": "x"}, NOON)
