"""Questions that are answered by bits over many events, and by their statements over few, asked both ways."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.warehouse.insights.asked_lake import NOW
from warehouse.insights import activity, marking
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.question import Question
from warehouse.lake import Lake


@pytest.fixture
def by_bits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """However few events there are, they are counted by bits. Of what: Hours of the roll-up, or Events."""
    done: list[str] = []

    def counting(*args: Any, rolled: bool) -> Any:
        done.append("Hours" if rolled else "Events")
        return found(*args, rolled=rolled)

    found = marking.marked
    monkeypatch.setattr(marking, "marked", counting)
    monkeypatch.setattr(activity, "MANY", 0)
    return done


@pytest.fixture
def by_statement(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lake, Question], Any]:
    def answer(lake: Lake, question: Question) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(activity, "MANY", 1 << 60)
            return INSIGHTS[type(question).__name__.lower()].ask(lake, question, NOW)

    return answer
