"""What a step of the writer's loop does about errors."""

from collections.abc import Mapping

import duckdb
import pytest

from sdk_contract.errors import SojournError, Terminal, Transient
from sessionizer.steps import LONGEST_PAUSE, TERMINAL_PAUSE, Step


class World:
    """A clock that stands still, a log, and a step whose next outcomes are given."""

    def __init__(self, *outcomes: bool | Exception) -> None:
        self.clock, self.lines, self.outcomes = 0, list[tuple[str, str]](), list(outcomes)
        self.step = Step("load", self._act, self._report, lambda: self.clock)

    def _act(self) -> bool:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _report(self, level: str, event: str, fields: Mapping[str, object]) -> None:
        self.lines.append((level, event))


def test_what_was_done_is_passed_on() -> None:
    world = World(True, False)
    assert [world.step.attempt(), world.step.attempt()] == [True, False]
    assert world.lines == []


def test_a_transient_error_is_tried_again_with_a_growing_pause() -> None:
    world = World(*[Transient("busy")] * 12, True)
    pauses = []
    while len(world.outcomes) > 1:
        assert not world.step.attempt()
        assert world.step.trouble
        pauses.append(world.step.trouble.again_at - world.clock)
        assert not world.step.attempt()
        world.clock = world.step.trouble.again_at
    assert pauses[:3] == [500_000, 1_000_000, 2_000_000]
    assert pauses[-1] == LONGEST_PAUSE
    assert world.lines == [("warning", "step failed")]
    assert world.step.attempt()
    assert world.step.trouble is None
    assert world.lines[1:] == [("info", "step works again")]


def test_a_terminal_error_is_logged_once_and_looked_at_again_later() -> None:
    world = World(Terminal("no such bucket"), Terminal("no such bucket"), Terminal("no rights"))
    for _ in range(3):
        world.step.attempt()
        world.clock += TERMINAL_PAUSE
    assert world.lines == [("error", "step failed")] * 2
    assert world.step.trouble
    assert (world.step.trouble.error, world.step.trouble.transient) == ("no rights", False)
    assert world.step.trouble.since == 2 * TERMINAL_PAUSE


@pytest.mark.parametrize(
    ("error", "transient"),
    [(duckdb.IOException("no space left"), True), (SojournError("something"), False)],
)
def test_which_errors_can_pass(error: Exception, transient: bool) -> None:
    world = World(error)
    world.step.attempt()
    assert world.step.trouble
    assert world.step.trouble.transient is transient


def test_breaking_off_is_no_trouble() -> None:
    world = World(duckdb.InterruptException("INTERRUPT"))
    assert not world.step.attempt()
    assert world.step.trouble is None


def test_a_fault_of_ours_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        World(ZeroDivisionError()).step.attempt()
