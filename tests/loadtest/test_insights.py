"""The questions of the measuring command find somebody in a small shop, and are timed."""

import sys
from pathlib import Path
from typing import Any

import pytest

from loadtest import clickhouse
from loadtest.errors import ProgramFailed
from loadtest.insights import QUESTIONS, asked, insights
from loadtest.questions import Took
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
    assert found.rollup_p95_ms is not None
    assert found.rollup_p95_ms > 0
    assert found.chdb is not None
    assert {f"{name}_s" for name in QUESTIONS} < set(found.chdb)
    assert found.chdb["cpu_s"].keys() == set(QUESTIONS)  # type: ignore[union-attr]
    assert all(seconds > 0 for name, seconds in found.chdb.items() if name != "cpu_s")  # type: ignore[operator]
    assert sum("chdb took" in line for line in said) == len(QUESTIONS)


@pytest.fixture
def one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the trend, and no roll-up."""
    module = sys.modules["loadtest.insights"]
    monkeypatch.setattr(module, "QUESTIONS", {"trend": QUESTIONS["trend"]})
    monkeypatch.setattr(module, "Insights", lambda **figures: figures)
    monkeypatch.setattr(module, "_rollup", lambda *_: None)


@pytest.mark.usefixtures("one_question")
def test_without_chdb_it_is_null_and_said_so(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clickhouse, "available", lambda: False)
    said: list[str] = []
    found: Any = insights(0, 1, shop, lambda: NOON, said.append)
    assert found["chdb"] is None
    assert said[0].startswith("insights: chdb is null: it is not installed")


@pytest.mark.usefixtures("one_question")
def test_another_answer_of_chdb_is_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clickhouse, "asked", lambda *_: Took(1.0, 1.0, 1.0, 1))
    with pytest.raises(ProgramFailed, match="in chdb's"):
        insights(0, 1, shop, lambda: NOON, lambda _: None)


def test_an_answer_about_nobody_is_none(shop: Path) -> None:
    with pytest.raises(ProgramFailed, match="nobody"):
        asked(shop, "trend", {"where": ["country = nowhere"]}, NOON)
    with pytest.raises(ProgramFailed, match="is no time"):
        asked(shop, "trend", {"since": "x"}, NOON)
